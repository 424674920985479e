import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import type { Owner } from './owner.ts';
import { waitMaxMs } from './retry-schedule.ts';
import { nextDue, releaseDue, type Lane } from './retry-store.ts';
import { isPassing } from './settler.ts';

/** Deliveries in one transaction. */
const pageMax = 500;
/** After a database that could not. */
const retryMs = 1_000;
/** The wall clock may be set while a timer runs: no due time is trusted for longer. */
const lookMaxMs = 60_000;

export interface RetryClockParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly owner: Owner;
}

/** Lets deliveries that wait for their next attempt go when they are due. Due times live in the database; here is one timer. */
export class RetryClock {
  readonly #parts: RetryClockParts;
  readonly #due: (lane: Lane) => void;
  #running = false;
  #looking: Promise<void> | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};

  /** @param due is told each lane whose head may be tried again. */
  constructor(parts: RetryClockParts, due: (lane: Lane) => void) {
    this.#parts = parts;
    this.#due = due;
  }

  start(): void {
    this.#running = true;
    this.#look();
  }

  /** Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#looking;
  }

  /** A delivery waits from now on until `dueAt`, Unix milliseconds. */
  expect(dueAt: number): void {
    if (this.#running && this.#looking === undefined && dueAt < this.#wakesAt) this.#wakeAt(dueAt);
    else if (this.#looking !== undefined) this.#wakesAt = Math.min(this.#wakesAt, dueAt);
  }

  #wakeAt(dueAt: number): void {
    this.#cancel();
    this.#wakesAt = dueAt;
    const delayMs = Math.min(Math.max(dueAt - this.#parts.clock.now(), 0), lookMaxMs);
    this.#cancel = this.#parts.timers.after(delayMs, () => this.#look());
  }

  #look(): void {
    this.#cancel();
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#looking ??= this.#release().finally(() => {
      this.#looking = undefined;
      if (this.#running && this.#wakesAt !== Number.POSITIVE_INFINITY) this.#wakeAt(this.#wakesAt);
    });
  }

  async #release(): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      let next = await this.#releaseUpTo(clock.now());
      // When so long a wait began, the clock was ahead, and it has been set back since.
      while (next !== undefined && next > clock.now() + waitMaxMs) next = await this.#releaseUpTo(next);
      if (next !== undefined) this.#wakesAt = Math.min(this.#wakesAt, next);
    } catch (error) {
      if (!isPassing(error)) throw error;
      logger.warn({ error }, 'retries.not_read');
      this.#wakesAt = clock.now() + retryMs;
    }
  }

  /** @returns when the next one is due; undefined = none waits, or this is stopping. */
  async #releaseUpTo(now: number): Promise<number | undefined> {
    const { database, owner } = this.#parts;
    const where = { dialect: database.dialect, shards: owner.shards };
    for (let count = pageMax; count === pageMax;) {
      if (!this.#running) return undefined;
      const lanes = await database.transaction((tx) => releaseDue(tx, where, now, pageMax));
      for (const lane of lanes) this.#due(lane);
      count = lanes.length;
    }
    return nextDue(database.read, where);
  }
}
