import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { useMay, useSession } from '../api/session.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Page } from '../parts/page.tsx';
import { NotAllowed } from '../parts/states.tsx';
import { ArrivalStep } from './arrival-step.tsx';
import { ChannelStep } from './channel-step.tsx';
import { Happenings } from './happenings.tsx';
import { SourceStep } from './source-step.tsx';
import { Step } from './step.tsx';
import { WebhookStep } from './webhook-step.tsx';
import './guide.css';

/** From nothing to the first push. Steps are the real objects, so one that is done elsewhere ticks as well. */
export function GuidePage(): ReactNode {
  const t = useTranslations('firstRun');
  const isAdmin = useMay('admin');
  return (
    <Page
      title={t('title')}
      actions={
        <ButtonLink look="quiet" to="/incident">
          {t('leave')}
        </ButtonLink>
      }
    >
      {isAdmin ? <Guide /> : <NotAllowed needed="admin" />}
    </Page>
  );
}

function Guide(): ReactNode {
  const t = useTranslations('firstRun');
  const { person } = useSession();
  const live = { topics: ['alert', 'incident', 'delivery'] as const, everyMs: 1000 };
  const session = useRead('/session/info', {}, { live, poll: true });
  const channels = useRead('/channel/list', { limit: 1 }, { poll: true });
  const sources = useRead('/integration/list', { limit: 1 }, { live, poll: true });
  const webhooks = useRead('/webhook/list', { limit: 1 }, { live, poll: true });
  const channel = channels.data?.items[0];
  const source = sources.data?.items[0];
  const webhook = webhooks.data?.items[0];
  const pushed = session.data?.setup.pushed ?? false;
  const sent = (source?.last_event_at ?? 0) > 0;
  const [secret, setSecret] = useState('');
  const at = channel === undefined ? 2 : source === undefined || !sent ? 3 : webhook === undefined ? 4 : 5;
  return (
    <div className="guide">
      <ol className="guide-steps">
        <Step number={1} title={t('you')} done current={false} note={person.person_name} />
        <Step
          number={2}
          title={t('channel')}
          done={channel !== undefined}
          current={at === 2}
          note={channel?.channel_name}
          to={channel === undefined ? undefined : `/channel/${channel.channel_id}`}
        >
          {channel === undefined ? <ChannelStep /> : null}
        </Step>
        <Step
          number={3}
          title={t('source')}
          done={source !== undefined && sent}
          current={at === 3}
          note={source?.name}
          to={source === undefined ? undefined : `/integration-center/source/${source.integration_id}`}
        >
          {channel === undefined || sent ? null : <SourceStep source={source} channelId={channel.channel_id} />}
        </Step>
        <Step
          number={4}
          title={t('webhook')}
          done={webhook !== undefined}
          current={at === 4}
          note={webhook?.name}
          to={webhook === undefined ? undefined : `/integration-center/webhook/${webhook.integration_id}`}
        >
          {webhook === undefined && source !== undefined ? <WebhookStep onMade={setSecret} /> : null}
        </Step>
        <Step number={5} title={t('arrive')} done={pushed} current={at === 5}>
          {webhook === undefined || source === undefined ? null : (
            <ArrivalStep source={source} webhook={webhook} secret={secret} pushed={pushed} />
          )}
        </Step>
      </ol>
      <Happenings />
    </div>
  );
}
