import { openKey, sourceKey, type Alert, type Image } from '../alerts/alert.ts';
import type { Person } from '../events/event.ts';
import { Failure, invalid } from '../runtime/failure.ts';
import { change, changeEach, changeInRounds, known, type ActionParts } from './change.ts';
import { closeByHand, closeSome, loadToClose } from './close.ts';
import { afterOpening, assignAgain, assignByHand, notifyDetail, type Assignees } from './escalation/assign.ts';
import { checkValue, type FieldDirectory, type FieldValue } from './fields/field.ts';
import { incidentByHand, type Incident, type ManualIncident } from './incident.ts';
import { mergeIncidents, type IncidentMerge } from './merge.ts';
import { removeIncidents } from './remove.ts';
import {
  acknowledge,
  addResponders,
  editsOf,
  fieldEditOf,
  reopen,
  snooze,
  unacknowledge,
  wake,
  type Edit,
  type FieldEdit,
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

/**
 * What people do about incidents (contract 4.7). Each method is one transaction: all the named incidents change, each
 * with its own event, or none. A removal, and the closing of more alerts than one transaction may close, take several.
 * Where there is nothing to do, nothing happens.
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
      await set.loadIncidents(incidentIds);
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
    await changeInRounds(this.#parts, async (set, isFirst) => {
      const areAll = await loadToClose(this.#parts, set, incidentIds);
      // A fault of the request is refused before anything is changed.
      if (!areAll && isFirst) {
        await set.loadIncidents(incidentIds);
        for (const incident of known(set, incidentIds)) checkFields(set.config.fields, incident, note);
      }
      if (!areAll) return closeSome(set, person);
      for await (const incident of set.each(known(set, incidentIds))) {
        if (incident.progress === 'Closed') continue;
        await this.#setFields(set, incident.incidentId, note, person);
        const { rootCause, resolution, description } = { ...incident, ...withoutUndefined(texts) };
        const before = set.incident(incident.incidentId) ?? incident;
        set.putIncident(withImages({ ...before, rootCause, resolution, description }, note, set.now));
        await closeByHand(set, incident.incidentId, person, note.summary);
      }
      return true;
    });
  }

  /** @throws Failure when a rule or a layer does not exist, or when there is nobody to give it to. */
  async assign(incidentIds: readonly string[], assignees: Assignees, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds);
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
      await set.loadIncidents(incidentIds);
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
      await set.loadIncidents(incidentIds);
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

  async merge(merge: IncidentMerge, person: Person): Promise<void> {
    await mergeIncidents(this.#parts, merge, person);
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
      await set.loadIncidents([incidentId]);
      const [incident] = known(set, [incidentId]);
      if (incident === undefined) return;
      for (const { type, detail, apply } of await edits(set, incident)) {
        set.putIncident(apply(set.incident(incidentId) ?? incident, set.now));
        set.incidentEvent(type, incidentId, { person, detail });
      }
    });
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
  await set.loadIncidents(closed.slice(0, 1).map((alert) => alert.incidentId));
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

function checkFields(fields: FieldDirectory, incident: Incident, note: ResponseNote): void {
  if (incident.progress === 'Closed') return;
  for (const [name, value] of Object.entries(note.customFields)) fieldValue(fields, incident, name, value);
}

function withImages(incident: Incident, note: ResponseNote, now: number): Incident {
  if (note.images.length === 0) return incident;
  return { ...incident, images: [...incident.images, ...note.images].slice(-imagesMax), updatedAt: now };
}

/** Images of one incident; the newest stay. */
const imagesMax = 100;
