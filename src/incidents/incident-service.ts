import { joinIncident, openKey, sourceKey, worse, type Alert, type Image } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { Failure, invalid } from '../runtime/failure.ts';
import { announceRise } from './alert-changes.ts';
import { change, changeEach, known, type ActionParts } from './change.ts';
import { closeByHand, putAlertClosed } from './close.ts';
import { afterOpening, assignAgain, assignByHand, notifyDetail, type Assignees } from './escalation/assign.ts';
import { checkValue, type FieldDirectory, type FieldValue } from './fields/field.ts';
import { alertsMax, incidentByHand, type Incident, type ManualIncident } from './incident.ts';
import { responderPayload } from './incident-payload.ts';
import { removeIncidents } from './remove.ts';
import {
  acknowledge,
  addResponders,
  editsOf,
  fieldEditOf,
  mergedAway,
  mergedInto,
  reopen,
  snooze,
  unacknowledge,
  wake,
  withNames,
  type Edit,
  type FieldEdit,
  type MergeNames,
} from './transitions.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** How long after an alert has closed its source may comment on its incident by the alert's key. */
export const commentReachMs = 3_600_000;

/** An alert as its source names it. */
export interface AlertSource {
  readonly integrationId: number;
  readonly alertKey: string;
}

export interface Resolution {
  readonly rootCause?: string | undefined;
  readonly resolution?: string | undefined;
  readonly description?: string | undefined;
}

/** What somebody says with an acknowledgement or a resolution. */
export interface ResponseNote {
  /** '' = nothing. */
  readonly summary: string;
  /** Custom fields that are set, by their names. */
  readonly customFields: Readonly<Record<string, unknown>>;
  readonly images: readonly Image[];
}

const noNote: ResponseNote = { summary: '', customFields: {}, images: [] };

export interface Comment {
  readonly comment: string;
  readonly muteReply: boolean;
  /** As the client sent it. */
  readonly typeId: string | number | undefined;
}

export interface IncidentMerge extends MergeNames {
  /** The target is dropped from them. */
  readonly sourceIds: readonly string[];
  readonly targetId: string;
  readonly comment: string;
  /** Takes the sources away for good instead of leaving them closed. */
  readonly removeSources: boolean;
}

