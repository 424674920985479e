import type { CompiledQuery, Expression, Kysely, RawBuilder } from 'kysely';
import type { SearchedKind, Sought } from './search-text.ts';
import type { NewRows, Tables } from './tables.ts';

/** Kysely's builder and, through `sql`, plain SQL: the same text on both databases. */
export type Query = Kysely<Tables>;

/** Named differences between the two databases. Store code uses these and never asks which database it is on. */
/** For {@link Dialect.within}. */
export interface PlaceSpan {
  readonly place: number;
  readonly from: number;
  readonly until: number;
}

export interface Dialect {
  /**
   * `column` is one of `values`, as one bound parameter, so that the statement's text does not depend on their number.
   */
  anyOf(column: string, values: readonly (string | number)[]): RawBuilder<boolean>;
  /** That parameter, for a statement that is built once. */
  listOf(values: readonly (string | number)[]): unknown;
  /**
   * Rows of one `place` in a span of time, both ends included, by an index of the two. A list of them is ordered by the place
   * and then by the time: PostgreSQL forgets to order equal places, and by statistics would take an index of the time alone.
   */
  within(columns: { readonly place: string; readonly time: string }, span: PlaceSpan): RawBuilder<boolean>;
  /** A table `wanted` with a column `value`, a JSON list for each row; `wanted.value ->> 0` is the first of its items. */
  tuples(rows: readonly (readonly (string | number)[])[]): RawBuilder<unknown>;
  /** The bytes of the whole database. */
  readonly bytes: RawBuilder<number>;
  /** Ends a `select` that locks its rows until the end of the transaction; empty on SQLite, which has one writer. */
  readonly forUpdate: RawBuilder<unknown>;
  /** A server answers: statements that are sent together wait once. On SQLite there is no wait, and each has its own cost. */
  readonly isServer: boolean;
  /** `text` contains `part`, ignoring case; every character of the part is literal. */
  contains(text: Expression<string> | string, part: string): RawBuilder<boolean>;
  /** The same with `*` in the part for any run of characters and `?` for any one. */
  like(text: Expression<string> | string, pattern: string): RawBuilder<boolean>;
  /** Some value in the JSON of a column, at any depth, contains `part`, ignoring case. */
  containsValue(column: string, part: string): RawBuilder<boolean>;
  /**
   * The JSON object of a column has the member with exactly the value of this JSON text. The object was written by
   * `JSON.stringify` and has no objects inside.
   */
  hasMember(column: string, name: string, json: string): RawBuilder<boolean>;
}

/** The handle of a transaction. Its changes are durable when the `transaction` call resolves, or never happened. */
export interface Transaction {
  readonly query: Query;
  /**
   * Inserts rows in one statement, or at its cost. All rows name the same columns. It does not wait for a server's answer:
   * a failure ends the transaction, and `transaction` throws it.
   */
  insertMany<T extends keyof Tables>(table: T, rows: readonly NewRows[T][]): Promise<void>;
  /**
   * Updates one row per entry where all of `match` is equal, and returns for each entry whether a row changed. All
   * entries name the same columns in the same order.
   */
  updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]>;
  /** As `updateMany` where nobody asks which rows changed: it waits for no answer either. */
  setMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void>;
  /** As `setMany`, and each entry must change a row: otherwise the transaction fails as a `conflict`. */
  changeAll<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void>;
  /**
   * Runs a statement whose rows are needed only once the transaction has ended. It waits for no answer; `heard` gets the rows
   * before the end is reported. A lost connection may leave it without an answer, and the commit in doubt.
   */
  ask<Row>(statement: CompiledQuery<Row>, heard: (rows: readonly Row[]) => void): Promise<void>;
  /** Resolves when nothing that was sent is without an answer. */
  answered(): Promise<void>;
  /** Begins to hold what `awaitEnds` of another transaction waits for, and resolves when it does. */
  mark(): Promise<TransactionMark>;
  /** Waits until these have ended, whatever has become of them. */
  awaitEnds(marks: readonly TransactionMark[]): Promise<void>;
  /** Lets the event loop go on if this transaction has held it for long: called between pieces of much work. */
  giveTurn(): Promise<void>;
  /** Runs when the change is durable, in the order of registration; not at all after a rollback. */
  afterCommit(work: () => void): void;
  /**
   * As `afterCommit`, and also when the outcome of the commit is unknown: for callbacks that are harmless when wrong.
   */
  hint(work: () => void): void;
  /**
   * The rows as they were before say themselves that something is missing, if the end of the log is lost: its commit need not
   * be counted.
   */
  needsNoCount(): void;
  /** Runs once when this run of the work is over, whatever has become of it. */
  whenEnded(work: (end: TransactionEnd) => void): void;
}

