import { joinIncident, worse, type Severity } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { invalid } from '../runtime/failure.ts';
import { announceRise } from './alert-changes.ts';
import { changeInRounds, known, type ActionParts } from './change.ts';
import { closeSome, loadToClose, putAlertClosed } from './close.ts';
import { alertsMax, type Incident } from './incident.ts';
import { responderPayload } from './incident-payload.ts';
import { mergedAway, mergedInto, withNames, type MergeNames } from './transitions.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export interface IncidentMerge extends MergeNames {
  /** The target is dropped from them. */
  readonly sourceIds: readonly string[];
  readonly targetId: string;
  readonly comment: string;
  /** Takes the sources away for good instead of leaving them closed. */
  readonly removeSources: boolean;
}

/**
 * One event for the target and one per source, and another when the target gets worse. A closed target takes no open alerts:
 * they close, so that a source that still fires opens an incident again.
 */
export async function mergeIncidents(parts: ActionParts, merge: IncidentMerge, person: Person): Promise<void> {
  const sourceIds = [...new Set(merge.sourceIds)].filter((id) => id !== merge.targetId);
  if (sourceIds.length === 0) {
    throw invalid([{ field: 'source_incident_ids', message: 'must name an incident that is not the target' }]);
  }
  const ids = [merge.targetId, ...sourceIds];
  await changeInRounds(parts, async (set) => {
    const areAll = await loadToClose(parts, set, ids);
    await set.loadIncidents(ids);
    const [target, ...sources] = known(set, ids);
    if (target === undefined) return true;
    checkCount([target, ...sources]);
    if (target.progress === 'Closed' && !areAll) return closeSome(set, person);
    await mergeAll(parts, set, merge, [target, ...sources], person);
    return true;
  });
}

async function mergeAll(
  parts: ActionParts,
  set: UnitOfWork,
  merge: IncidentMerge,
  [target, ...sources]: readonly [Incident, ...Incident[]],
  person: Person,
): Promise<void> {
  const sourceIds = sources.map((one) => one.incidentId);
  const severity = await moveAlerts(parts, set, target, sourceIds);
  const toClose = target.progress === 'Closed' ? sourceIds.flatMap((id) => set.openAlertsOf(id)) : [];
  set.putIncident(withNames(mergedInto(target, sources, severity, set.now), merge));
  for (const source of sources) set.putIncident(mergedAway(source, person.person_id, set.now));
  // Before the events of the incidents, which count the open alerts.
  for (const alert of toClose) {
    set.putAlert(joinIncident(alert, target.incidentId, set.now));
    putAlertClosed(set, alert.alertId);
  }
  const detail = mergeDetail(set, merge, sources);
  const ids = [target.incidentId, ...sourceIds];
  for await (const id of set.inTurns(ids)) set.incidentEvent('i_merge', id, { person, detail });
  announceRise(set, target);
  for await (const { alertId } of set.inTurns(toClose)) set.alertEvent('a_close', alertId, { person });
  if (merge.removeSources) for (const id of sourceIds) set.dropIncident(id);
}

function checkCount(incidents: readonly Incident[]): void {
  const count = incidents.reduce((total, one) => total + one.alertCnt, 0);
  if (count <= alertsMax) return;
  const message = `the incidents have ${count} alerts together, and one may have ${alertsMax}: merge fewer of them`;
  throw invalid([{ field: 'source_incident_ids', message }]);
}

/** @returns the worst severity among the alerts that move; undefined when there are none. */
async function moveAlerts(
  { alerts }: ActionParts,
  set: UnitOfWork,
  target: Incident,
  sourceIds: readonly string[],
): Promise<Severity | undefined> {
  const severities: Severity[] = [];
  for (const sourceId of sourceIds) severities.push(...(await alerts.severitiesOf(set.tx, sourceId)));
  await alerts.moveAll(set.tx, sourceIds, target.incidentId, set.now);
  if (target.progress !== 'Closed') await set.inheritGroupingKeys(sourceIds, target);
  const [first, ...others] = severities;
  return first === undefined ? undefined : others.reduce((worst, one) => worse(worst, one), first);
}

function mergeDetail(set: UnitOfWork, merge: IncidentMerge, sources: readonly Incident[]): Record<string, unknown> {
  const brief = (id: string) => {
    const one = set.incident(id);
    return { incident_id: id, title: one?.title ?? '', progress: one?.progress ?? '' };
  };
  const responders = new Map(sources.flatMap((one) => one.responders).map((one) => [one.personId, one]));
  return {
    source_incidents: sources.map((one) => brief(one.incidentId)),
    target_incident: brief(merge.targetId),
    comment: merge.comment,
    title: merge.title,
    owner_id: merge.ownerId,
    remove_source_incidents: merge.removeSources,
    source_responders: [...responders.values()].map((one) => responderPayload(one, set.directory)),
  };
}
