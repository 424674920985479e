import { closeAlert, joinIncident, type Alert } from '../alerts/alert.ts';
import type { Database } from '../database/database.ts';
import type { Directories } from '../events/directory.ts';
import type { Person } from '../events/event.ts';
import type { IncidentEventType } from '../events/event-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import { ChangeSet, type ChangeSetParts, type Note } from './change-set.ts';
import { closeByHand } from './closing.ts';
import {
  acknowledge,
  alertChanged,
  alertJoined,
  alertLeft,
  closeIncident,
  incidentByHand,
  unacknowledge,
  type Incident,
  type ManualIncident,
} from './incident.ts';

export interface ActionParts extends ChangeSetParts {
  readonly database: Database;
  readonly directories: Directories;
  readonly clock: Clock;
}

export interface Resolution {
  readonly rootCause?: string | undefined;
  readonly resolution?: string | undefined;
}

export interface AlertMerge {
  readonly alertIds: readonly string[];
  readonly incidentId: string;
  readonly comment: string;
  readonly title: string;
  readonly ownerId: number;
}

/**
 * What a person does to incidents and alerts (contract 4.7). Each method is one transaction: all the named objects
 * change, each with its own event, or none.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export class IncidentActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  async create(input: ManualIncident, person: Person): Promise<Incident> {
    const incidentId = this.#parts.ids.object();
    return this.#change(async (set) => {
      const incident = incidentByHand(incidentId, input, person.person_id, set.now);
      set.putIncident(incident);
      set.incidentEvent('i_new', incidentId, { person, detail: { severity: input.severity, title: input.title } });
      return incident;
    });
  }

  async acknowledge(incidentIds: readonly string[], person: Person): Promise<void> {
    await this.#each(incidentIds, 'i_ack', { person }, (incident, now) => acknowledge(incident, person.person_id, now));
  }

  async unacknowledge(incidentIds: readonly string[], person: Person): Promise<void> {
    await this.#each(incidentIds, 'i_unack', { person }, (incident, now) =>
      unacknowledge(incident, person.person_id, now),
    );
  }

  async comment(incidentIds: readonly string[], comment: string, muteReply: boolean, person: Person): Promise<void> {
    const detail = { comment, mute_reply: muteReply };
    await this.#each(incidentIds, 'i_comm', { person, detail }, (incident, now) => ({ ...incident, updatedAt: now }));
  }

  async resolve(incidentIds: readonly string[], texts: Resolution, person: Person): Promise<void> {
    await this.#change(async (set) => {
      await set.loadIncidents(incidentIds, true);
      for (const incident of known(set, incidentIds)) {
        set.begin();
        if (incident.progress === 'Closed') continue;
        set.putIncident({
          ...incident,
          rootCause: texts.rootCause ?? incident.rootCause,
          resolution: texts.resolution ?? incident.resolution,
        });
        closeByHand(set, incident.incidentId, person);
      }
    });
  }

  /** Closing an alert by hand leaves its incident open: there may be work left that no report will end. */
  async closeAlerts(alertIds: readonly string[], person: Person): Promise<void> {
    await this.#change(async (set) => {
      await set.loadAlerts(alertIds);
      for (const alert of knownAlerts(set, alertIds)) {
        set.begin();
        if (alert.progress === 'Closed') continue;
        const closed = closeAlert(alert, set.now);
        set.putAlert(closed);
        const incident = set.incident(alert.incidentId);
        if (incident !== undefined) set.putIncident(alertChanged(incident, alert, closed, set.now));
        set.alertEvent('a_close', alert.alertId, { person });
      }
    });
  }

  /** Moves alerts to an incident; an incident that is left empty closes. */
  async mergeAlerts(merge: AlertMerge, person: Person): Promise<void> {
    await this.#change(async (set) => {
      await set.loadAlerts(merge.alertIds, [merge.incidentId]);
      const [target] = known(set, [merge.incidentId]);
      if (target === undefined) return;
      if (merge.title !== '') {
        set.putIncident({ ...target, title: merge.title, manualOverrides: [...target.manualOverrides, 'title'] });
      }
      const note = { person, detail: mergeDetail(merge, target) };
      for (const alert of knownAlerts(set, merge.alertIds)) {
        set.begin();
        if (alert.incidentId !== merge.incidentId) moveAlert(set, alert, merge, note);
      }
    });
  }

  /** One pure change to each incident; those that it leaves as they are get no event. */
  async #each(
    incidentIds: readonly string[],
    type: IncidentEventType,
    note: Note,
    change: (incident: Incident, now: number) => Incident,
  ): Promise<void> {
    await this.#change(async (set) => {
      await set.loadIncidents(incidentIds, false);
      for (const incident of known(set, incidentIds)) {
        set.begin();
        const after = change(incident, set.now);
        if (after === incident) continue;
        set.putIncident(after);
        set.incidentEvent(type, incident.incidentId, note);
      }
    });
  }

  async #change<Result>(work: (set: ChangeSet) => Promise<Result>): Promise<Result> {
    const parts = this.#parts;
    return parts.database.transaction(async (tx) => {
      const set = new ChangeSet(parts, tx, await parts.directories.in(tx), parts.clock.now());
      const result = await work(set);
      await set.save();
      return result;
    });
  }
}

function moveAlert(set: ChangeSet, alert: Alert, merge: AlertMerge, note: Note): void {
  const source = set.incident(alert.incidentId);
  const target = set.incident(merge.incidentId);
  if (target === undefined) return;
  const moved = joinIncident(alert, merge.incidentId, set.now);
  set.putAlert(moved);
  const ownerId = merge.ownerId === 0 ? target.ownerId : merge.ownerId;
  set.putIncident({ ...alertJoined(target, moved, set.now), ownerId });
  set.alertEvent('a_merge', alert.alertId, note);
  if (source === undefined) return;
  const left = alertLeft(source, alert, set.now);
  set.putIncident(left);
  if (left.alertCnt > 0 || left.progress === 'Closed') return;
  set.putIncident(closeIncident(left, note.person?.person_id ?? 0, set.now));
  set.incidentEvent('i_rslv', left.incidentId, { person: note.person, detail: { from: 'console' } });
}

function mergeDetail(merge: AlertMerge, target: Incident): Record<string, unknown> {
  return {
    alert_ids: merge.alertIds,
    incident: { incident_id: target.incidentId, title: merge.title === '' ? target.title : merge.title },
    comment: merge.comment,
    title: merge.title,
    owner_id: merge.ownerId,
  };
}

function known(set: ChangeSet, incidentIds: readonly string[]): Incident[] {
  const ids = [...new Set(incidentIds)];
  refuseMissing('incident', ids.filter((id) => set.incident(id) === undefined));
  return ids.flatMap((id) => set.incident(id) ?? []);
}

function knownAlerts(set: ChangeSet, alertIds: readonly string[]): Alert[] {
  const ids = [...new Set(alertIds)];
  refuseMissing('alert', ids.filter((id) => set.alert(id) === undefined));
  return ids.flatMap((id) => set.alert(id) ?? []);
}

function refuseMissing(what: string, ids: readonly string[]): void {
  if (ids.length === 0) return;
  throw new Failure('ResourceNotFound', `there is no ${what} ${ids.map((id) => JSON.stringify(id)).join(', ')}`);
}
