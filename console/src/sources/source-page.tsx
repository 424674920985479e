import { useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration, Path } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { clockOf, stampOf } from '../parts/clock.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { EventList } from '../parts/event-list.tsx';
import { BackLink, isMissing, UnfoundPage } from '../parts/found.tsx';
import { Page } from '../parts/page.tsx';
import { SourceSamples } from '../parts/source-samples.tsx';
import { Failed, Loading, Refused } from '../parts/states.tsx';
import { TestAlert } from '../parts/test-alert.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { RouteEditor } from './route-editor.tsx';
import { pathOf, testBodyOf } from '../parts/source-snippets.ts';
import { SourceState } from './source-list-page.tsx';
import { SourceSettings } from './source-settings.tsx';
import { useTypeName } from '../parts/source-type-name.ts';
import '../parts/object-page.css';

export const sourceReads: readonly Path[] = ['/integration/list', '/integration/info'];

export function SourcePage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[1-9]\d{0,14}$/.test(id);
  const found = useRead('/integration/info', { integration_id: Number(id) }, { enabled: sound, poll: true });
  if (found.data !== undefined && !isMissing(found.error)) return <OneSource source={found.data} />;
  return (
    <UnfoundPage title={t('frame.sources')} back={<Back />} gone={t('sources.gone')} malformed={!sound} found={found} />
  );
}

function Back(): ReactNode {
  const t = useTranslations('frame');
  return <BackLink to="/integration-center/source">{t('sources')}</BackLink>;
}

function OneSource({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  const mayEdit = useMay('admin');
  const typeName = useTypeName();
  return (
    <Page
      title={source.name}
      back={<Back />}
      below={
        <>
          <span>{typeName(source.type)}</span>
          <span>{source.channel_id === 0 ? t('byRoutes') : source.channel_name}</span>
          <SourceState source={source} />
          <span>
            {source.last_event_at === 0
              ? t('neverSent')
              : t.rich('lastAt', { when: stampOf(source.last_event_at * 1000) })}
          </span>
        </>
      }
      actions={mayEdit ? <SourceSwitches source={source} /> : undefined}
    >
      <div className="object-page">
        <div className="object-main">
          <Connect source={source} />
          <RecentEvents source={source} />
          {source.channel_id === 0 ? <RouteEditor source={source} /> : null}
        </div>
        <SourceSettings source={source} />
      </div>
    </Page>
  );
}

function Connect({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  const mayEdit = useMay('admin');
  const [now] = useState(() => Date.now());
  const body = testBodyOf(source.type, t('testTitle'), now);
  const { last_error: error } = source;
  return (
    <section className="panel panel-part" aria-labelledby="source-connect">
      <h2 id="source-connect">{t('connect')}</h2>
      <div>
        <span className="field-label">{t('url')}</span>
        <div className="push-url">
          <code>{source.push_url}</code>
          {mayEdit ? <CopyButton text={source.push_url} /> : null}
        </div>
        <p className="field-hint">{mayEdit ? t('urlHint') : t('urlMasked')}</p>
        {source.old_key_expires_at === 0 ? null : (
          <p className="muted">{t.rich('key.old', { when: clockOf(source.old_key_expires_at * 1000) })}</p>
        )}
      </div>
      {mayEdit ? <SourceSamples type={source.type} pushUrl={source.push_url} now={now} /> : null}
      {error === null ? null : (
        <p className="warned">
          {t.rich('lastError', {
            when: stampOf(error.at * 1000),
            status: String(error.status),
            message: error.message,
          })}
        </p>
      )}
      {source.truncated_alerts === 0 ? null : (
        <p className="warned">{t('truncated', { count: source.truncated_alerts })}</p>
      )}
      {mayEdit && body !== undefined && source.status === 'enabled' ? (
        <div className="form-actions">
          <TestAlert path={pathOf(source.push_url)} body={body} />
        </div>
      ) : null}
    </section>
  );
}

const eventsShown = 20;

function RecentEvents({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  const events = useRead(
    '/alert-event/list',
    { integration_ids: [source.integration_id], limit: eventsShown },
    { live: { topics: ['alert'] }, poll: true },
  );
  return (
    <section className="panel panel-part" aria-labelledby="source-events">
      <h2 id="source-events">
        {t('recent')}{' '}
        {events.data === undefined ? null : <span className="muted">{t('inADay', { count: events.data.total })}</span>}
      </h2>
      {events.error === null ? null : <Failed error={events.error} onRetry={() => void events.refetch()} />}
      {events.isPending ? <Loading rows={3} /> : null}
      {events.data?.items.length === 0 ? <p className="muted">{t('noEvents')}</p> : null}
      {events.data === undefined || events.data.items.length === 0 ? null : (
        <EventList events={events.data.items} withAlert />
      )}
    </section>
  );
}

function SourceSwitches({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources');
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [rotating, setRotating] = useState(false);
  const update = useWrite('/integration/update', { changes: sourceReads });
  const remove = useWrite('/integration/delete', {
    changes: ['/integration/list'],
    onDone: () => void navigate({ to: '/integration-center/source' }),
  });
  const id = source.integration_id;
  const next = source.status === 'enabled' ? 'disabled' : 'enabled';
  return (
    <>
      <Button busy={update.isPending} onClick={() => update.mutate({ integration_id: id, status: next })}>
        {next === 'disabled' ? t('disable') : t('enable')}
      </Button>
      <Button icon="key" onClick={() => setRotating(true)}>
        {t('key.rotate')}
      </Button>
      <Button look="danger" onClick={() => setAsking(true)}>
        {t('delete')}
      </Button>
      <Refused error={update.error} />
      {rotating ? <KeyDialog source={source} onClose={() => setRotating(false)} /> : null}
      {asking ? (
        <Confirm
          title={t('deleteTitle', { name: source.name })}
          verb={t('delete')}
          name={source.name}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ integration_id: id })}
          onClose={() => setAsking(false)}
        >
          <p>{t('deleteWhy')}</p>
        </Confirm>
      ) : null}
    </>
  );
}