/** By which a transaction is known while it runs; later one may have the same. */
export type TransactionMark = number;

/** `in doubt`: its commit failed, and may have taken place all the same. */
export type TransactionEnd = 'committed' | 'rolled back' | 'in doubt';

/** So many of what a search may mean are looked at by their ids; of more, the newest are walked through. */
export const candidatesMax = 10_000;

/** What the search index says: which ones, or how to ask each row because they are many. */
export interface Found {
  readonly ids?: readonly string[];
  /** The text of the row contains the word: quicker than to look into its columns. */
  readonly holds?: (word: string) => RawBuilder<boolean>;
}

export interface RowChange<Row> {
  readonly match: Partial<Row>;
  readonly set: Partial<Row>;
}

export interface Database {
  /** For metrics and messages only. */
  readonly kind: 'sqlite' | 'postgres';
  readonly dialect: Dialect;
  /** Reads committed rows. Throws inside `transaction`, where it could wait for itself. */
  readonly read: Query;
  /**
   * The same for what may take long: lists, counts, searches. It holds up neither the event loop nor a change, and has a
   * limit of time.
   */
  readonly longRead: Query;
  /**
   * Incidents or alerts that may have all that is sought, by an index; the caller tests each again.
   * @returns undefined when the index cannot tell: there are `max` or more, the words are too common for it, or it is
   * missing or behind.
   */
  find(kind: SearchedKind, sought: Sought, max: number): Promise<Found | undefined>;
  /**
   * Runs `work` in a transaction. Transactions that wait at the same moment may share one commit; each still succeeds
   * or fails alone.
   * `work` awaits only its transaction, has no effects outside it, and may run again from the start after a deadlock or
   * a serialization failure.
   * @throws DatabaseFailure when the database cannot do it; anything that `work` throws, after rolling back.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Free bytes on its disk; absent where the disk is another machine's. */
  roomBytes?(): Promise<number>;
  /**
   * Acknowledged commits that are missing since it was last open, as after a lost write-ahead log or in an older copy;
   * absent where nobody can tell.
   */
  readonly lostCommits?: number;
  /** Says that what these commits have lost is dealt with; until then each start finds them missing again. */
  lossSettled?(): void;
  /** Resolves with the reason when it can be used no longer and only a new start can go on. */
  readonly gone?: Promise<DatabaseFailure>;
  /** For several nodes on one database; absent where only one process may use it. */
  readonly shared?: SharedDatabase;
  /** Waits for running transactions, then closes. */
  close(): Promise<void>;
}

export interface SharedDatabase {
  /** Like the database's own, on a separate connection, so that it never waits for a free one. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /**
   * Receives the messages of all nodes, this one included. Nothing may depend on them: messages may be lost.
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
 * `conflict`: a unique key is taken, or a row that was to change is not as expected · `busy`: a lock or a statement took too long · `full`: no space left ·
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

/** A row was there, or was not as expected. */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind === 'conflict';
}

/** Whether the same work may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind !== 'conflict' && error.kind !== 'broken';
}
