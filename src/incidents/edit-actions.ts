import { joinIncident, worse } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { invalid } from '../runtime/failure.ts';
import { change, known, type ActionParts } from './change.ts';
import type { ChangeSet } from './change-set.ts';
import { closeAlertByHand } from './closing.ts';
import { editsOf, fieldEditOf, type Edit, type FieldEdit } from './editing.ts';
import { checkValue, type FieldDirectory, type FieldValue } from './field.ts';
import { alertsMax, type Incident } from './incident.ts';
import { mergedAway, mergedInto, withNames, type MergeNames } from './merging.ts';
import { responderPayload } from './payload.ts';
import { removeIncidents } from './removal.ts';

export interface IncidentMerge extends MergeNames {
  /** The target is dropped from them. */
  readonly sourceIds: readonly string[];
  readonly targetId: string;
  readonly comment: string;
  /** Takes the sources away for good instead of leaving them closed. */
  readonly removeSources: boolean;
}

/**
 * What people write into incidents, and what they make of several (contract 4.7); each is one transaction, but for a
 * removal. Where there is nothing to do, nothing happens.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export class EditActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /** One event for each field that really changes. */
  async reset(incidentId: string, edit: Edit, person: Person): Promise<void> {
    await this.#edit(incidentId, person, async (_set, incident) => editsOf(incident, edit));
  }

  /** `undefined` or null takes the value away, also one of a field that there is no more. */
  async resetField(incidentId: string, name: string, value: unknown, person: Person): Promise<void> {
    await this.#edit(incidentId, person, async (set, incident) => {
      const checked = fieldValue(await this.#parts.customFields.in(set.tx), incident, name, value);
      const edit = fieldEditOf(incident, name, checked);
      return edit === undefined ? [] : [edit];
    });
  }

  /**
   * One event for the target and one for each source. A target that is closed takes no open alerts: they close, so that
   * what still fires opens an incident again.
   */
  async merge(merge: IncidentMerge, person: Person): Promise<void> {
    const sourceIds = [...new Set(merge.sourceIds)].filter((id) => id !== merge.targetId);
    if (sourceIds.length === 0) {
      throw invalid([{ field: 'source_incident_ids', message: 'must name an incident that is not the target' }]);
    }
    await change(this.#parts, async (set) => {
      await set.loadIncidents([merge.targetId, ...sourceIds], true);
      const [target, ...sources] = known(set, [merge.targetId, ...sourceIds]);
      if (target === undefined) return;
      const severity = await this.#moveAlerts(set, target, sources);
      const toClose = target.progress === 'Closed' ? sourceIds.flatMap((id) => set.openAlertsOf(id)) : [];
      set.putIncident(withNames(mergedInto(target, sources, severity, set.now), merge));
      for (const source of sources) set.putIncident(mergedAway(source, person.person_id, set.now));
      const detail = mergeDetail(set, merge, sources);
      for (const id of [target.incidentId, ...sourceIds]) set.incidentEvent('i_merge', id, { person, detail });
      for (const alert of toClose) {
        set.putAlert(joinIncident(alert, target.incidentId, set.now));
        closeAlertByHand(set, alert.alertId, person);
      }
      if (merge.removeSources) for (const id of sourceIds) set.dropIncident(id);
    });
  }

  async remove(incidentIds: readonly string[]): Promise<void> {
    await removeIncidents(this.#parts, incidentIds);
  }

  async #edit(
    incidentId: string,
    person: Person,
    edits: (set: ChangeSet, incident: Incident) => Promise<readonly FieldEdit[]>,
  ): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents([incidentId], false);
      const [incident] = known(set, [incidentId]);
      if (incident === undefined) return;
      for (const { type, detail, apply } of await edits(set, incident)) {
        set.putIncident(apply(set.incident(incidentId) ?? incident, set.now));
        set.incidentEvent(type, incidentId, { person, detail });
      }
    });
  }

  /** @returns the worst severity among the alerts that move; undefined when there are none. */
  async #moveAlerts(set: ChangeSet, target: Incident, sources: readonly Incident[]) {
    const sourceIds = sources.map((one) => one.incidentId);
    const count = [target, ...sources].reduce((total, one) => total + one.alertCnt, 0);
    if (count > alertsMax) {
      const message = `the incidents have ${count} alerts together, and one may have ${alertsMax}: merge fewer of them`;
      throw invalid([{ field: 'source_incident_ids', message }]);
    }
    const severities = await this.#parts.alerts.severitiesOf(set.tx, sourceIds);
    await this.#parts.alerts.moveAll(set.tx, sourceIds, target.incidentId, set.now);
    if (target.progress !== 'Closed') await set.inheritGroupingKeys(sourceIds, target);
    const [first, ...others] = severities;
    return first === undefined ? undefined : others.reduce((worst, one) => worse(worst, one), first);
  }
}

/** @throws Failure when there is no such field, or the value is not one of its values. */
function fieldValue(fields: FieldDirectory, incident: Incident, name: string, value: unknown): FieldValue | undefined {
  const field = fields.byName(name);
  const takesAway = value === undefined || value === null;
  if (field === undefined) {
    if (takesAway && Object.hasOwn(incident.fields, name)) return undefined;
    throw invalid([{ field: 'field_name', message: `there is no custom field ${JSON.stringify(name)}` }]);
  }
  if (takesAway) return undefined;
  const checked = checkValue(field, value);
  if (!checked.ok) throw invalid([{ field: 'field_value', message: checked.message }]);
  return checked.value;
}

function mergeDetail(set: ChangeSet, merge: IncidentMerge, sources: readonly Incident[]): Record<string, unknown> {
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
