import type { Expression, Kysely, RawBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** Kysely's builder and, through `sql`, plain SQL: the same text on both databases. */
export type Query = Kysely<Tables>;

/**
 * What differs between the two dialects, each difference with a name. Store code uses these and never asks which
 * database it is on.
 */
export interface Dialect {
  /** `column` is one of `values`, as one bound parameter, so that the statement's text does not depend on their number. */
  anyOf(column: string, values: readonly (string | number)[]): RawBuilder<boolean>;
  /** Ends a `select` that takes row locks until the end of the transaction; nothing where there is one writer. */
  readonly forUpdate: RawBuilder<unknown>;
  /** `text` contains `part`, ignoring case; the part is literal, whatever characters it has. */
  contains(text: Expression<string> | string, part: string): RawBuilder<boolean>;
}

/** A transaction's hands. Everything through them is durable when the `transaction` call resolves, or never happened. */
export interface Transaction {
  readonly query: Query;
  /** Inserts rows with one statement's cost each or less. All rows name the same columns. */
  insertMany<T extends keyof Tables>(table: T, rows: readonly Tables[T][]): Promise<void>;
  /**
   * Updates one row per entry where all of `match` is equal, and says for each entry whether a row changed.
   * All entries name the same columns, in the same order.
   */
  updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]>;
  /** Runs once the change is durable, in the order of registration; not at all when it is rolled back. */
  afterCommit(work: () => void): void;
  /** As `afterCommit`, and also when nobody knows whether it is durable: for what does no harm where it is wrong. */
  hint(work: () => void): void;
}

export interface RowChange<Row> {
  readonly match: Partial<Row>;
  readonly set: Partial<Row>;
}

export interface Database {
  /** For metrics and messages only. */
  readonly kind: 'sqlite' | 'postgres';
  readonly dialect: Dialect;
  /** Reads what is committed. Throws when used inside `transaction`, where it could wait for itself. */
  readonly read: Query;
  /**
   * Runs `work` in a transaction. Transactions that wait at the same moment may share one commit; each still stands or
   * falls alone. `work` awaits nothing but its transaction, has no effects outside it, and may run again from the start
   * after a deadlock or a serialization failure.
   * @throws DatabaseFailure when the database cannot do it; whatever `work` throws, after rolling back.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Bytes left on the disk that it lies on; absent where that is another machine's. */
  roomBytes?(): Promise<number>;
  /** What several nodes on one database need; absent where one process at a time may use it. */
  readonly shared?: SharedDatabase;
  /** Waits for running transactions, then closes. */
  close(): Promise<void>;
}

export interface SharedDatabase {
  /** As the database's own, on a connection of its own: whatever else runs, it need not wait for one. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /**
   * Begins to hear what nodes say to each other, oneself included. Nothing may rest on it: what is said may get lost.
   * @param heard gets each message, and `undefined` when some may have been missed.
   */
  listen(heard: (message: string | undefined) => void): Hearing;
}

export interface Hearing {
  /** Up to 8,000 bytes. Never rejects. */
  say(message: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * `conflict`: a unique key is taken · `busy`: a lock or a statement took too long · `full`: no space left ·
 * `unavailable`: not reachable, or the outcome of a commit is not known · `broken`: the file is not a sound database.
 */
export type DatabaseFailureKind = 'conflict' | 'busy' | 'full' | 'unavailable' | 'broken';

export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure';
  readonly kind: DatabaseFailureKind;

  constructor(kind: DatabaseFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}
