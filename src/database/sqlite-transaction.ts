import type { CompiledQuery } from 'kysely';
import { DatabaseFailure, type Query, type RowChange, type Transaction } from './database.ts';
import type { Scope } from './inside.ts';
import { queryOn } from './query-on.ts';
import type { SqliteHandle } from './sqlite-handle.ts';
import type { Tables } from './tables.ts';
import { quoted, sharedColumns, valueOf } from './values.ts';

/** One transaction's share of the writer's handle, for as long as its work runs. */
export class SqliteTransaction implements Transaction, Scope {
  readonly query: Query;
  readonly callbacks: (() => void)[] = [];
  open = true;
  /** The first statement that failed. It ends the transaction, as it does in PostgreSQL, even when the work goes on. */
  failure: Error | undefined;
  readonly #handle: SqliteHandle;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.query = queryOn('sqlite', (compiled: CompiledQuery) =>
      this.#use((handle) => handle.execute(compiled.sql, compiled.parameters)),
    );
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly Tables[T][]): Promise<void> {
    if (rows.length === 0) return;
    await this.#use((handle) => {
      const columns = sharedColumns(rows, table);
      const text = `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) values (${columns.map(() => '?').join(', ')})`;
      handle.executeEach(
        text,
        rows.map((row) => columns.map((column) => valueOf(row, column))),
      );
    });
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    if (changes.length === 0) return [];
    return this.#use((handle) => {
      const { set, match } = changedColumns(table, changes);
      const equals = (column: string) => `${quoted(column)} = ?`;
      const text = `update ${quoted(table)} set ${set.map(equals).join(', ')} where ${match.map(equals).join(' and ')}`;
      const lists = changes.map((change) => [
        ...set.map((column) => valueOf(change.set, column)),
        ...match.map((column) => valueOf(change.match, column)),
      ]);
      return handle.executeEach(text, lists).map((count) => count > 0);
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
export function changedColumns(
  table: string,
  changes: readonly RowChange<object>[],
): { set: string[]; match: string[] } {
  const matches = changes.map((change) => change.match);
  const match = sharedColumns(matches, `${table}, match`);
  if (matches.some((one) => match.some((column) => valueOf(one, column) === null))) {
    throw new TypeError(`a change of ${table} matches null, which equals nothing`);
  }
  const sets = changes.map((change) => change.set);
  return { set: sharedColumns(sets, `${table}, set`), match };
}
