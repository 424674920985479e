import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Incident } from '../api/operations.ts';
import { clockOf, stampOf, useTimeStyle } from '../parts/clock.tsx';
import { Icon } from '../parts/icons.tsx';
import { Progress, Severity } from '../parts/severity.tsx';
import { showDuration } from '../time/show.ts';
import { isSnoozed } from './incident-rules.ts';

/** The state in a line, under the title. */
export function IncidentSummary({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const { now } = useTimeStyle();
  const closed = incident.progress === 'Closed';
  return (
    <>
      <span className="mono">#{incident.num}</span>
      <Severity value={incident.incident_severity} />
      <Progress value={incident.progress} />
      <span>{t.rich('opened', { when: stampOf(incident.start_time * 1000) })}</span>
      {!closed && isSnoozed(incident, now) ? (
        <span className="snoozed">
          <Icon name="snoozed" />
          <span>{t.rich('snoozed', { when: clockOf(incident.snoozed_before * 1000) })}</span>
        </span>
      ) : null}
      <span>{incident.channel_name === '' ? t('noChannel') : incident.channel_name}</span>
      <span>{t('alertCount', { count: incident.alert_cnt })}</span>
      {incident.responders.length === 0 && !closed ? <span>{t('nobody')}</span> : null}
      {closed ? <Ending incident={incident} /> : null}
    </>
  );
}

function Ending({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const locale = useLocale();
  const when = stampOf(incident.close_time * 1000);
  // The service keeps whole seconds.
  const lastedMs = (incident.close_time - incident.start_time) * 1000;
  return (
    <>
      <span>
        {incident.closer === undefined
          ? t.rich('closed', { when })
          : t.rich('closedBy', { when, name: incident.closer.person_name })}
      </span>
      {lastedMs <= 0 ? null : <span>{t('lasted', { duration: showDuration(lastedMs, locale) })}</span>}
    </>
  );
}
