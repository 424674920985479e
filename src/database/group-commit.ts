import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure, type Transaction } from './database.ts';
import { callersContext, inside, refuseInside } from './inside.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
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
 * before the commit, since a refusal too may rest on what a neighbour wrote.
 */
export class GroupCommit {
  readonly #writer: SqliteWriter;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #waiting: Waiting[] = [];
  #idle: Promise<void> | undefined;
  #onAdded: () => void = () => {};
  #closed = false;

  constructor(writer: SqliteWriter, ports: { clock: Clock; timers: Timers }) {
    this.#writer = writer;
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
      this.#onAdded();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#idle;
  }

  /** Ends when nothing waits. Between two groups the event loop gets its turn, and while one is written the next runs. */
  async #runGroups(): Promise<void> {
    let before = Promise.resolve();
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => void this.#timers.soon(resolve));
      const group = await this.#runGroup(before);
      before = this.#end(group);
      if (this.#waiting.length === 0) await before;
    }
    this.#idle = undefined;
  }

  /** Takes in what comes until the group before it is written, since it could not be written any sooner. */
  async #runGroup(before: Promise<void>): Promise<readonly Ended[]> {
    try {
      await this.#begin();
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0, groupMax)) reject(error);
      return [];
    }
    let mayEnd = false;
    const isWritten = before.then(() => (mayEnd = true));
    const group: Ended[] = [];
    const until = this.#clock.monotonic() + groupMs;
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        const ended = await this.#runOne(next);
        group.push(ended);
        if (group.length >= groupMax || this.#clock.monotonic() >= until || ended.lostGroup) break;
      } else {
        if (mayEnd) break;
        await Promise.race([isWritten, new Promise<void>((resolve) => (this.#onAdded = resolve))]);
      }
    }
    await before;
    return group;
  }

  async #end(group: readonly Ended[]): Promise<void> {
    if (group.length === 0) return;
    const lost = await this.#commit();
    for (const ended of group) await tell(ended, lost);
  }

  /** Waits outside of SQLite, so that timers and sockets go on, whoever holds the lock. */
  async #begin(): Promise<void> {
    const until = this.#clock.monotonic() + lockWaitMs;
    for (let delayMs = lockRetryFirstMs; ; delayMs = Math.min(delayMs * 2, lockRetryMaxMs)) {
      try {
        await this.#writer.begin();
        return;
      } catch (error) {
        const isBusy = error instanceof DatabaseFailure && error.kind === 'busy';
        if (!isBusy || this.#clock.monotonic() + delayMs > until) throw error;
      }
      await new Promise<void>((resolve) => void this.#timers.after(delayMs, resolve));
    }
  }

  async #runOne(waiting: Waiting): Promise<Ended> {
    const tx = new SqliteTransaction(this.#writer);
    try {
      void unawaited(this.#writer.open());
      const value = await this.#bounded(waiting.context(() => inside(tx, async () => waiting.work(tx))));
      tx.open = false;
      if (tx.failure !== undefined) throw tx.failure;
      return { waiting, tx, value, kept: unawaited(this.#writer.keep()), lostGroup: false };
    } catch (error) {
      tx.open = false;
      return { waiting, tx, error, lostGroup: !(await this.#writer.undo()) };
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

  /** Gives the reason when the group is lost as a whole. */
  async #commit(): Promise<{ readonly reason: unknown } | undefined> {
    try {
      await this.#writer.commit();
      return undefined;
    } catch (reason) {
      return { reason };
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
  /** Settles before the commit does. */
  readonly kept?: Promise<void>;
  readonly error?: unknown;
  /** It took the transaction with it that it shared. */
  readonly lostGroup: boolean;
}

async function tell(ended: Ended, lost: { readonly reason: unknown } | undefined): Promise<void> {
  const { waiting, tx } = ended;
  if (lost !== undefined) return waiting.reject(lost.reason);
  if ('error' in ended) return waiting.reject(ended.error);
  try {
    await ended.kept;
  } catch (error) {
    return waiting.reject(error);
  }
  waiting.context(() => runAll(tx.callbacks));
  return waiting.resolve(ended.value);
}

/** Its answer is looked at later, or told by what follows it. */
function unawaited(answer: Promise<void>): Promise<void> {
  answer.catch(() => {});
  return answer;
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
