import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Alert } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { stampOf, TimeStamp } from '../parts/clock.tsx';
import { BackLink, isMissing, UnfoundPage } from '../parts/found.tsx';
import { Labels } from '../parts/labels.tsx';
import { Page } from '../parts/page.tsx';
import { PushesOf } from '../parts/pushes-of.tsx';
import { choice } from '../parts/search-params.ts';
import { Progress, Severity } from '../parts/severity.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { WrittenText } from '../parts/written-text.tsx';
import { AlertActions } from './alert-actions.tsx';
import { AlertEvents } from './alert-events.tsx';
import '../parts/object-page.css';

const params = { tab: choice(['timeline', 'events', 'pushes'], 'timeline') };

export function AlertPage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[0-9a-f]{24}$/i.test(id);
  const found = useRead(
    '/alert/info',
    { alert_id: id },
    {
      enabled: sound,
      live: { topics: ['alert'], wants: (hint) => hint.data['alert_id'] === id.toLowerCase() },
      // A report that changes nothing of it is no event, and counts.
      poll: true,
    },
  );
  if (found.data !== undefined && !isMissing(found.error)) return <OneAlert alert={found.data} />;
  return (
    <UnfoundPage
      title={t('frame.alerts')}
      back={<BackLink to="/alert">{t('frame.alerts')}</BackLink>}
      gone={t('incidents.gone')}
      malformed={!sound}
      found={found}
    />
  );
}

function OneAlert({ alert }: { readonly alert: Alert }): ReactNode {
  const t = useTranslations('incidents');
  const frame = useTranslations('frame');
  const mayAct = useMay('responder');
  const filters = useFilters(params);
  return (
    <Page
      title={alert.title}
      back={<BackLink to="/alert">{frame('alerts')}</BackLink>}
      below={
        <>
          <Severity value={alert.alert_status} />
          {alert.progress === 'Closed' ? <Progress value="Closed" /> : <span>{t('actives.active')}</span>}
          <span>{t.rich('lastEvent', { when: stampOf(alert.last_time * 1000) })}</span>
          <span>{alert.channel_name === '' ? t('noChannel') : alert.channel_name}</span>
          <span>{alert.integration_name}</span>
        </>
      }
      actions={mayAct ? <AlertActions alert={alert} /> : undefined}
    >
      <div className="object-page">
        <div className="object-main">
          <Tabs
            label={t('alertTabsLabel')}
            value={filters.values.tab}
            onChange={(tab) => filters.set({ tab })}
            tabs={[
              {
                value: 'timeline',
                label: t('timeline'),
                content: <Timeline subject={{ alert_id: alert.alert_id }} since={alert.created_at} />,
              },
              {
                value: 'events',
                label: t('eventCount', { count: alert.event_cnt }),
                content: <AlertEvents alertId={alert.alert_id} />,
              },
              {
                value: 'pushes',
                label: t('pushes'),
                content: <PushesOf objectId={alert.alert_id} since={alert.created_at} />,
              },
            ]}
          />
        </div>
        <div className="panel object-side">
          <section className="panel-part">
            <Facts alert={alert} />
          </section>
          <section className="panel-part">
            <h2>{t('labels')}</h2>
            <Labels labels={alert.labels} listAt="/incident" />
          </section>
          <section className="panel-part">
            <h2>{t('description')}</h2>
            <WrittenText text={alert.description} />
          </section>
        </div>
      </div>
    </Page>
  );
}

function Facts({ alert }: { readonly alert: Alert }): ReactNode {
  const t = useTranslations('incidents');
  const { incident } = alert;
  return (
    <dl className="facts">
      {incident === undefined ? null : (
        <>
          <dt>{t('incident')}</dt>
          <dd>
            <Link to={`/incident/detail/${incident.incident_id}`}>{incident.title}</Link>
          </dd>
        </>
      )}
      <dt>{t('source')}</dt>
      <dd>{alert.integration_name}</dd>
      <dt>{t('key')}</dt>
      <dd className="mono">{alert.alert_key}</dd>
      <dt>{t('first')}</dt>
      <dd>
        <TimeStamp ms={alert.start_time * 1000} />
      </dd>
      <dt>{t('last')}</dt>
      <dd>
        <TimeStamp ms={alert.last_time * 1000} />
      </dd>
      {alert.end_time === 0 ? null : (
        <>
          <dt>{t('ended')}</dt>
          <dd>
            <TimeStamp ms={alert.end_time * 1000} />
          </dd>
        </>
      )}
      {alert.close_time === 0 ? null : (
        <>
          <dt>{t('closedAt')}</dt>
          <dd>
            <TimeStamp ms={alert.close_time * 1000} />
          </dd>
        </>
      )}
    </dl>
  );
}
