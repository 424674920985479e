import { sql, type CompiledQuery, type QueryResult } from 'kysely';
import type { PoolClient } from 'pg';
import {
  DatabaseFailure,
  type Query,
  type RowChange,
  type Transaction,
  type TransactionEnd,
  type TransactionMark,
} from '../database.ts';
import type { LoopTurn } from '../loop-turn.ts';
import type { Scope } from '../transaction-scope.ts';
import { arrayParameter } from './arrays.ts';
import type { PostgresColumns } from './columns.ts';
import { postgresFailure } from './errors.ts';
import { queryOn } from '../query-on.ts';
import type { StatementNames } from './statement-names.ts';
import type { SlowStatements } from '../slow-statements.ts';
import { asError, columnsOfChanges, runAll } from '../sqlite/transaction.ts';
import type { NewRows, Tables } from '../tables.ts';
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
  /** Answers that nobody waits for. */
  readonly #left: Promise<unknown>[] = [];
  #mark: Promise<TransactionMark> | undefined;

  constructor(client: PoolClient, columns: PostgresColumns, statements: Statements, turn: LoopTurn) {
    this.#turn = turn;
    this.#client = client;
    this.#columns = columns;
    this.#statements = statements;
    this.query = queryOn('postgres', async (compiled: CompiledQuery) => this.#send(compiled.sql, compiled.parameters));
  }

  async insertMany<T extends keyof Tables>(table: T, rows: readonly NewRows[T][]): Promise<void> {
    if (rows.length === 0) return;
    const { columns, lists } = columnar(rows, table);
    const types = this.#columns.known(table, columns) ?? (await this.#readTypes(table, columns));
    const text = insertText(table, columns, types);
    this.#leave(this.#sendMany(text, types, byColumn(lists, columns.length)));
  }

  async updateMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<boolean[]> {
    if (changes.length === 0) return [];
    const changed = changes.map(() => false);
    for (const { round, answer } of await this.#update(table, changes)) {
      for (const { place } of (await answer).rows as readonly { place: number }[]) {
        const at = round[place - 1];
        if (at !== undefined) changed[at] = true;
      }
    }
    return changed;
  }

  async setMany<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void> {
    if (changes.length === 0) return;
    for (const { answer } of await this.#update(table, changes)) this.#leave(answer);
  }

  async changeAll<T extends keyof Tables>(table: T, changes: readonly RowChange<Tables[T]>[]): Promise<void> {
    if (changes.length === 0) return;
    for (const { answer } of await this.#update(table, changes, allOf)) this.#leave(answer);
  }

  /**
   * One statement changes a row once, so several changes of a row go in separate statements, in order.
   * @returns the changes of each statement by their indexes, and its answer.
   */
  async #update<T extends keyof Tables>(
    table: T,
    changes: readonly RowChange<Tables[T]>[],
    textOf: (update: string) => string = (update) => update,
  ) {
    const { set, match } = columnsOfChanges(table, changes);
    const columns = [...match.columns, ...set.columns];
    const types = this.#columns.known(table, columns) ?? (await this.#readTypes(table, columns));
    const text = textOf(updateText(table, { set: set.columns, match: match.columns, types }));
    return rounds(match, set).map((round) => {
      const arrays = [match, set].flatMap(({ columns, lists }) =>
        byColumn(
          round.map((index) => lists[index] ?? []),
          columns.length,
        ),
      );
      const answer = this.#sendMany(text, types, arrays);
      // Of several, a later one may fail while the first is awaited.
      answer.catch(() => {});
      return { round, answer };
    });
  }

  async ask<Row>(statement: CompiledQuery<Row>, heard: (rows: readonly Row[]) => void): Promise<void> {
    this.#leave(this.#send(statement.sql, statement.parameters).then(({ rows }) => heard(rows as readonly Row[])));
  }

  /**
   * Its process on the server has one transaction at a time. The end is visible to others before its locks are let go.
   */
  mark(): Promise<TransactionMark> {
    this.#mark ??= sql<{ mark: number }>`
      select pg_backend_pid() as mark from pg_advisory_xact_lock(${endLocks}, pg_backend_pid())`
      .execute(this.query)
      .then(({ rows }) => rows[0]?.mark ?? 0);
    return this.#mark;
  }

  async awaitEnds(marks: readonly TransactionMark[]): Promise<void> {
    const inOrder = [...new Set(marks)].sort((one, other) => one - other);
    await sql`select pg_advisory_xact_lock_shared(${endLocks}, mark) from unnest(${inOrder}::int4[]) as mark`.execute(
      this.query,
    );
  }

  /** Resolves when the server has answered all that nobody waits for. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#left);
  }

  /** A failure is kept in `failure`. */
  #leave(answer: Promise<unknown>): void {
    this.#left.push(answer);
    answer.catch(() => {});
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

  #readTypes(table: string, columns: readonly string[]): Promise<string[]> {
    return this.#columns.read(
      table,
      columns,
      async (text, values) => (await this.#send(text, values)).rows as object[],
    );
  }

  /** One parameter for each column, of all rows. @throws as {@link #send}. */
  #sendMany(
    text: string,
    types: readonly string[],
    columns: readonly (readonly unknown[])[],
  ): Promise<QueryResult<unknown>> {
    const arrays = columns.map((values, index) =>
      arrayParameter(types[index] ?? '', storable(values, index + 1, text)),
    );
    return this.#send(text, arrays);
  }

  /** @throws before it is sent, for what the server need not be asked. */
  #send(text: string, values: readonly unknown[]): Promise<QueryResult<unknown>> {
    if (!this.open) throw new Error('the transaction has ended: await every statement in its work');
    checkParameters(values, text);
    return this.#answerOf(text, sendStatement(this.#client, text, values, this.#statements));
  }

  async #answerOf(text: string, answer: Promise<QueryResult<unknown>>): Promise<QueryResult<unknown>> {
    try {
      return await answer;
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

/** The space of the locks that transactions with a mark hold until they end; any fixed number. */
const endLocks = sql.lit(7_241_004);

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

/** @throws TypeError for a value that cannot be stored. */
export function checkParameters(values: readonly unknown[], text: string): void {
  for (const [index, value] of values.entries()) {
    for (const one of Array.isArray(value) ? value : [value]) checkValue(one, index + 1, text);
  }
}

/** Sends one statement, its parameters checked; statements that are not awaited one by one go out together. */
export async function sendStatement(
  client: PoolClient,
  text: string,
  values: readonly unknown[],
  { slow, names }: Statements,
): Promise<QueryResult<unknown>> {
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
  return texts.of(`insert ${table}`, [...columns, ...types], () => {
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
  return texts.of(`update ${table} ${match.length}`, [...match, ...set, ...types], () => {
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    const names = [...match, ...set].map((_, index) => `v${index}`);
    const assigned = set.map((column, index) => `${quoted(column)} = given.v${match.length + index}`);
    const matched = match.map((column, index) => `target.${quoted(column)} = given.v${index}`);
    return `update ${quoted(table)} as target set ${assigned.join(', ')}
      from unnest(${arrays}) with ordinality as given (${names.join(', ')}, place)
      where ${matched.join(' and ')} returning given.place`;
  });
}

/**
 * Fails where the update changes fewer rows than it is given, so that a commit can travel behind it: to divide is the shortest
 * way in plain SQL. Nothing else of ours divides by what may be zero.
 */
function allOf(update: string): string {
  return `with changed as (${update}) select 1 / (count(*) = cardinality($1))::int from changed`;
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
