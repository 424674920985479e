import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure, type Transaction } from './database.ts';
import { callersContext, inside, refuseInside } from './inside.ts';
import type { LogSync } from './log-sync.ts';
import type { SqliteHandle } from './sqlite-handle.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';

/** How many transactions share a commit at most. */
export const groupMax = 256;
/** How long a group takes in further transactions; with the commit, about the longest that it holds the event loop. */
export const groupMs = 20;
/** How long one transaction may take before it is given up: its work awaits something else, which holds all the others. */
export const workMaxMs = 5_000;
/** How long another program's lock on the file is waited for. */
export const lockWaitMs = 2_000;
/** How many transactions may wait for their turn. */
export const waitingMax = 10_000;

const lockRetryFirstMs = 2;
const lockRetryMaxMs = 50;

/**
 * Runs transactions one after the other, many to one commit, since it is the commit that costs: a sync of the disk.
 * Each is a savepoint of its own inside the shared transaction, so each stands or falls alone; but none has an answer
 * before the commit is on the disk, since a refusal too may rest on what a neighbour wrote.
 */
export class GroupCommit {
  readonly #handle: SqliteHandle;
  readonly #log: LogSync | undefined;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #waiting: Waiting[] = [];
  #idle: Promise<void> | undefined;
  #closed = false;

  /** @param log syncs what is committed; without it the handle's own commits do. */
  constructor(handle: SqliteHandle, ports: { clock: Clock; timers: Timers }, log?: LogSync) {
    this.#handle = handle;
    this.#log = log;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
  }

  add<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      refuseInside('database.transaction', 'use the transaction that is open');
      if (this.#closed) throw new DatabaseFailure('unavailable', 'the database is closed');
      if (this.#waiting.length >= waitingMax) throw new DatabaseFailure('busy', 'too many transactions wait');
      this.#waiting.push({ work, context: callersContext(), resolve: resolve as Resolve, reject });
      this.#idle ??= this.#runGroups();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#idle;
  }

  /** Ends when nothing waits. Between two groups the event loop gets its turn. */
  async #runGroups(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => void this.#timers.soon(resolve));
      await this.#runGroup();
    }
    this.#idle = undefined;
  }

  async #runGroup(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0, groupMax)) reject(error);
      return;
    }
    const group: Ended[] = [];
    const until = this.#clock.monotonic() + groupMs;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      group.push(await this.#runOne(next));
      const full = group.length >= groupMax || this.#clock.monotonic() >= until;
      if (full || !this.#handle.inTransaction) break;
    }
    const lost = this.#commit(group.at(-1));
    if (lost === undefined) await this.#log?.sync();
    for (const ended of group) tell(ended, lost);
  }

  /** Waits outside of SQLite, so that timers and sockets go on, whoever holds the lock. */
  async #begin(): Promise<void> {
    const until = this.#clock.monotonic() + lockWaitMs;
    for (let delayMs = lockRetryFirstMs; ; delayMs = Math.min(delayMs * 2, lockRetryMaxMs)) {
      try {
        this.#handle.execute('begin immediate');
        return;
      } catch (error) {
        const isBusy = error instanceof DatabaseFailure && error.kind === 'busy';
        if (!isBusy || this.#clock.monotonic() + delayMs > until) throw error;
      }
      await new Promise<void>((resolve) => void this.#timers.after(delayMs, resolve));
    }
  }

  async #runOne(waiting: Waiting): Promise<Ended> {
    const tx = new SqliteTransaction(this.#handle);
    try {
      this.#handle.execute('savepoint one');
      const value = await this.#bounded(waiting.context(() => inside(tx, async () => waiting.work(tx))));
      tx.open = false;
      if (tx.failure !== undefined) throw tx.failure;
      this.#handle.execute('release one');
      return { waiting, tx, value };
    } catch (error) {
      tx.open = false;
      return { waiting, tx, error: this.#undo() ?? error };
    }
  }

  #bounded<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const cancel = this.#timers.after(workMaxMs, () => {
        reject(
          new Error(`a transaction took more than ${workMaxMs} ms: its work may await nothing but its transaction`),
        );
      });
      void work.then(resolve, reject).finally(cancel);
    });
  }

  /** Takes one transaction back; gives the error when even that fails, and then the whole group is lost. */
  #undo(): unknown {
    if (!this.#handle.inTransaction) return undefined;
    try {
      this.#handle.execute('rollback to one');
      this.#handle.execute('release one');
      return undefined;
    } catch (error) {
      this.#rollback();
      return error;
    }
  }

  /** Gives the reason when the group is lost as a whole. */
  #commit(last: Ended | undefined): unknown {
    if (!this.#handle.inTransaction) {
      // SQLite has rolled back all of it by itself: the disk is full or failed, and the last transaction met that.
      return (
        last?.tx.failure ?? last?.error ?? new DatabaseFailure('unavailable', 'the database ended the transaction')
      );
    }
    try {
      this.#handle.execute('commit');
      return undefined;
    } catch (error) {
      this.#rollback();
      return error;
    }
  }

  #rollback(): void {
    try {
      if (this.#handle.inTransaction) this.#handle.execute('rollback');
    } catch {
      // The error that led here is the one to tell; the next `begin` will say whether the file can be used at all.
    }
  }
}

type Work = (tx: Transaction) => Promise<unknown>;
type Resolve = (value: unknown) => void;

interface Waiting {
  readonly work: Work;
  readonly context: <Result>(work: () => Result) => Result;
  readonly resolve: Resolve;
  readonly reject: (error: unknown) => void;
}

interface Ended {
  readonly waiting: Waiting;
  readonly tx: SqliteTransaction;
  readonly value?: unknown;
  readonly error?: unknown;
}

function tell(ended: Ended, lost: unknown): void {
  const { waiting, tx } = ended;
  if (lost !== undefined) return waiting.reject(lost);
  if ('error' in ended) return waiting.reject(ended.error);
  waiting.context(() => runAll(tx.callbacks));
  return waiting.resolve(ended.value);
}

/** One that throws is a bug: it surfaces as an uncaught exception, and the others run all the same. */
export function runAll(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) {
    try {
      callback();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