/**
 * What people do about incidents (contract 4.7). Each method but a removal is one transaction: all the named incidents
 * change, each with its own event, or none. Where there is nothing to do, nothing happens.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export class IncidentService {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /**
   * Opens an incident and assigns it at once to `assignees`, or by the rules of its channel, with a separate event.
   * Absent custom fields get their defaults.
   * @throws Failure that names every custom field that does not exist or has a wrong value.
   */
  async create(input: ManualIncident, assignees: Assignees | undefined, person: Person): Promise<Incident> {
    const incidentId = this.#parts.ids.object();
    return change(this.#parts, async (set) => {
      const { values: fields, faults } = set.config.fields.start(input.fields);
      if (faults.length > 0) throw invalid(faults);
      const incident = incidentByHand(incidentId, { ...input, fields }, person.person_id, set.now);
      set.putIncident(incident);
      set.incidentEvent('i_new', incidentId, { person, detail: { severity: input.severity, title: input.title } });
      afterOpening(this.#parts, set, incidentId, { person, assignees });
      return incident;
    });
  }

  /** The words of somebody who had acknowledged it before become a comment. */
  async acknowledge(incidentIds: readonly string[], person: Person, note: ResponseNote = noNote): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for await (const incident of set.each(known(set, incidentIds))) {
        const after = acknowledge(incident, person.person_id, set.now);
        const { summary } = note;
        if (after !== incident) {
          set.putIncident(withImages(after, note, set.now));
          const said = summary === '' ? {} : { summary };
          set.incidentEvent('i_ack', incident.incidentId, { person, detail: { progress: after.progress, ...said } });
        } else if (summary !== '') {
          set.putIncident(withImages({ ...incident, updatedAt: set.now }, note, set.now));
          set.incidentEvent('i_comm', incident.incidentId, { person, detail: { comment: summary, mute_reply: false } });
        }
        await this.#setFields(set, incident.incidentId, note, person);
      }
    });
  }

  async unacknowledge(incidentIds: readonly string[], person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_unack', (incident, now) => {
      const after = unacknowledge(incident, person.person_id, now);
      return { after, note: { person, detail: { progress: after.progress } } };
    });
  }

  async comment(incidentIds: readonly string[], said: Comment, person: Person): Promise<void> {
    const type = said.typeId === undefined ? {} : { comment_type_id: said.typeId };
    await changeEach(this.#parts, incidentIds, 'i_comm', (incident, now) => ({
      after: { ...incident, updatedAt: now },
      note: { person, detail: { comment: said.comment, mute_reply: said.muteReply, ...type } },
    }));
  }

  /**
   * A source comments on the incident of one of its alerts (contract 5.8), so nobody is named: of the alert that is open,
   * else of the one that closed last within {@link commentReachMs}, because the last word often comes after the recovery.
   * @param channelIds where the alert may be
   */
  async commentByAlert(source: AlertSource, channelIds: readonly number[], comment: string): Promise<void> {
    const key = sourceKey(source);
    await change(this.#parts, async (set) => {
      await set.loadOpenAlerts([key]);
      const found = incidentsOf(set, set.openAlertsOfSource(key))[0] ?? (await lastIncident(set, source, channelIds));
      if (found === undefined) {
        const named = JSON.stringify(source.alertKey);
        const message = `no alert with the alert_key ${named} is open, or was open within the last hour, in an incident`;
        throw new Failure('ResourceNotFound', message);
      }
      set.putIncident({ ...found, updatedAt: set.now });
      set.incidentEvent('i_comm', found.incidentId, { detail: { comment, mute_reply: false } });
    });
  }

  async resolve(
    incidentIds: readonly string[],
    texts: Resolution,
    person: Person,
    note: ResponseNote = noNote,
  ): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, true);
      for await (const incident of set.each(known(set, incidentIds))) {
        if (incident.progress === 'Closed') continue;
        await this.#setFields(set, incident.incidentId, note, person);
        const { rootCause, resolution, description } = { ...incident, ...withoutUndefined(texts) };
        const before = set.incident(incident.incidentId) ?? incident;
        set.putIncident(withImages({ ...before, rootCause, resolution, description }, note, set.now));
        await closeByHand(set, incident.incidentId, person, note.summary);
      }
    });
  }

  /** @throws Failure when a rule or a layer does not exist, or when there is nobody to give it to. */
  async assign(incidentIds: readonly string[], assignees: Assignees, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for await (const incident of set.each(known(set, incidentIds))) {
        assignByHand(this.#parts, set, incident, assignees, person);
      }
    });
  }

  async addResponders(
    incidentId: string,
    personIds: readonly number[],
    person: Person,
    notify?: Assignees['notify'],
  ): Promise<void> {
    await changeEach(this.#parts, [incidentId], 'i_a_rspd', (incident, now) => ({
      after: addResponders(incident, personIds, now),
      note: { person, detail: { to: personIds, ...notifyDetail(notify) } },
    }));
  }

  async snooze(incidentIds: readonly string[], minutes: number, person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_snooze', (incident, now) => ({
      after: snooze(incident, minutes, now),
      note: { person, detail: { minutes } },
    }));
  }

  async wake(incidentIds: readonly string[], person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_wake', (incident, now) => ({
      after: wake(incident, now),
      note: { person, detail: { snoozedBefore: Math.floor(incident.snoozedBefore / 1000) } },
    }));
  }

  /** Assigns it again to its responders. */
  async reopen(incidentIds: readonly string[], reason: string, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for await (const incident of set.each(known(set, incidentIds))) {
        const after = reopen(incident, set.now);
        if (after === incident) continue;
        set.putIncident(after);
        set.incidentEvent('i_reopen', incident.incidentId, { person, detail: { reason } });
        if (incident.responders.length === 0) continue;
        assignAgain(this.#parts, set, set.incident(incident.incidentId) ?? after, 'reopen', person);
      }
    });
  }

  /** Lets no further alerts be grouped into them. The contract has no event for it. */
  async disableMerge(incidentIds: readonly string[]): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for (const incident of known(set, incidentIds)) {
        set.putIncident({ ...incident, mergeDisabled: true, updatedAt: set.now });
      }
    });
  }

  /** One event per field that differs. */
  async reset(incidentId: string, edit: Edit, person: Person): Promise<void> {
    await this.#edit(incidentId, person, async (_set, incident) => editsOf(incident, edit));
  }

  /** `undefined` or null removes the value, also of a deleted field. */
  async resetField(incidentId: string, name: string, value: unknown, person: Person): Promise<void> {
    await this.#edit(incidentId, person, async (set, incident) => {
      const checked = fieldValue(set.config.fields, incident, name, value);
      const edit = fieldEditOf(incident, name, checked);
      return edit === undefined ? [] : [edit];
    });
  }

  /**
   * One event for the target and one per source, and another when the target gets worse. A closed target takes no open alerts: they close, so that a source
   * that still fires opens an incident again.
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
    });
  }

  async remove(incidentIds: readonly string[]): Promise<void> {
    await removeIncidents(this.#parts, incidentIds);
  }

  async #setFields(set: UnitOfWork, incidentId: string, note: ResponseNote, person: Person): Promise<void> {
    const entries = Object.entries(note.customFields);
    if (entries.length === 0) return;
    const { fields } = set.config;
    for (const [name, value] of entries) {
      const incident = set.incident(incidentId);
      if (incident === undefined) return;
      const edit = fieldEditOf(incident, name, fieldValue(fields, incident, name, value));
      if (edit === undefined) continue;
      set.putIncident(edit.apply(incident, set.now));
      set.incidentEvent(edit.type, incidentId, { person, detail: edit.detail });
    }
  }

  async #edit(
    incidentId: string,
    person: Person,
    edits: (set: UnitOfWork, incident: Incident) => Promise<readonly FieldEdit[]>,
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
  async #moveAlerts(set: UnitOfWork, target: Incident, sources: readonly Incident[]) {
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

function incidentsOf(set: UnitOfWork, alerts: readonly Alert[]): Incident[] {
  return alerts.flatMap((alert) => set.incident(alert.incidentId) ?? []);
}

/** The incident of the last alert of a key that closed recently. */
async function lastIncident(
  set: UnitOfWork,
  source: AlertSource,
  channelIds: readonly number[],
): Promise<Incident | undefined> {
  await set.loadLastClosed(channelIds.map((channelId) => ({ sourceKey: sourceKey(source), channelId })));
  const closed = channelIds
    .flatMap((channelId) => set.lastClosed(openKey({ ...source, channelId })) ?? [])
    .filter((alert) => alert.closeTime >= set.now - commentReachMs && alert.incidentId !== '')
    .sort((a, b) => b.closeTime - a.closeTime);
  await set.loadIncidents(
    closed.slice(0, 1).map((alert) => alert.incidentId),
    false,
  );
  return incidentsOf(set, closed)[0];
}

function withoutUndefined(texts: Resolution): { rootCause?: string; resolution?: string; description?: string } {
  return {
    ...(texts.rootCause === undefined ? {} : { rootCause: texts.rootCause }),
    ...(texts.resolution === undefined ? {} : { resolution: texts.resolution }),
    ...(texts.description === undefined ? {} : { description: texts.description }),
  };
}

/** @throws Failure when there is no such field, or it does not allow the value. */
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

function withImages(incident: Incident, note: ResponseNote, now: number): Incident {
  if (note.images.length === 0) return incident;
  return { ...incident, images: [...incident.images, ...note.images].slice(-imagesMax), updatedAt: now };
}

/** Images of one incident; the newest stay. */
const imagesMax = 100;

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
