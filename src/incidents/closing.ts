import { closeAlert } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import type { ChangeSet } from './change-set.ts';
import { alertChanged, closeIncident, hasRunOut } from './incident.ts';

/** Where a closing came from, as the timeline says it (contract 1.3, `from` of i_rslv). */
type ClosedFrom = 'console' | 'event' | 'autorslv' | 'autorefresh';

/** Closes an incident whose alerts have all recovered or been closed (contract 4.6). */
export function closeWhenRunOut(set: ChangeSet, incidentId: string, from: ClosedFrom): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || !hasRunOut(incident)) return;
  set.putIncident(closeIncident(incident, 0, set.now));
  set.incidentEvent('i_rslv', incidentId, { detail: { from } });
}

/** A person closes an alert, and its incident follows. A closed one stays as it is, without an event. */
export function closeAlertByHand(set: ChangeSet, alertId: string, person: Person): void {
  const alert = set.alert(alertId);
  if (alert === undefined || alert.progress === 'Closed') return;
  const closed = closeAlert(alert, set.now);
  set.putAlert(closed);
  const incident = set.incident(alert.incidentId);
  if (incident !== undefined) set.putIncident(alertChanged(incident, alert, closed, set.now));
  set.alertEvent('a_close', alertId, { person });
}

/** A person closes the incident. */
export function closeByHand(set: ChangeSet, incidentId: string, person: Person): void {
  closeWithAlerts(set, incidentId, 'console', person);
}

/**
 * The incident's time is over (contract 4.6, auto-resolve). Its alerts close as they do when a person closes it, only
 * that nobody is named: an alert that stayed open in a closed incident would take reports that nobody sees.
 */
export function closeByTimeout(set: ChangeSet, incidentId: string): void {
  closeWithAlerts(set, incidentId, 'autorslv', undefined);
}

/**
 * The open alerts close with their incident, so that they take no more reports. A closed incident stays as it is,
 * without an event.
 */
function closeWithAlerts(set: ChangeSet, incidentId: string, from: ClosedFrom, person: Person | undefined): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.progress === 'Closed') return;
  const open = set.openAlertsOf(incidentId);
  let closed = incident;
  for (const alert of open) {
    const after = closeAlert(alert, set.now);
    set.putAlert(after);
    closed = alertChanged(closed, alert, after, set.now);
  }
  set.putIncident(closeIncident(closed, person?.person_id ?? 0, set.now));
  set.incidentEvent('i_rslv', incidentId, { person, detail: { from } });
  for (const alert of open) set.alertEvent('a_close', alert.alertId, { person });
}
