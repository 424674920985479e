import { recoverAt, type Alert } from '../alerts/alert.ts';
import type { Channel } from '../channels/channel.ts';
import { closeWhenRunOut } from './close.ts';
import { alertChanged, type Incident } from './incident.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Saves a changed alert and updates its incident: first the event of the alert, then those of the incident. */
export function changeAlert(set: UnitOfWork, before: Alert, after: Alert, announce: () => void): void {
  set.putAlert(after);
  const incident = set.incident(after.incidentId);
  if (incident !== undefined) set.putIncident(alertChanged(incident, before, after, set.now));
  announce();
  if (incident !== undefined) announceRise(set, incident);
}

/**
 * Raises `i_r_severity` when the alerts make an incident worse, once per change. It names no person, even when one moved
 * the worse alert in: with a person, the event says that somebody set the severity.
 */
export function announceRise(set: UnitOfWork, before: Incident): void {
  const { incidentId, severity: from } = before;
  const to = set.incident(incidentId)?.severity ?? from;
  if (to !== from) set.incidentEvent('i_r_severity', incidentId, { detail: { from, to } });
}

export interface Recovery {
  /** The source's text, '' = none. */
  readonly text: string;
  /** The reason when it ended without the source, '' = the source reported it. */
  readonly reason: string;
}

/** An alert recovers; its incident closes with the last of them, unless its channel has `disable_auto_close`. */
export function recoverAlert(
  set: UnitOfWork,
  before: Alert,
  after: Alert,
  channel: Channel | undefined,
  { text, reason }: Recovery,
): void {
  const { severity, status, progress } = after;
  const detail = {
    severity,
    status,
    progress,
    ...(text === '' ? {} : { description: text }),
    ...(reason === '' ? {} : { reason }),
  };
  changeAlert(set, before, after, () => set.alertEvent('a_update', after.alertId, { detail, recoveryText: text }));
  if (channel?.settings.disableAutoClose !== true) closeWhenRunOut(set, after.incidentId, 'event', text);
}

/** The source did not report the alert again by the time that it named. */
export function expireAlert(set: UnitOfWork, alert: Alert, channel: Channel | undefined): void {
  const reason = 'it was not reported again in time';
  recoverAlert(set, alert, recoverAt(alert, alert.expiresAt, set.now), channel, { text: '', reason });
}
