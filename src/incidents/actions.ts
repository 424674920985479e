import type { Person } from '../events/event.ts';
import { Failure, invalid } from '../runtime/failure.ts';
import { afterOpening, assignAgain, assignByHand, type Assignees } from './assigning.ts';
import { change, changeEach, known, type ActionParts } from './change.ts';
import { closeByHand } from './closing.ts';
import { incidentByHand, type Incident, type ManualIncident } from './incident.ts';
import { acknowledge, addResponders, reopen, snooze, unacknowledge, wake } from './responding.ts';

export interface Resolution {
  readonly rootCause?: string | undefined;
  readonly resolution?: string | undefined;
}

/**
 * What a person does about incidents (contract 4.7). Each method is one transaction: all the named incidents change, each
 * with its own event, or none. Where there is nothing to do, nothing happens.
 * @throws Failure `ResourceNotFound` that names every id that does not exist.
 */
export class IncidentActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /**
   * It is given at once to whom `assignees` names, else to whom the rules of its channel say, with an event of its own.
   * Custom fields that are not given have their defaults.
   * @throws Failure that names every custom field that is not one or has a wrong value.
   */
  async create(input: ManualIncident, assignees: Assignees | undefined, person: Person): Promise<Incident> {
    const incidentId = this.#parts.ids.object();
    return change(this.#parts, async (set) => {
      const { values: fields, faults } = (await this.#parts.customFields.in(set.tx)).start(input.fields);
      if (faults.length > 0) throw invalid(faults);
      const incident = incidentByHand(incidentId, { ...input, fields }, person.person_id, set.now);
      set.putIncident(incident);
      set.incidentEvent('i_new', incidentId, { person, detail: { severity: input.severity, title: input.title } });
      await afterOpening(this.#parts, set, incidentId, { person, assignees });
      return incident;
    });
  }

  async acknowledge(incidentIds: readonly string[], person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_ack', (incident, now) => ({
      after: acknowledge(incident, person.person_id, now),
      note: { person },
    }));
  }

  async unacknowledge(incidentIds: readonly string[], person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_unack', (incident, now) => ({
      after: unacknowledge(incident, person.person_id, now),
      note: { person },
    }));
  }

  async comment(incidentIds: readonly string[], comment: string, muteReply: boolean, person: Person): Promise<void> {
    await changeEach(this.#parts, incidentIds, 'i_comm', (incident, now) => ({
      after: { ...incident, updatedAt: now },
      note: { person, detail: { comment, mute_reply: muteReply } },
    }));
  }

  /**
   * A source comments on the incident that holds its open alert (contract 5.8), so nobody is named. `openKeys` are the
   * places where the alert may be; the first that is found counts.
   */
  async commentByAlert(openKeys: readonly string[], alertKey: string, comment: string): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadOpenAlerts(openKeys);
      const alerts = openKeys.flatMap((key) => set.openAlert(key) ?? []);
      const incident = alerts.flatMap((alert) => set.incident(alert.incidentId) ?? [])[0];
      if (incident === undefined) {
        const message = `no open alert with the alert_key ${JSON.stringify(alertKey)} is in an incident`;
        throw new Failure('ResourceNotFound', message);
      }
      set.putIncident({ ...incident, updatedAt: set.now });
      set.incidentEvent('i_comm', incident.incidentId, { detail: { comment, mute_reply: false } });
    });
  }

  async resolve(incidentIds: readonly string[], texts: Resolution, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, true);
      for (const incident of known(set, incidentIds)) {
        set.begin();
        if (incident.progress === 'Closed') continue;
        const { rootCause, resolution } = { ...incident, ...withoutUndefined(texts) };
        set.putIncident({ ...incident, rootCause, resolution });
        closeByHand(set, incident.incidentId, person);
      }
    });
  }

  /** @throws Failure when a rule or a layer does not exist, or when there is nobody to give it to. */
  async assign(incidentIds: readonly string[], assignees: Assignees, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for (const incident of known(set, incidentIds)) {
        set.begin();
        await assignByHand(this.#parts, set, incident, assignees, person);
      }
    });
  }

  async addResponders(incidentId: string, personIds: readonly number[], person: Person): Promise<void> {
    await changeEach(this.#parts, [incidentId], 'i_a_rspd', (incident, now) => ({
      after: addResponders(incident, personIds, now),
      note: { person, detail: { to: personIds } },
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

  /** It is given again to those who had it. */
  async reopen(incidentIds: readonly string[], reason: string, person: Person): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for (const incident of known(set, incidentIds)) {
        set.begin();
        const after = reopen(incident, set.now);
        if (after === incident) continue;
        set.putIncident(after);
        set.incidentEvent('i_reopen', incident.incidentId, { person, detail: { reason } });
        if (incident.responders.length === 0) continue;
        assignAgain(this.#parts, set, set.incident(incident.incidentId) ?? after, 'reopen', person);
      }
    });
  }

  /** No further alerts are grouped into them. The contract knows no event for it. */
  async disableMerge(incidentIds: readonly string[]): Promise<void> {
    await change(this.#parts, async (set) => {
      await set.loadIncidents(incidentIds, false);
      for (const incident of known(set, incidentIds)) {
        set.putIncident({ ...incident, mergeDisabled: true, updatedAt: set.now });
      }
    });
  }
}

function withoutUndefined(texts: Resolution): { rootCause?: string; resolution?: string } {
  return {
    ...(texts.rootCause === undefined ? {} : { rootCause: texts.rootCause }),
    ...(texts.resolution === undefined ? {} : { resolution: texts.resolution }),
  };
}
