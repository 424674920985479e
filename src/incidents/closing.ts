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

/**
 * A person closes the incident; its open alerts close with it, so that they take no more reports. A closed incident
 * stays as it is, without an event.
 */
export function closeByHand(set: ChangeSet, incidentId: string, person: Person): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.progress === 'Closed') return;
  const open = set.openAlertsOf(incidentId);
  let closed = incident;
  for (const alert of open) {
    const after = closeAlert(alert, set.now);
    set.putAlert(after);
    closed = alertChanged(closed, alert, after, set.now);
  }
  set.putIncident(closeIncident(closed, person.person_id, set.now));
  set.incidentEvent('i_rslv', incidentId, { person, detail: { from: 'console' } });
  for (const alert of open) set.alertEvent('a_close', alert.alertId, { person });
}
