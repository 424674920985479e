import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { Periodic } from '../runtime/periodic.ts';
import type { Timers } from '../runtime/timers.ts';
import { oldestAudit, purgeAudit } from './audit-store.ts';
import { idempotencyKeptMs, type IdempotencyStore } from './idempotency-store.ts';
import { ageMaxMs, idleMaxMs } from './session.ts';
import type { SessionStore } from './session-store.ts';
import { purgeSpentLinks } from './sign-in-link-store.ts';

const dayMs = 86_400_000;
/** Days that audit lines are kept. */
export const auditKeptDays = 365;
const everyMs = 3_600_000;
/** Rows per statement. A statement holds the event loop for a few milliseconds, so the worker pauses between two. */
const pageMax = 500;
const pauseMs = 20;
/** The longest span of the audit log that one run deletes, from its oldest line on: the clock may be wrong. */
const auditStepMs = dayMs;

export interface ExpiryWorkerParts {
  readonly database: Database;
  readonly idempotency: Pick<IdempotencyStore, 'purge'>;
  readonly sessions: Pick<SessionStore, 'purge'>;
  /** Deletes what another room has kept for long enough, `max` rows at most. @returns how many. */
  readonly purgeChanges: (now: number, max: number) => Promise<number>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Deletes expired idempotency answers, sessions, used links, audit lines and changes, once an hour, in pages. */
export class ExpiryWorker {
  readonly #parts: ExpiryWorkerParts;
  readonly #periodic: Periodic;
  /** The limits of a run with pages left. */
  #run: ExpiryRun | undefined;

  constructor(parts: ExpiryWorkerParts) {
    this.#parts = parts;
    this.#periodic = new Periodic(parts.timers, 'expiry', () => this.#next());
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when no page is being deleted. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  async #next(): Promise<number> {
    try {
      const run = this.#run ?? (await this.#begin());
      this.#run = (await this.#deletePages(run)) ? run : undefined;
    } catch (error) {
      this.#run = undefined;
      this.#parts.logger.warn({ error }, 'forgetting.failed');
    }
    return this.#run === undefined ? everyMs : pauseMs;
  }

  async #begin(): Promise<ExpiryRun> {
    const { clock, database } = this.#parts;
    const now = clock.now();
    const auditBefore = now - auditKeptDays * dayMs;
    const oldest = (await oldestAudit(database.read)) ?? auditBefore;
    return { now, auditBefore: Math.min(auditBefore, oldest + auditStepMs) };
  }

  /** @returns whether there is more. */
  async #deletePages({ now, auditBefore }: ExpiryRun): Promise<boolean> {
    const { idempotency, sessions, database, purgeChanges } = this.#parts;
    const ended = { createdAt: now - ageMaxMs, seenAt: now - idleMaxMs };
    const gone = [
      await idempotency.purge(now - idempotencyKeptMs, pageMax),
      await database.transaction((tx) => purgeAudit(tx, auditBefore, pageMax)),
      await database.transaction((tx) => sessions.purge(tx, ended, pageMax)),
      await database.transaction((tx) => purgeSpentLinks(tx, now, pageMax)),
      await purgeChanges(now, pageMax),
    ];
    return gone.some((count) => count >= pageMax);
  }
}

interface ExpiryRun {
  readonly now: number;
  readonly auditBefore: number;
}
