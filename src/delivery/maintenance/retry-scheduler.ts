import { type Database, isTransient } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { Periodic } from '../../runtime/periodic.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { ShardOwnership } from '../store/ownership.ts';
import { waitMaxMs } from '../attempt/retry-policy.ts';
import { nextDue, releaseDue, type Lane } from '../store/retry-store.ts';

/** Deliveries per transaction. */
const pageMax = 500;
/** The pause after a database error. */
const retryMs = 1_000;
/** The wall clock may be set while a timer runs: no due time is trusted for longer. */
const lookMaxMs = 60_000;

export interface RetrySchedulerParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly owner: ShardOwnership;
}

/** Releases deliveries when their next attempt is due. Due times live in the database; this holds one timer. */
export class RetryScheduler {
  readonly #parts: RetrySchedulerParts;
  readonly #due: (lane: Lane) => void;
  readonly #periodic: Periodic;
  #wakesAt = Number.POSITIVE_INFINITY;

  /** @param due called with each lane whose head may be tried again. */
  constructor(parts: RetrySchedulerParts, due: (lane: Lane) => void) {
    this.#parts = parts;
    this.#due = due;
    this.#periodic = new Periodic(parts.timers, 'retries', () => this.#look());
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when nothing of it runs. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  /** A delivery waits until `dueAt`, Unix milliseconds. */
  expect(dueAt: number): void {
    if (dueAt >= this.#wakesAt) return;
    this.#wakesAt = dueAt;
    this.#periodic.runIn(this.#delayUntil(dueAt));
  }

  #delayUntil(dueAt: number): number {
    return Math.min(Math.max(dueAt - this.#parts.clock.now(), 0), lookMaxMs);
  }

  async #look(): Promise<number | undefined> {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    await this.#release();
    return this.#wakesAt === Number.POSITIVE_INFINITY ? undefined : this.#delayUntil(this.#wakesAt);
  }

  async #release(): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      let next = await this.#releaseUpTo(clock.now());
      // A longer wait means that the clock was ahead and has been set back.
      while (next !== undefined && next > clock.now() + waitMaxMs) next = await this.#releaseUpTo(next);
      if (next !== undefined) this.#wakesAt = Math.min(this.#wakesAt, next);
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn({ error }, 'retries.not_read');
      this.#wakesAt = clock.now() + retryMs;
    }
  }

  /** @returns when the next one is due; undefined = none, or stopping. */
  async #releaseUpTo(now: number): Promise<number | undefined> {
    const { database, owner } = this.#parts;
    const where = { dialect: database.dialect, shards: owner.shards };
    for (let count = pageMax; count === pageMax;) {
      if (!this.#periodic.isStarted) return undefined;
      const lanes = await database.transaction((tx) => releaseDue(tx, where, now, pageMax));
      for (const lane of lanes) this.#due(lane);
      count = lanes.length;
    }
    return nextDue(database.read, where);
  }
}
