import type { CompiledQuery, QueryResult } from 'kysely';
import type { PoolClient } from 'pg';
import { DatabaseFailure, type Query, type RowChange, type Transaction, type TransactionEnd } from '../database.ts';
import type { LoopTurn } from '../loop-turn.ts';
import type { Scope } from '../transaction-scope.ts';
import { arrayParameter } from './arrays.ts';
import type { PostgresColumns } from './columns.ts';
import { postgresFailure } from './errors.ts';
import { queryOn } from '../query-on.ts';
import type { StatementNames } from './statement-names.ts';
import type { SlowStatements } from '../slow-statements.ts';
import { asError, columnsOfChanges, runAll } from '../sqlite/transaction.ts';
import type { Tables } from '../tables.ts';
import { checkValue, columnar, quoted, StatementTexts, type Columnar, type Value } from '../values.ts';

/** One run of a transaction, on its own client while its work runs. */
export class PostgresTransaction implements Transaction, Scope {
  readonly query: Query;
  open = true;
  /** The first failed statement. It ends the transaction, even when the work goes on. */
  failure: Error | undefined;
  readonly #client: PoolClient;
  readonly #columns: PostgresColumns;
  readonly #turn: LoopTurn;
  readonly #statements: Statements;
  readonly #whenEnded: ((end: TransactionEnd) => void)[] = [];

  constructor(client: PoolClient, columns: PostgresColumns, statements: Statements, turn: LoopTurn) {
    this.#turn = turn;
    this.#client = client;
    this.#columns = columns;
    this.#statements = statements;
    this.query = queryOn('postgres', (compiled: CompiledQuery) => this.#run(compiled.sql, compiled.parameters));
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly Tables[T][]): Promise<void> {
    if (rows.length === 0) return;
    const { columns, lists } = columnar(rows, table);
    const types = await this.#typesOf(table, columns);
    const text = insertText(table, columns, types);
    await this.#runMany(text, types, byColumn(lists, columns.length));
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    if (changes.length === 0) return [];
    const { set, match } = columnsOfChanges(table, changes);
    const types = await this.#typesOf(table, [...match.columns, ...set.columns]);
    const text = updateText(table, { set: set.columns, match: match.columns, types });
    const changed = changes.map(() => false);
    // One statement changes a row once, so several changes of a row go in separate statements, in order.
    for (const round of rounds(match, set)) {
      const arrays = [match, set].flatMap(({ columns, lists }) =>
        byColumn(
          round.map((index) => lists[index] ?? []),
          columns.length,
        ),
      );
      const { rows } = await this.#runMany(text, types, arrays);
      for (const { place } of rows as readonly { place: number }[]) {
        const at = round[place - 1];
        if (at !== undefined) changed[at] = true;
      }
    }
    return changed;
  }

  async giveTurn(): Promise<void> {
    if (this.#turn.isDue) await this.#turn.give();
  }

  afterCommit(work: () => void): void {
    this.whenEnded((end) => {
      if (end === 'committed') work();
    });
  }

  hint(work: () => void): void {
    this.whenEnded((end) => {
      if (end !== 'rolled back') work();
    });
  }

  /** The server keeps its own log. */
  needsNoCount(): void {}

  whenEnded(work: (end: TransactionEnd) => void): void {
    if (!this.open) throw new Error('the transaction has ended: nothing can be added to it');
    this.#whenEnded.push(work);
  }

  /** Only the first end counts. */
  ended(end: TransactionEnd): void {
    runAll(this.#whenEnded.splice(0), end);
  }

  #typesOf(table: string, columns: readonly string[]): Promise<string[]> {
    return this.#columns.typesOf(
      table,
      columns,
      async (text, values) => (await this.#run(text, values)).rows as object[],
    );
  }

  /** One parameter for each column, of all rows. */
  async #runMany(
    text: string,
    types: readonly string[],
    columns: readonly (readonly unknown[])[],
  ): Promise<QueryResult<unknown>> {
    const arrays = columns.map((values, index) =>
      arrayParameter(types[index] ?? '', storable(values, index + 1, text)),
    );
    return this.#run(text, arrays);
  }

  async #run(text: string, values: readonly unknown[]): Promise<QueryResult<unknown>> {
    if (!this.open) throw new Error('the transaction has ended: await every statement in its work');
    try {
      return await runStatement(this.#client, text, values, this.#statements);
    } catch (error) {
      // Later statements fail because of the first, and may be heard before it.
      if (this.failure === undefined && error instanceof DatabaseFailure) {
        this.#statements.names.failed(text, error.cause);
      }
      throw (this.failure ??= asError(error));
    } finally {
      this.#turn.begin();
    }
  }
}

/** The values of one column, each checked. */
function storable(values: readonly unknown[], position: number, text: string): readonly Value[] {
  for (const value of values) checkValue(value, position, text);
  return values as readonly Value[];
}

/** What all statements of a database share. */
export interface Statements {
  readonly slow: SlowStatements;
  readonly names: StatementNames;
}

/** Runs one statement on a client; statements that are not awaited one by one go out together. */
export async function runStatement(
  client: PoolClient,
  text: string,
  values: readonly unknown[],
  { slow, names }: Statements,
): Promise<QueryResult<unknown>> {
  for (const [index, value] of values.entries()) {
    for (const one of Array.isArray(value) ? value : [value]) checkValue(one, index + 1, text);
  }
  const started = slow.start();
  try {
    const { command, rowCount, rows } = await client.query<Record<string, unknown>>({
      text,
      values: [...values],
      name: names.of(text),
    });
    return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) };
  } catch (error) {
    throw postgresFailure(error);
  } finally {
    slow.end(started, text);
  }
}

const texts = new StatementTexts();

function insertText(table: string, columns: readonly string[], types: readonly string[]): string {
  return texts.of(`insert ${table} ${columns.join()} ${types.join()}`, () => {
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    return `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) select * from unnest(${arrays})`;
  });
}

interface UpdateColumns {
  readonly set: readonly string[];
  readonly match: readonly string[];
  /** The match columns, then the columns to set. */
  readonly types: readonly string[];
}

function updateText(table: string, { set, match, types }: UpdateColumns): string {
  return texts.of(`update ${table} ${set.join()} ${match.join()} ${types.join()}`, () => {
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    const names = [...match, ...set].map((_, index) => `v${index}`);
    const assigned = set.map((column, index) => `${quoted(column)} = given.v${match.length + index}`);
    const matched = match.map((column, index) => `target.${quoted(column)} = given.v${index}`);
    return `update ${quoted(table)} as target set ${assigned.join(', ')}
      from unnest(${arrays}) with ordinality as given (${names.join(', ')}, place)
      where ${matched.join(' and ')} returning given.place`;
  });
}

/** One list per column, with the values of all rows. */
function byColumn(lists: readonly (readonly unknown[])[], columns: number): (readonly unknown[])[] {
  return Array.from({ length: columns }, (_, column) => lists.map((values) => values[column]));
}

/**
 * Splits the changes, by index and in order, so that no two of a round can be of the same row: those have the same
 * match values, as far as the changes leave these unchanged.
 */
function rounds(match: Columnar, set: Columnar): number[][] {
  const kept = match.columns.flatMap((column, place) => (set.columns.includes(column) ? [] : [place]));
  const seen = new Map<string, number>();
  const parted: number[][] = [];
  for (const [index, values] of match.lists.entries()) {
    const key = JSON.stringify(kept.map((place) => String(values[place])));
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (parted[round] ??= []).push(index);
  }
  return parted;
}
