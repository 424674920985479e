import { change, known, type ActionParts } from './change.ts';
import { alertLeft } from './incident.ts';

/** Alerts, and reports of theirs, that one transaction deletes. */
const alertsPageMax = 100;
const reportsPageMax = 2_000;

/**
 * Takes incidents away for good, with their alerts and the reports of those (contract 4.7). It makes no event. What has
 * happened before is still delivered, because events stay, and the invocation history is not changed.
 *
 * Alerts go first, page by page, and the incident when it has none left: a process that dies in between leaves a smaller
 * incident with the right counts, to be removed again.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export async function removeIncidents(parts: ActionParts, incidentIds: readonly string[]): Promise<void> {
  await takeNoMore(parts, incidentIds);
  for (const incidentId of new Set(incidentIds)) {
    for (let gone = false; !gone;) gone = await removePage(parts, incidentId);
  }
}

/** Nothing may join while it is being emptied, or that would never end. */
async function takeNoMore(parts: ActionParts, incidentIds: readonly string[]): Promise<void> {
  await change(parts, async (set) => {
    await set.loadIncidents(incidentIds, false);
    for (const incident of known(set, incidentIds)) set.putIncident({ ...incident, mergeDisabled: true });
    await parts.incidents.deleteGroupingKeys(set.tx, incidentIds);
  });
}

async function removePage(parts: ActionParts, incidentId: string): Promise<boolean> {
  const { alerts: store } = parts;
  return change(parts, async (set) => {
    const alerts = await store.lockPageOfIncident(set.tx, incidentId, alertsPageMax);
    await set.loadIncidents([incidentId], false);
    const incident = set.incident(incidentId);
    if (incident === undefined) return true;
    const alertIds = alerts.map((alert) => alert.alertId);
    if ((await store.deleteReports(set.tx, alertIds, reportsPageMax)) === reportsPageMax) return false;
    await store.delete(set.tx, alertIds);
    set.putIncident(alerts.reduce((left, alert) => alertLeft(left, alert, set.now), incident));
    // Asked once the incident is locked: an alert may have been moved here by hand meanwhile.
    const rest = await store.lockPageOfIncident(set.tx, incidentId, 1);
    if (rest.length > 0) return false;
    set.dropIncident(incidentId);
    return true;
  });
}
