import { change, known, type ActionParts } from './change.ts';
import { alertLeft } from './incident.ts';

/** Alerts, and reports, that one transaction deletes. */
const alertsPageMax = 25;
const reportsPageMax = 2_000;

/**
 * Deletes incidents with their alerts and reports (contract 4.7), without an event. Earlier events are still delivered,
 * and the invocation history stays.
 *
 * Alerts go first, page by page, and the incident when it has none left: a process that dies in between leaves a
 * smaller incident with correct counts, to be removed again.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export async function removeIncidents(parts: ActionParts, incidentIds: readonly string[]): Promise<void> {
  await takeNoMore(parts, incidentIds);
  for (const incidentId of new Set(incidentIds)) {
    for (let gone = false; !gone;) gone = await removePage(parts, incidentId);
  }
}

/** Stops grouping, or emptying it might never end. */
async function takeNoMore(parts: ActionParts, incidentIds: readonly string[]): Promise<void> {
  await change(parts, async (set) => {
    await set.loadIncidents(incidentIds);
    for (const incident of known(set, incidentIds)) set.putIncident({ ...incident, mergeDisabled: true });
    await parts.incidents.deleteGroupingKeys(set.tx, incidentIds);
  });
}

async function removePage(parts: ActionParts, incidentId: string): Promise<boolean> {
  const { alerts: store } = parts;
  return change(parts, async (set) => {
    const alerts = await store.lockPageOfIncident(set.tx, incidentId, alertsPageMax);
    await set.loadIncidents([incidentId]);
    const incident = set.incident(incidentId);
    if (incident === undefined) return true;
    const alertIds = alerts.map((alert) => alert.alertId);
    if ((await store.deleteReports(set.tx, alertIds, reportsPageMax)) === reportsPageMax) return false;
    await store.delete(set.tx, alertIds);
    set.putIncident(alerts.reduce((left, alert) => alertLeft(left, alert, set.now), incident));
    // Checked under the lock: an alert may have been moved here meanwhile.
    const rest = await store.lockPageOfIncident(set.tx, incidentId, 1);
    if (rest.length > 0) return false;
    set.dropIncident(incidentId);
    return true;
  });
}
