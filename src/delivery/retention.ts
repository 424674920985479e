import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import { purgeHistory, type HistoryPosition } from './history-store.ts';

const dayMs = 86_400_000;
const everyMs = 3_600_000;
/** Deliveries in one page. A page holds the event loop for a few milliseconds, so there is a pause between two. */
const pageMax = 500;
const pauseMs = 20;
/** One run forgets no more than this much of history: a clock that is wrong by a month must not cost a month. */
const stepMs = dayMs;

export interface RetentionParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Days that ended deliveries and their attempts are kept. */
  readonly historyDays: number;
}

/** Forgets old history, a page at a time, once an hour. */
export class Retention {
  readonly #parts: RetentionParts;
  #cancel: Cancel = () => {};
  #running = false;
  #page: Promise<void> = Promise.resolve();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#begin();
  }

  /** Resolves when no page is being forgotten. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#page;
  }

  #begin(): void {
    const { clock, historyDays } = this.#parts;
    this.#forget({ before: clock.now() - historyDays * dayMs, at: { eventTime: 0, deliveryId: '' }, purged: 0 });
  }

  #forget(run: Run): void {
    this.#page = this.#forgetPage(run).then(
      (next) => this.#continue(run, next),
      (error: unknown) => {
        this.#parts.logger.warn({ error }, 'history.not_purged');
        this.#later(everyMs, () => this.#begin());
      },
    );
  }

  async #forgetPage(run: Run): Promise<Run | undefined> {
    const { database } = this.#parts;
    const page = await database.transaction((tx) =>
      purgeHistory(tx, database.dialect, { before: run.before, stepMs }, run.at, pageMax),
    );
    if (page.next === undefined) return undefined;
    return { before: page.before, at: page.next, purged: run.purged + page.purged };
  }

  #continue(run: Run, next: Run | undefined): void {
    if (next !== undefined) return this.#later(pauseMs, () => this.#forget(next));
    if (run.purged > 0) this.#parts.logger.info({ deliveries: run.purged }, 'history.purged');
    this.#later(everyMs, () => this.#begin());
  }

  #later(delayMs: number, work: () => void): void {
    if (this.#running) this.#cancel = this.#parts.timers.after(delayMs, work);
  }
}

interface Run {
  readonly before: number;
  readonly at: HistoryPosition;
  readonly purged: number;
}
