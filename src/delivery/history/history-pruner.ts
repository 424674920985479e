import type { Database } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { Periodic } from '../../runtime/periodic.ts';
import type { Timers } from '../../runtime/timers.ts';
import { purgeVersions } from '../../webhooks/webhook-version-store.ts';
import { purgeHistory, type HistoryPosition } from './history-store.ts';

const dayMs = 86_400_000;
const everyMs = 3_600_000;
/** Deliveries per page. A page holds the event loop for a few milliseconds, so the pruner pauses between two. */
const pageMax = 500;
const pauseMinMs = 20;
/** It pauses for so many times what the page took: the busier the database, the more is left to the pushes. */
const pauseShare = 2;
/** The longest span of history that one run deletes: a clock that is wrong by a month must not cost a month. */
const stepMs = dayMs;

export interface HistoryPrunerParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Days that ended deliveries and their attempts are kept. */
  readonly historyDays: number;
}

/** Deletes old history in pages, once an hour. */
export class HistoryPruner {
  readonly #parts: HistoryPrunerParts;
  readonly #periodic: Periodic;
  #run: PrunerRun | undefined;

  constructor(parts: HistoryPrunerParts) {
    this.#parts = parts;
    this.#periodic = new Periodic(parts.timers, 'history pruning', () => this.#next());
  }

  start(): void {
    this.#periodic.start();
  }

  /** Resolves when no page is being deleted. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  async #next(): Promise<number> {
    const run = this.#run ?? this.#begin();
    const { clock } = this.#parts;
    const began = clock.monotonic();
    try {
      this.#run = await this.#deletePage(run);
      if (this.#run !== undefined) return Math.max(pauseMinMs, pauseShare * (clock.monotonic() - began));
      if (run.purged > 0) this.#parts.logger.info({ deliveries: run.purged }, 'history.purged');
    } catch (error) {
      this.#run = undefined;
      this.#parts.logger.warn({ error }, 'history.not_purged');
    }
    return everyMs;
  }

  #begin(): PrunerRun {
    const { clock, historyDays } = this.#parts;
    return { before: clock.now() - historyDays * dayMs, at: { eventTime: 0, deliveryId: '' }, purged: 0 };
  }

  /** @returns the run to continue; `undefined` when it is done. */
  async #deletePage(run: PrunerRun): Promise<PrunerRun | undefined> {
    const { database } = this.#parts;
    const page = await database.transaction((tx) =>
      purgeHistory(tx, database.dialect, { before: run.before, stepMs }, run.at, pageMax),
    );
    if (page.next === undefined) {
      await database.transaction((tx) => purgeVersions(tx, page.before));
      return undefined;
    }
    return { before: page.before, at: page.next, purged: run.purged + page.purged };
  }
}

interface PrunerRun {
  readonly before: number;
  readonly at: HistoryPosition;
  readonly purged: number;
}
