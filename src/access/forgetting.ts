import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { oldestAudit, purgeAudit } from './audit-store.ts';
import { idempotencyKeptMs, type IdempotencyStore } from './idempotency-store.ts';

const dayMs = 86_400_000;
/** Days that the lines of the audit log are kept. */
export const auditKeptDays = 365;
const everyMs = 3_600_000;
/** Rows of one statement. A statement holds the event loop for a few milliseconds, so there is a pause between two. */
const pageMax = 500;
const pauseMs = 20;
/** One run forgets no more of the audit log than this, from its oldest line on: a clock may be wrong. */
const auditStepMs = dayMs;

export interface ForgettingParts {
  readonly database: Database;
  readonly idempotency: Pick<IdempotencyStore, 'purge'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Forgets answers to requests that nobody repeats any more, and old lines of the audit log: once an hour, in pages. */
export class Forgetting {
  readonly #parts: ForgettingParts;
  #running = false;
  #cancel: Cancel = () => {};
  #page: Promise<void> = Promise.resolve();

  constructor(parts: ForgettingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#next(() => this.#begin());
  }

  /** Resolves when no page is being forgotten. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#page;
  }

  async #begin(): Promise<Run> {
    const { clock, database } = this.#parts;
    const now = clock.now();
    const auditBefore = now - auditKeptDays * dayMs;
    const oldest = (await oldestAudit(database.read)) ?? auditBefore;
    return this.#forget({
      idempotencyBefore: now - idempotencyKeptMs,
      auditBefore: Math.min(auditBefore, oldest + auditStepMs),
    });
  }

  async #forget(run: Run): Promise<Run> {
    const { idempotency, database } = this.#parts;
    const gone = [
      await idempotency.purge(run.idempotencyBefore, pageMax),
      await database.transaction((tx) => purgeAudit(tx, run.auditBefore, pageMax)),
    ];
    return { ...run, more: gone.some((count) => count >= pageMax) };
  }

  #next(work: () => Promise<Run>): void {
    this.#page = work().then(
      (run) => {
        if (run.more === true) this.#later(pauseMs, () => this.#forget(run));
        else this.#later(everyMs, () => this.#begin());
      },
      (error: unknown) => {
        this.#parts.logger.warn({ error }, 'forgetting.failed');
        this.#later(everyMs, () => this.#begin());
      },
    );
  }

  #later(delayMs: number, work: () => Promise<Run>): void {
    if (this.#running) this.#cancel = this.#parts.timers.after(delayMs, () => this.#next(work));
  }
}

interface Run {
  readonly idempotencyBefore: number;
  readonly auditBefore: number;
  readonly more?: boolean;
}
