import { DatabaseFailure, type Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Timers } from '../runtime/timers.ts';
import { settleDeliveries, type Result } from './delivery-store.ts';

/** Results in one transaction. */
const batchMax = 500;
/** After a database that could not: results wait in memory meanwhile, no more of them than there are slots. */
const retryMs = 500;

export interface SettlerParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly at: CrashPoints;
  readonly logger: Logger;
}

/** Writes results in batches, one transaction at a time, and tells when each is durable. It never gives one up. */
export class Settler {
  readonly #parts: SettlerParts;
  readonly #settled: (result: Result, counted: boolean) => void;
  #waiting: Result[] = [];
  #busy = false;

  constructor(parts: SettlerParts, settled: (result: Result, counted: boolean) => void) {
    this.#parts = parts;
    this.#settled = settled;
  }

  add(result: Result): void {
    this.#waiting.push(result);
    if (this.#busy) return;
    this.#busy = true;
    // What ends in this turn of the loop shares the transaction.
    this.#parts.timers.soon(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        await this.#write(batch);
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.#parts.logger.warn({ waiting: batch.length + this.#waiting.length, error }, 'results.not_written');
        this.#waiting = [...batch, ...this.#waiting];
        this.#parts.timers.after(retryMs, () => void this.#flush());
        return;
      }
    }
    this.#busy = false;
  }

  async #write(batch: readonly Result[]): Promise<void> {
    try {
      const counted = await this.#settle(batch);
      for (const [index, result] of batch.entries()) this.#settled(result, counted[index] === true);
    } catch (error) {
      if (isPassing(error)) throw error;
      await this.#writeSingly(batch, error);
    }
  }

  /** Something in the batch cannot be stored: the others must not suffer, and its outcome matters more than its bodies. */
  async #writeSingly(batch: readonly Result[], cause: unknown): Promise<void> {
    this.#parts.logger.error({ results: batch.length, error: cause }, 'results.written_singly');
    for (const result of batch) {
      const bare = { ...result, responseHeadersJson: '', responseBody: '[could not be stored]' };
      const counted = await this.#settle([result]).catch((error: unknown) => {
        if (isPassing(error)) throw error;
        return this.#settle([bare]);
      });
      this.#settled(result, counted[0] === true);
    }
  }

  #settle(results: readonly Result[]): Promise<boolean[]> {
    const { database, clock, at } = this.#parts;
    return database.transaction(async (tx) => {
      const counted = await settleDeliveries(tx, database.dialect, results, clock.now());
      at('settle.before-commit');
      return counted;
    });
  }
}

/** The database could not do it now, and may later. */
export function isPassing(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind !== 'conflict' && error.kind !== 'broken';
}
