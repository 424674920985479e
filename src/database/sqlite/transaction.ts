import type { CompiledQuery } from 'kysely';
import {
  DatabaseFailure,
  type Query,
  type RowChange,
  type Transaction,
  type TransactionEnd,
  type TransactionMark,
} from '../database.ts';
import { resumed } from '../../runtime/work.ts';
import type { Scope } from '../transaction-scope.ts';
import { queryOn } from '../query-on.ts';
import type { LoopTurn } from '../loop-turn.ts';
import type { SqliteHandle } from './handle.ts';
import type { NewRows, Tables } from '../tables.ts';
import { columnar, quoted, StatementTexts, type Columnar } from '../values.ts';

/** Rows of one table that are written in one go, at most. */
const rowsAtOnce = 250;

/** One transaction on the writer's handle, while its work runs. */
export class SqliteTransaction implements Transaction, Scope {
  open = true;
  /** The first failed statement. It ends the transaction, as in PostgreSQL, even when the work goes on. */
  failure: Error | undefined;
  isCounted = true;
  readonly #handle: SqliteHandle;
  readonly #turn: LoopTurn;
  readonly #whenEnded: ((end: TransactionEnd) => void)[] = [];
  #query: Query | undefined;
  /** The last statement, while it waits for its turn. */
  #last: Promise<unknown> | undefined;

  constructor(handle: SqliteHandle, turn: LoopTurn) {
    this.#handle = handle;
    this.#turn = turn;
  }

  /** Made on first use: many transactions only write rows. */
  get query(): Query {
    return (this.#query ??= queryOn('sqlite', (compiled: CompiledQuery) =>
      this.#use((handle) => handle.execute(compiled.sql, compiled.parameters)),
    ));
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly NewRows[T][]): Promise<void> {
    await this.#useEach(rows, (handle, some) => {
      const { columns, lists } = columnar(some, table);
      handle.executeEach(insertText(table, columns), lists);
      return [];
    });
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    return this.#useEach(changes, (handle, some) => {
      const { set, match } = columnsOfChanges(table, some);
      const lists = set.lists.map((values, index) => [...values, ...(match.lists[index] ?? [])]);
      return handle.executeEach(updateText(table, set.columns, match.columns), lists).map((count) => count > 0);
    });
  }

  async setMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void> {
    await this.updateMany(table, changes);
  }

  async changeAll<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void> {
    const changed = await this.updateMany(table, changes);
    if (!changed.includes(false)) return;
    throw (this.failure ??= new DatabaseFailure('conflict', 'a row that was to change is not as expected'));
  }

  async answered(): Promise<void> {}

  async ask<Row>(statement: CompiledQuery<Row>, heard: (rows: readonly Row[]) => void): Promise<void> {
    const { rows } = await this.#use((handle) => handle.execute(statement.sql, statement.parameters));
    resumed();
    heard(rows as readonly Row[]);
  }

  /** There is one writer: another transaction begins only when this one has ended. */
  async mark(): Promise<TransactionMark> {
    return 0;
  }

  async awaitEnds(): Promise<void> {}

  async giveTurn(): Promise<void> {
    if (this.#turn.isDue) await this.#inOrder(async () => {});
  }

  afterCommit(work: () => void): void {
    this.whenEnded((end) => {
      if (end === 'committed') work();
    });
  }

  /** A failed commit is rolled back here, or ends the process. */
  hint(work: () => void): void {
    this.afterCommit(work);
  }

  needsNoCount(): void {
    this.isCounted = false;
  }

  whenEnded(work: (end: TransactionEnd) => void): void {
    if (!this.open) throw new Error('the transaction has ended: nothing can be added to it');
    this.#whenEnded.push(work);
  }

  ended(end: TransactionEnd): void {
    runAll(this.#whenEnded, end);
  }

  /** In pieces, between which the event loop may have its turn. */
  async #useEach<Item, Result>(
    items: readonly Item[],
    work: (handle: SqliteHandle, some: readonly Item[]) => readonly Result[],
  ): Promise<Result[]> {
    if (items.length === 0) return [];
    if (items.length <= rowsAtOnce) return [...(await this.#use((handle) => work(handle, items)))];
    return this.#inOrder(async () => {
      const results: Result[] = [];
      for (let from = 0; from < items.length; from += rowsAtOnce) {
        if (this.#turn.isDue) await this.#turn.give();
        results.push(...(await this.#run((handle) => work(handle, items.slice(from, from + rowsAtOnce)))));
      }
      return results;
    });
  }

  async #use<Result>(work: (handle: SqliteHandle) => Result): Promise<Result> {
    if (this.#last === undefined && !this.#turn.isDue) return this.#run(work);
    return this.#inOrder(() => this.#run(work));
  }

  /** Statements run in the order of their calls, also where one of them waits for its turn. */
  async #inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#last ?? Promise.resolve();
    const mine = before.then(async () => {
      if (this.#turn.isDue) await this.#turn.give();
      return work();
    });
    const ended = mine.then(
      () => {},
      () => {},
    );
    this.#last = ended;
    try {
      return await mine;
    } finally {
      if (this.#last === ended) this.#last = undefined;
    }
  }

  /** Refuses statements outside the transaction: they would be committed at once, alone. */
  async #run<Result>(work: (handle: SqliteHandle) => Result): Promise<Result> {
    if (!this.open) throw new Error('the transaction has ended: await every statement in its work');
    // The first failure is the reason, whichever of several statements is heard first.
    if (this.failure !== undefined) throw this.failure;
    try {
      if (!this.#handle.inTransaction) throw new DatabaseFailure('unavailable', 'the database ended the transaction');
      return work(this.#handle);
    } catch (error) {
      this.failure = asError(error);
      throw error;
    }
  }
}

/** One that throws is a bug: it surfaces as an uncaught exception, and the others still run. */
export function runAll(callbacks: readonly ((end: TransactionEnd) => void)[], end: TransactionEnd): void {
  for (const callback of callbacks) {
    try {
      callback(end);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Only errors are thrown here, which the types cannot express. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('a value that is no error was thrown', { cause: error });
}

/** @throws TypeError when the changes do not name the same columns, or match a null, which equals nothing. */
export function columnsOfChanges(
  table: string,
  changes: readonly RowChange<object>[],
): { set: Columnar; match: Columnar } {
  const match = columnar(
    changes.map((change) => change.match),
    `${table}, match`,
  );
  if (match.lists.some((values) => values.includes(null))) {
    throw new TypeError(`a change of ${table} matches null, which equals nothing`);
  }
  const set = columnar(
    changes.map((change) => change.set),
    `${table}, set`,
  );
  return { set, match };
}

const texts = new StatementTexts();

function insertText(table: string, columns: readonly string[]): string {
  return texts.of(`insert ${table}`, columns, () => {
    const places = columns.map(() => '?').join(', ');
    return `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) values (${places})`;
  });
}

function updateText(table: string, set: readonly string[], match: readonly string[]): string {
  return texts.of(`update ${table} ${match.length}`, [...match, ...set], () => {
    const equals = (column: string) => `${quoted(column)} = ?`;
    return `update ${quoted(table)} set ${set.map(equals).join(', ')} where ${match.map(equals).join(' and ')}`;
  });
}
