import type { Clock } from '../../runtime/clock.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import { named, resumed } from '../../runtime/work.ts';
import { DatabaseFailure, type Transaction } from '../database.ts';
import { callersContext, inside, refuseInside } from '../transaction-scope.ts';
import { LoopTurn } from '../loop-turn.ts';
import type { CommitCount } from './commit-count.ts';
import type { FileGuard } from './file-guard.ts';
import type { WalSync } from './wal-sync.ts';
import type { SqliteHandle } from './handle.ts';
import { SqliteTransaction } from './transaction.ts';

/** Transactions per commit. */
export const groupMax = 256;
/** A group accepts transactions for this long; with the commit, about the longest time that it holds the event loop. */
export const groupMs = 20;
/** The longest time that one transaction may do nothing: work that awaits something else blocks all others. */
export const workMaxMs = 5_000;
/** The longest wait for another program's lock on the file. */
export const lockWaitMs = 2_000;
/** Waiting transactions. */
export const waitingMax = 10_000;

const lockRetryFirstMs = 2;
const lockRetryMaxMs = 50;

/**
 * Runs transactions one after the other, many per commit, because the commit is the expensive part: a sync of the disk.
 * Each but the first is a savepoint inside the shared transaction, so each succeeds or fails alone. The first has nothing before
 * it to be spared, and SQLite keeps a copy of every page that a savepoint changes. None is answered before the
 * commit is on the disk, not even with a refusal, which may rest on a neighbour's rows. A `BatchQueue` before it makes one
 * transaction of many jobs of one kind, and so saves statements, not syncs.
 */
export class GroupCommit {
  readonly #handle: SqliteHandle;
  readonly #beside: Beside;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #turn: LoopTurn;
  readonly #waiting: WaitingTransaction[] = [];
  #idle: Promise<void> | undefined;
  #closed = false;

  constructor(handle: SqliteHandle, ports: { clock: Clock; timers: Timers }, beside: Beside = {}) {
    this.#handle = handle;
    this.#beside = beside;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#turn = new LoopTurn(ports);
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

  /** Ends when nothing waits. The event loop gets its turn between two groups. */
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
    this.#turn.begin();
    const group: Ended[] = [];
    const until = this.#clock.monotonic() + groupMs;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      group.push(await this.#runOne(next, group.length === 0));
      const full = group.length >= groupMax || this.#clock.monotonic() >= until;
      if (full || !this.#handle.inTransaction) break;
    }
    const lost = named('commit', () => this.#commit(group)) ?? (await this.#makeDurable());
    for (const ended of group) tell(ended, lost);
  }

  /** Waits outside of SQLite, so that timers and sockets go on while another program holds the lock. */
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

  async #runOne(waiting: WaitingTransaction, isFirst: boolean): Promise<Ended> {
    const tx = new SqliteTransaction(this.#handle, this.#turn);
    try {
      if (!isFirst) this.#handle.execute('savepoint one');
      const value = await this.#bounded(
        waiting.context(() => {
          resumed();
          return inside(tx, async () => waiting.work(tx));
        }),
      );
      tx.open = false;
      if (tx.failure !== undefined) throw tx.failure;
      if (!isFirst) this.#handle.execute('release one');
      return { waiting, tx, value };
    } catch (error) {
      tx.open = false;
      return { waiting, tx, error: this.#undo(isFirst) ?? error };
    }
  }

  #bounded<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const watch = (ms: number): Cancel =>
        this.#timers.after(ms, () => {
          // One that has much to write gives the event loop its turns meanwhile. A process that stood still while it did
          // finds this timer due before the turn has ended.
          const leftMs = this.#turn.isGiven ? workMaxMs : this.#turn.since + workMaxMs - this.#clock.monotonic();
          if (leftMs > 0) cancel = watch(leftMs);
          else {
            const message = `a transaction did nothing for ${workMaxMs} ms: its work may await nothing but its transaction`;
            reject(new Error(message));
          }
        });
      let cancel = watch(workMaxMs);
      void work.then(resolve, reject).finally(() => cancel());
    });
  }

  /** Rolls one transaction back; returns the error when that fails, and then the whole group is lost. */
  #undo(isFirst: boolean): unknown {
    if (!this.#handle.inTransaction) return undefined;
    try {
      for (const statement of isFirst ? undoFirst : undoOne) this.#handle.execute(statement);
      return undefined;
    } catch (error) {
      this.#rollback();
      return error;
    }
  }

  /** Returns the reason when the whole group is lost. */
  #commit(group: readonly Ended[]): unknown {
    if (!this.#handle.inTransaction) {
      // SQLite has rolled back the whole group: the disk is full or failed, and the last transaction met that.
      const last = group.at(-1);
      return (
        last?.tx.failure ?? last?.error ?? new DatabaseFailure('unavailable', 'the database ended the transaction')
      );
    }
    try {
      this.#beside.count?.count(group.some(({ tx }) => tx.isCounted));
      this.#handle.execute('commit');
      return undefined;
    } catch (error) {
      this.#rollback();
      return error;
    }
  }

  /** Returns the reason when what was committed will not last. */
  async #makeDurable(): Promise<unknown> {
    const { log, count, guard } = this.#beside;
    await log?.sync();
    count?.committed();
    return guard?.fault();
  }

  #rollback(): void {
    try {
      if (this.#handle.inTransaction) this.#handle.execute('rollback');
    } catch {
      // Report the error that led here; the next `begin` will show whether the file is usable.
    }
  }
}

const undoFirst = ['rollback', 'begin immediate'];
const undoOne = ['rollback to one', 'release one'];

/** What stands beside the handle for its commits. */
export interface Beside {
  /** Syncs committed pages; without it, the handle's commits do. */
  readonly log?: WalSync | undefined;
  readonly count?: CommitCount;
  readonly guard?: FileGuard;
}

type TransactionWork = (tx: Transaction) => Promise<unknown>;
type Resolve = (value: unknown) => void;

interface WaitingTransaction {
  readonly work: TransactionWork;
  readonly context: <Result>(work: () => Result) => Result;
  readonly resolve: Resolve;
  readonly reject: (error: unknown) => void;
}

interface Ended {
  readonly waiting: WaitingTransaction;
  readonly tx: SqliteTransaction;
  readonly value?: unknown;
  readonly error?: unknown;
}

function tell(ended: Ended, lost: unknown): void {
  const { waiting, tx } = ended;
  const end = 'error' in ended ? 'rolled back' : lost === undefined ? 'committed' : 'in doubt';
  waiting.context(() => tx.ended(end));
  if (lost !== undefined) return waiting.reject(lost);
  return 'error' in ended ? waiting.reject(ended.error) : waiting.resolve(ended.value);
}
