import type { Logger } from '../runtime/logger.ts';
import { Periodic } from '../runtime/periodic.ts';
import type { Timers } from '../runtime/timers.ts';
import { assignAgain, assignByRule, escalateByRule } from './escalation/assign.ts';
import { change, type ActionParts } from './change.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { closeByTimeout, closeSome, loadToClose } from './close.ts';
import { readDue, readDueAlerts, readNextDueAt, type DueAlert, type DueIncident } from './deadline-store.ts';
import { judgeDueAlerts } from './due-alerts.ts';
import type { Incident } from './incident.ts';
import { snoozeExpired } from './transitions.ts';
import { dueNow, withoutNextLayer } from './deadlines.ts';

/**
 * The longest time between two looks, which finds deadlines that other nodes have set. Shorter than the shortest wait
 * that starts again (a minute), so that only an auto-resolve of some seconds can be late.
 */
export const lookEveryMs = 5_000;
/** Incidents per query; more of them take more queries. */
export const pageMax = 100;
/** Transitions of one incident in a row: after a long stop, several may be overdue. */
const transitionsMax = 3;

/** Alerts per transaction. */
const alertsTogether = 20;

export interface DeadlineWorkerParts extends ActionParts {
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Carries out deadlines: the next layer's turn, the end of a snooze, the closing of an incident whose time is over, the
 * end of a silence or inhibition, and the recovery of an alert that its source does not report again.
 *
 * It finds incidents and alerts by their deadlines in the database, and decides again under their locks: of several
 * nodes that find the same one, the first acts, and the others see that it is done.
 */
export class DeadlineWorker {
  readonly #parts: DeadlineWorkerParts;
  readonly #periodic: Periodic;
  /** Unix milliseconds; before it, no sender could reach this process. */
  readonly #listensSince: number;

  constructor(parts: DeadlineWorkerParts) {
    this.#parts = parts;
    this.#listensSince = parts.clock.now();
    this.#periodic = new Periodic(parts.timers, 'deadlines', () => this.#round());
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when no transition is under way. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  /** One round: everything that is due now, each incident separately. */
  async keep(): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#keepAlerts(now);
    await this.#keepIncidents(now);
  }

  async #keepAlerts(now: number): Promise<void> {
    let after: DueAlert | undefined;
    for (;;) {
      const page = await readDueAlerts(this.#parts.database.read, now, after, pageMax);
      for (let from = 0; from < page.length; from += alertsTogether) {
        await this.#keepSome(page.slice(from, from + alertsTogether).map((one) => one.alertId));
      }
      after = page.at(-1);
      if (page.length < pageMax) return;
    }
  }

  /** Where they fail together, each is tried alone, so that one failure delays no other. */
  async #keepSome(alertIds: readonly string[]): Promise<void> {
    const [first = ''] = alertIds;
    try {
      await change(this.#parts, (set) => judgeDueAlerts(this.#parts, set, alertIds, this.#listensSince));
    } catch (error) {
      if (alertIds.length > 1) for (const alertId of alertIds) await this.#keepSome([alertId]);
      else this.#parts.logger.warn({ error, alert_id: first }, 'timekeeper.transition_failed');
    }
  }

  async #keepIncidents(now: number): Promise<void> {
    const { database } = this.#parts;
    let after: DueIncident | undefined;
    for (;;) {
      const page = await readDue(database.read, now, after, pageMax);
      for (const { incidentId } of page) await this.#keepOne(incidentId);
      after = page.at(-1);
      if (page.length < pageMax) return;
    }
  }

  async #round(): Promise<number> {
    try {
      await this.keep();
      return await this.#delayMs();
    } catch (error) {
      this.#parts.logger.warn({ error }, 'timekeeper.failed');
      return lookEveryMs;
    }
  }

  /** The time until the next deadline; overdue ones have failed, and wait for the next look. */
  async #delayMs(): Promise<number> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    const next = await readNextDueAt(database.read, now);
    return next === undefined ? lookEveryMs : Math.min(next - now, lookEveryMs);
  }

  /** One failure delays no other. */
  async #keepOne(incidentId: string): Promise<void> {
    try {
      for (let count = 0; count < transitionsMax;) {
        const done = await change(this.#parts, (set) => transition(this.#parts, set, incidentId));
        if (done === 'none') return;
        if (done === 'all') count += 1;
      }
    } catch (error) {
      this.#parts.logger.warn({ error, incident_id: incidentId }, 'timekeeper.transition_failed');
    }
  }
}

/**
 * Carries out the first deadline of the incident, under its lock.
 * @returns `none` when none is due; `some` when the incident has more open alerts than one transaction closes.
 */
async function transition(parts: ActionParts, set: UnitOfWork, incidentId: string): Promise<'none' | 'some' | 'all'> {
  const areAll = await loadToClose(parts, set, [incidentId]);
  await set.loadIncidents([incidentId]);
  const incident = set.incident(incidentId);
  const due = incident === undefined ? undefined : dueNow(incident, set.now);
  if (incident === undefined || due === undefined) return 'none';
  switch (due) {
    case 'resolve':
      if (!areAll) {
        await closeSome(set, undefined);
        return 'some';
      }
      await closeByTimeout(set, incidentId);
      break;
    case 'snooze':
      endSnooze(parts, set, incident);
      break;
    case 'escalate':
      // Without another layer nothing visible has changed: there is no event.
      if (!escalateByRule(parts, set, incident)) {
        set.putIncident({ ...incident, timers: withoutNextLayer(incident.timers) });
      }
      break;
  }
  return 'all';
}

/**
 * Assigns it again (contract 4.7), which also tells receivers that the snooze is over. An incident without responders
 * goes by the rules of now, or is assigned to nobody.
 */
function endSnooze(parts: ActionParts, set: UnitOfWork, incident: Incident): void {
  const awake = snoozeExpired(incident, set.now);
  set.putIncident(awake);
  if (awake.responders.length === 0) assignByRule(parts, set, incident.incidentId);
  const current = set.incident(incident.incidentId) ?? awake;
  if (current === awake) assignAgain(parts, set, awake, 'assign');
}
