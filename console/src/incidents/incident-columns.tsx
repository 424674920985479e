import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { TimeStamp, useTimeStyle } from '../parts/clock.tsx';
import type { Column } from '../parts/data-list.tsx';
import { Icon } from '../parts/icons.tsx';
import { PushCounts } from '../parts/push-counts.tsx';
import { Progress, Severity } from '../parts/severity.tsx';
import { showDuration } from '../time/show.ts';
import { useGrowth } from './growth.ts';
import { isSnoozed } from './incident-rules.ts';
import { usePushSummaries, type Sight } from './use-incident-list.ts';

/** `gone`: rows that the filters no longer find. */
export function useIncidentColumns(
  rows: readonly Incident[],
  gone: ReadonlySet<string>,
  sight: Sight,
): Column<Incident>[] {
  const t = useTranslations('incidents');
  const { now } = useTimeStyle();
  const pushes = usePushSummaries(rows, sight);
  const grown = useGrowth(rows, now);
  return useMemo(
    () => [
      { id: 'severity', head: t('column.severity'), cell: (one) => <Severity value={one.incident_severity} /> },
      {
        id: 'title',
        head: t('column.title'),
        cell: (one) => <Title incident={one} isGone={gone.has(one.incident_id)} />,
      },
      { id: 'progress', head: t('column.progress'), cell: (one) => <ProgressCell incident={one} /> },
      { id: 'responders', head: t('column.responders'), cell: (one) => <Responders incident={one} /> },
      { id: 'age', head: t('column.age'), cell: (one) => <TimeStamp ms={one.start_time * 1000} /> },
      {
        id: 'alerts',
        head: t('column.alerts'),
        cell: (one) => (
          <>
            <Icon name="alert" />
            {one.alert_cnt}
            {grown.has(one.incident_id) ? (
              <span className="grown" title={t('grown')}>
                <Icon name="superseded" />
                <span className="unseen">{t('grown')}</span>
              </span>
            ) : null}
          </>
        ),
      },
      {
        id: 'pushes',
        head: t('column.pushes'),
        cell: (one) => <PushCounts counts={pushes.get(one.incident_id)} />,
      },
    ],
    [t, pushes, grown, gone],
  );
}

function Title({ incident, isGone }: { readonly incident: Incident; readonly isGone: boolean }): ReactNode {
  const t = useTranslations('incidents');
  const closer = incident.closer?.person_name ?? '';
  return (
    <>
      <Link to={`/incident/detail/${incident.incident_id}`} className="incident-title">
        {incident.title}
      </Link>
      <span className="muted one-line">
        <span className="mono">#{incident.num}</span> ·{' '}
        {incident.channel_name === '' ? t('noChannel') : incident.channel_name}
        {isGone ? ` · ${closer === '' ? t('goneNow') : t('closedNowBy', { name: closer })}` : ''}
      </span>
    </>
  );
}

function ProgressCell({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const { now, locale } = useTimeStyle();
  if (incident.progress === 'Closed' || !isSnoozed(incident, now)) return <Progress value={incident.progress} />;
  return (
    <span className="snoozed">
      <Icon name="snoozed" />
      {t('snoozedFor', { duration: showDuration(roundedUp(incident.snoozed_before * 1000 - now), locale) })}
    </span>
  );
}

const minuteMs = 60_000;

/** Seconds of a snooze are of no interest. */
function roundedUp(ms: number): number {
  return Math.ceil(ms / minuteMs) * minuteMs;
}

function Responders({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const [first, ...others] = incident.responders;
  if (first === undefined) return <span className="muted">–</span>;
  const { person_name: name } = first;
  return (
    <span className="one-line" title={incident.responders.map((one) => one.person_name).join(', ')}>
      {others.length === 0 ? name : t('moreResponders', { name, count: String(others.length) })}
    </span>
  );
}
