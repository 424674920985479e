import type { CompiledQuery } from 'kysely';
import { DatabaseFailure, type Query, type RowChange, type Transaction } from './database.ts';
import type { Scope } from './inside.ts';
import { queryOn } from './query-on.ts';
import type { SqliteHandle } from './sqlite-handle.ts';
import type { Tables } from './tables.ts';
import { columnar, quoted, StatementTexts, type Columnar } from './values.ts';

/** One transaction's share of the writer's handle, for as long as its work runs. */
export class SqliteTransaction implements Transaction, Scope {
  readonly callbacks: (() => void)[] = [];
  open = true;
  /** The first statement that failed. It ends the transaction, as it does in PostgreSQL, even when the work goes on. */
  failure: Error | undefined;
  readonly #handle: SqliteHandle;
  #query: Query | undefined;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
  }

  /** Made when it is first asked for: many transactions only write rows. */
  get query(): Query {
    return (this.#query ??= queryOn('sqlite', (compiled: CompiledQuery) =>
      this.#use((handle) => handle.execute(compiled.sql, compiled.parameters)),
    ));
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly Tables[T][]): Promise<void> {
    if (rows.length === 0) return;
    await this.#use((handle) => {
      const { columns, lists } = columnar(rows, table);
      handle.executeEach(insertText(table, columns), lists);
    });
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    if (changes.length === 0) return [];
    return this.#use((handle) => {
      const { set, match } = columnsOfChanges(table, changes);
      const lists = set.lists.map((values, index) => [...values, ...(match.lists[index] ?? [])]);
      return handle.executeEach(updateText(table, set.columns, match.columns), lists).map((count) => count > 0);
    });
  }

  afterCommit(work: () => void): void {
    if (!this.open) throw new Error('the transaction has ended: nothing can be added to it');
    this.callbacks.push(work);
  }

  /** A commit that fails is taken back here, or ends the process. */
  hint(work: () => void): void {
    this.afterCommit(work);
  }

  /** Nothing may run outside the transaction: it would be committed at once, alone. */
  async #use<Result>(work: (handle: SqliteHandle) => Result): Promise<Result> {
    if (!this.open) throw new Error('the transaction has ended: await every statement in its work');
    if (this.failure !== undefined) {
      throw new Error('a statement of this transaction has failed, so it can only be rolled back', {
        cause: this.failure,
      });
    }
    try {
      if (!this.#handle.inTransaction) throw new DatabaseFailure('unavailable', 'the database ended the transaction');
      return work(this.#handle);
    } catch (error) {
      this.failure = asError(error);
      throw error;
    }
  }
}

/** Only errors are thrown here; the types do not know it. */
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
  return texts.of(`insert ${table} ${columns.join()}`, () => {
    const places = columns.map(() => '?').join(', ');
    return `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) values (${places})`;
  });
}

function updateText(table: string, set: readonly string[], match: readonly string[]): string {
  return texts.of(`update ${table} ${set.join()} ${match.join()}`, () => {
    const equals = (column: string) => `${quoted(column)} = ?`;
    return `update ${quoted(table)} set ${set.map(equals).join(', ')} where ${match.map(equals).join(' and ')}`;
  });
}
