import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { TimeStamp } from '../parts/clock.tsx';
import { Severity } from '../parts/severity.tsx';
import { Failed, Loading } from '../parts/states.tsx';

const alertsMax = 1000;

export function AlertsOf({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const alerts = useRead(
    '/incident/alert/list',
    { incident_id: incident.incident_id, limit: alertsMax },
    { live: { topics: ['alert', 'incident'] }, poll: true },
  );
  if (alerts.error !== null) return <Failed error={alerts.error} onRetry={() => void alerts.refetch()} />;
  if (alerts.data === undefined) return <Loading />;
  if (alerts.data.items.length === 0) return <p className="muted">{t('alertsNone')}</p>;
  return (
    <ul className="object-list">
      {alerts.data.items.map((alert) => (
        <li key={alert.alert_id} className="object-line">
          <Severity value={alert.alert_status} />
          <span className="object-line-name">
            <Link to={`/alert/detail/${alert.alert_id}`}>{alert.title}</Link>
            <span className="muted">
              {alert.integration_name} · {t('eventCount', { count: alert.event_cnt })}
            </span>
          </span>
          <span className="muted">
            <TimeStamp ms={alert.last_time * 1000} />
          </span>
        </li>
      ))}
    </ul>
  );
}
