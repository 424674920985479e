import type { Logger } from '../runtime/logger.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { assignAgain, assignByRule, escalateByRule } from './assigning.ts';
import { change, type ActionParts } from './change.ts';
import type { ChangeSet } from './change-set.ts';
import { closeByTimeout } from './closing.ts';
import { readDue, readNextDueAt, type DueIncident } from './due-store.ts';
import type { Incident } from './incident.ts';
import { snoozeExpired } from './responding.ts';
import { dueNow, withoutNextLayer } from './timers.ts';

/**
 * How often it looks, at the latest: what another node has scheduled is found by then. It is shorter than the shortest
 * wait that begins anew (a minute), so that nothing is late but an auto-resolve of some seconds.
 */
export const lookEveryMs = 5_000;
/** Incidents that one look-up finds; more of them take more look-ups. */
export const pageMax = 100;
/** Transitions of one incident that follow each other at once: after a long stop, several may be overdue. */
const transitionsMax = 3;

export interface TimekeeperParts extends ActionParts {
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Does what is due by time: the next layer's turn, the end of a snooze, the closing of an incident whose time is over.
 *
 * It finds incidents by their due times in the database, and decides again under each incident's lock, in a transaction
 * for each transition: of several nodes that find the same one, the first does it, and the others see that it is done.
 */
export class Timekeeper {
  readonly #parts: TimekeeperParts;
  #running = false;
  #cancel: Cancel = () => {};
  #round: Promise<void> = Promise.resolve();

  constructor(parts: TimekeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#begin();
  }

  /** Resolves when no transition is under way. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#round;
  }

  /** One round: everything that is due now, each incident for itself. */
  async keep(): Promise<void> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    let after: DueIncident | undefined;
    for (;;) {
      const page = await readDue(database.read, now, after, pageMax);
      for (const { incidentId } of page) await this.#keepOne(incidentId);
      after = page.at(-1);
      if (page.length < pageMax) return;
    }
  }

  #begin(): void {
    this.#round = this.keep()
      .then(() => this.#delayMs())
      .catch((error: unknown) => {
        this.#parts.logger.warn({ error }, 'timekeeper.failed');
        return lookEveryMs;
      })
      .then((delayMs) => {
        if (this.#running) this.#cancel = this.#parts.timers.after(delayMs, () => this.#begin());
      });
  }

  /** Until the next due time; what is overdue even now has failed, and waits for the next look. */
  async #delayMs(): Promise<number> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    const next = await readNextDueAt(database.read, now);
    return next === undefined ? lookEveryMs : Math.min(next - now, lookEveryMs);
  }

  /** One that fails keeps none of the others waiting. */
  async #keepOne(incidentId: string): Promise<void> {
    try {
      for (let count = 0; count < transitionsMax; count += 1) {
        const done = await change(this.#parts, (set) => transition(this.#parts, set, incidentId));
        if (!done) return;
      }
    } catch (error) {
      this.#parts.logger.warn({ error, incident_id: incidentId }, 'timekeeper.transition_failed');
    }
  }
}

/** What is due first in the incident, decided under its lock; `false` when nothing is. */
async function transition(parts: ActionParts, set: ChangeSet, incidentId: string): Promise<boolean> {
  await set.loadIncidents([incidentId], true);
  set.begin();
  const incident = set.incident(incidentId);
  const due = incident === undefined ? undefined : dueNow(incident, set.now);
  if (incident === undefined || due === undefined) return false;
  switch (due) {
    case 'resolve':
      closeByTimeout(set, incidentId);
      break;
    case 'snooze':
      await endSnooze(parts, set, incident);
      break;
    case 'escalate':
      // Without another layer nothing that anybody sees has changed: there is no event.
      if (!(await escalateByRule(parts, set, incident))) {
        set.putIncident({ ...incident, timers: withoutNextLayer(incident.timers) });
      }
      break;
  }
  return true;
}

/**
 * Its assignment starts again (contract 4.7), and tells with it that the snooze is over: an incident that nobody had goes
 * to whom the rules say by now, and when that is nobody, it is assigned to nobody.
 */
async function endSnooze(parts: ActionParts, set: ChangeSet, incident: Incident): Promise<void> {
  const awake = snoozeExpired(incident, set.now);
  set.putIncident(awake);
  if (awake.responders.length === 0) await assignByRule(parts, set, incident.incidentId);
  const current = set.incident(incident.incidentId) ?? awake;
  if (current === awake) assignAgain(parts, set, awake, 'assign');
}
