import type { QueryResult } from 'kysely';
import { DatabaseFailure } from './database.ts';
import type { SqliteHandle } from './sqlite-handle.ts';

/**
 * The one connection that writes. Calls are carried out one after the other, in the order in which they are made, so the
 * next one may be made before the answer to the one before it has come.
 */
export interface SqliteWriter {
  /**
   * Begins what transactions share. @throws DatabaseFailure `busy` while another program holds the file's lock; where
   * it is not waited for, all that follows tells it.
   */
  begin(): Promise<void>;
  /** Begins a transaction within it. What is wrong then is told by its statements. */
  open(): Promise<void>;
  /** After a statement of the transaction has failed, every further one fails too, as in PostgreSQL. */
  execute(text: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>>;
  /** Runs one statement for each list of parameters and says how many rows each one changed. */
  executeEach(text: string, lists: readonly (readonly unknown[])[]): Promise<number[]>;
  /** The same where nobody waits for the result: what is wrong may be told by `keep` only. */
  writeEach(text: string, lists: readonly (readonly unknown[])[]): Promise<void>;
  /** Ends a transaction well. @throws what its first failed statement threw, after taking it back. */
  keep(): Promise<void>;
  /** Takes a transaction back. @returns whether what transactions share still stands. */
  undo(): Promise<boolean>;
  /** @throws why all that was shared is lost. */
  commit(): Promise<void>;
  close(): Promise<void>;
}

/** What a writer does, where its handle is. */
export class SqliteWork {
  readonly #handle: SqliteHandle;
  /** The first statement of the transaction that failed. */
  #failure: unknown;
  #failed = false;
  /** What SQLite ended the shared transaction with by itself, as it does when the disk is full or fails. */
  #endedBy: unknown;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
  }

  begin(): void {
    this.#endedBy = undefined;
    try {
      this.#handle.execute('begin immediate');
    } catch (error) {
      this.#endedBy = error;
      throw error;
    }
  }

  open(): void {
    this.#failed = false;
    // Outside of a shared transaction the savepoint would be one of its own.
    if (this.#handle.inTransaction) this.#handle.execute('savepoint one');
  }

  execute(text: string, parameters: readonly unknown[]): QueryResult<unknown> {
    return this.#statement(() => this.#handle.execute(text, parameters));
  }

  executeEach(text: string, lists: readonly (readonly unknown[])[]): number[] {
    return this.#statement(() => this.#handle.executeEach(text, lists));
  }

  keep(): void {
    if (!this.#failed && this.#handle.inTransaction) {
      this.#handle.execute('release one');
      return;
    }
    const failure = this.#failed ? this.#failure : this.#gone();
    this.undo();
    throw failure;
  }

  undo(): boolean {
    if (!this.#handle.inTransaction) return false;
    try {
      this.#handle.execute('rollback to one');
      this.#handle.execute('release one');
      return true;
    } catch (error) {
      this.#endedBy = error;
      this.#rollback();
      return false;
    }
  }

  commit(): void {
    if (!this.#handle.inTransaction) throw this.#gone();
    try {
      this.#handle.execute('commit');
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  close(): void {
    this.#handle.close();
  }

  /** Nothing may run outside the transaction: it would be committed at once, alone. */
  #statement<Result>(work: () => Result): Result {
    if (this.#failed) throw new RefusedAfterFailure(this.#failure);
    try {
      if (!this.#handle.inTransaction) throw this.#gone();
      return work();
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      if (!this.#handle.inTransaction) this.#endedBy ??= error;
      throw error;
    }
  }

  #gone(): unknown {
    return this.#endedBy ?? new DatabaseFailure('unavailable', 'the database ended the transaction');
  }

  #rollback(): void {
    try {
      if (this.#handle.inTransaction) this.#handle.execute('rollback');
    } catch {
      // The error that led here is the one to tell; the next `begin` will say whether the file can be used at all.
    }
  }
}

class RefusedAfterFailure extends Error {
  constructor(cause: unknown) {
    super('a statement of this transaction has failed, so it can only be rolled back', { cause });
  }
}

/** A writer in the caller's own thread: every call holds the event loop until it is done. */
export function writerHere(handle: SqliteHandle): SqliteWriter {
  const work = new SqliteWork(handle);
  return {
    begin: async () => work.begin(),
    open: async () => work.open(),
    execute: async (text, parameters) => work.execute(text, parameters),
    executeEach: async (text, lists) => work.executeEach(text, lists),
    writeEach: async (text, lists) => {
      work.executeEach(text, lists);
    },
    keep: async () => work.keep(),
    undo: async () => work.undo(),
    commit: async () => work.commit(),
    close: async () => work.close(),
  };
}
