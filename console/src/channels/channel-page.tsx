import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Channel, Path } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { BackLink, isMissing, UnfoundPage } from '../parts/found.tsx';
import { Page } from '../parts/page.tsx';
import { choice } from '../parts/search-params.ts';
import { Failed, Loading, Refused } from '../parts/states.tsx';
import { useTypeName } from '../parts/source-type-name.ts';
import { Tabs } from '../parts/tabs.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ChannelSettings } from './channel-settings.tsx';
import { Escalation } from './escalation.tsx';
import { Grouping } from './grouping.tsx';
import { Noise } from './noise.tsx';
import '../parts/object-page.css';
import './channels.css';

const tabs = ['rules', 'escalation', 'noise', 'sources', 'webhooks', 'settings'] as const;
const params = { tab: choice(tabs, 'rules') };
const channelReads: readonly Path[] = ['/channel/list', '/channel/info'];

export function ChannelPage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[1-9]\d{0,14}$/.test(id);
  const found = useRead('/channel/info', { channel_id: Number(id) }, { enabled: sound, poll: true });
  if (found.data !== undefined && !isMissing(found.error)) return <OneChannel channel={found.data} />;
  return (
    <UnfoundPage
      title={t('frame.channels')}
      back={<BackLink to="/channel">{t('frame.channels')}</BackLink>}
      gone={t('channels.gone')}
      malformed={!sound}
      found={found}
    />
  );
}

function OneChannel({ channel }: { readonly channel: Channel }): ReactNode {
  const t = useTranslations('channels');
  const frame = useTranslations('frame');
  const mayEdit = useMay('admin');
  const filters = useFilters(params);
  const { Triggered = 0, Processing = 0 } = channel.progress_to_incident_cnts ?? {};
  const contents: Readonly<Record<(typeof tabs)[number], ReactNode>> = {
    rules: <Grouping channel={channel} />,
    escalation: <Escalation channelId={channel.channel_id} />,
    noise: <Noise channelId={channel.channel_id} />,
    sources: <Sources channelId={channel.channel_id} />,
    webhooks: <Webhooks channelId={channel.channel_id} />,
    settings: <ChannelSettings channel={channel} />,
  };
  return (
    <Page
      title={channel.channel_name}
      back={<BackLink to="/channel">{frame('channels')}</BackLink>}
      below={
        <>
          {channel.status === 'disabled' ? <span>{t('disabled')}</span> : null}
          <Link to="/incident" search={{ channel: String(channel.channel_id) }}>
            {t('openCount', { count: Triggered + Processing })}
          </Link>
          {channel.description === '' ? null : <span>{channel.description}</span>}
        </>
      }
      actions={mayEdit ? <ChannelSwitches channel={channel} /> : undefined}
    >
      <Tabs
        label={t('tabsLabel')}
        value={filters.values.tab}
        onChange={(tab) => filters.set({ tab })}
        tabs={tabs.map((value) => ({ value, label: t(`tab.${value}`), content: contents[value] }))}
      />
    </Page>
  );
}

function ChannelSwitches({ channel }: { readonly channel: Channel }): ReactNode {
  const t = useTranslations('channels');
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const enable = useWrite('/channel/enable', { changes: channelReads });
  const disable = useWrite('/channel/disable', { changes: channelReads });
  const remove = useWrite('/channel/delete', {
    changes: ['/channel/list'],
    onDone: () => void navigate({ to: '/channel' }),
  });
  const ref = { channel_id: channel.channel_id };
  const turn = channel.status === 'disabled' ? enable : disable;
  return (
    <>
      <Button busy={turn.isPending} onClick={() => turn.mutate(ref)}>
        {channel.status === 'disabled' ? t('enable') : t('disable')}
      </Button>
      <Button look="danger" onClick={() => setAsking(true)}>
        {t('delete')}
      </Button>
      <Refused error={enable.error ?? disable.error} />
      {asking ? (
        <Confirm
          title={t('deleteTitle', { name: channel.channel_name })}
          verb={t('delete')}
          name={channel.channel_name}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(ref)}
          onClose={() => setAsking(false)}
        >
          <p>{t('deleteWhy')}</p>
        </Confirm>
      ) : null}
    </>
  );
}

function Sources({ channelId }: { readonly channelId: number }): ReactNode {
  const t = useTranslations('channels');
  const mayEdit = useMay('admin');
  const typeName = useTypeName();
  const list = useRead('/integration/list', { channel_id: channelId, limit: 100 }, { poll: true });
  return (
    <div className="rule-section">
      {mayEdit ? (
        <div>
          <ButtonLink icon="plus" to="/integration-center/source/new" search={{ channel: String(channelId) }}>
            {t('addSource')}
          </ButtonLink>
        </div>
      ) : null}
      {list.error === null ? null : <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <Loading rows={2} /> : null}
      {list.data?.items.length === 0 ? <p className="muted">{t('noSources')}</p> : null}
      <Names
        items={(list.data?.items ?? []).map((one) => ({
          id: one.integration_id,
          name: one.name,
          to: `/integration-center/source/${one.integration_id}`,
          note: typeName(one.type),
        }))}
      />
    </div>
  );
}

function Webhooks({ channelId }: { readonly channelId: number }): ReactNode {
  const t = useTranslations('channels');
  const list = useRead('/webhook/list', { limit: 100 }, { poll: true });
  const items = (list.data?.items ?? []).filter(
    (one) => one.channel_ids.length === 0 || one.channel_ids.includes(channelId),
  );
  return (
    <div className="rule-section">
      {list.error === null ? null : <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <Loading rows={2} /> : null}
      {list.data !== undefined && items.length === 0 ? <p className="muted">{t('noWebhooks')}</p> : null}
      <Names
        items={items.map((one) => ({
          id: one.integration_id,
          name: one.name,
          to: `/integration-center/${one.type === 'custom_action' ? 'action' : 'webhook'}/${one.integration_id}`,
          note: one.channel_ids.length === 0 ? t('ofAllChannels') : t('ofThis'),
        }))}
      />
    </div>
  );
}

interface Named {
  readonly id: number;
  readonly name: string;
  readonly to: string;
  readonly note: string;
}

function Names({ items }: { readonly items: readonly Named[] }): ReactNode {
  if (items.length === 0) return null;
  return (
    <ul className="object-list">
      {items.map((one) => (
        <li key={one.id} className="object-line object-line-plain">
          <span className="object-line-name">
            <Link to={one.to}>{one.name}</Link>
          </span>
          <span className="muted">{one.note}</span>
        </li>
      ))}
    </ul>
  );
}
