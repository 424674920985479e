import type { CompiledQuery } from 'kysely';
import type { Query, RowChange, Transaction } from './database.ts';
import type { Scope } from './inside.ts';
import { queryOn } from './query-on.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import type { Tables } from './tables.ts';
import { quoted, sharedColumns, valueOf } from './values.ts';

/** One transaction's share of the writer, for as long as its work runs. */
export class SqliteTransaction implements Transaction, Scope {
  readonly query: Query;
  readonly callbacks: (() => void)[] = [];
  open = true;
  /** The first statement that failed. It ends the transaction, as it does in PostgreSQL, even when the work goes on. */
  failure: Error | undefined;
  readonly #writer: SqliteWriter;

  constructor(writer: SqliteWriter) {
    this.#writer = writer;
    this.query = queryOn('sqlite', (compiled: CompiledQuery) =>
      this.#use(() => writer.execute(compiled.sql, compiled.parameters)),
    );
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly Tables[T][]): Promise<void> {
    if (rows.length === 0) return;
    await this.#use(() => {
      const columns = sharedColumns(rows, table);
      const text = `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) values (${columns.map(() => '?').join(', ')})`;
      const lists = rows.map((row) => columns.map((column) => valueOf(row, column)));
      return this.#writer.writeEach(text, lists);
    });
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    if (changes.length === 0) return [];
    return this.#use(async () => {
      const { set, match } = changedColumns(table, changes);
      const equals = (column: string) => `${quoted(column)} = ?`;
      const text = `update ${quoted(table)} set ${set.map(equals).join(', ')} where ${match.map(equals).join(' and ')}`;
      const lists = changes.map((change) => [
        ...set.map((column) => valueOf(change.set, column)),
        ...match.map((column) => valueOf(change.match, column)),
      ]);
      return (await this.#writer.executeEach(text, lists)).map((count) => count > 0);
    });
  }

  afterCommit(work: () => void): void {
    if (!this.open) throw new Error('the transaction has ended: nothing can be added to it');
    this.callbacks.push(work);
  }

  async #use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.open) throw new Error('the transaction has ended: await every statement in its work');
    try {
      return await work();
    } catch (error) {
      this.failure ??= asError(error);
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
