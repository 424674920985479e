import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { QueryResult } from 'kysely';
import { containsFolded, foldedContains, foldedLike, likeFolded } from '../dialects.ts';
import type { SlowStatements } from '../slow-statements.ts';
import { sqliteFailure } from './errors.ts';
import { checkValues, type Value } from '../values.ts';

/** Prepared statements per handle; the least recently used goes first. */
export const statementsMax = 500;
/** A wait for a lock blocks the whole process, so it is short, and repeated from JavaScript where that helps. */
export const busyWaitMs = 1;

/** One connection to a file: prepares, checks and runs statements. Every call holds the event loop until it is done. */
export class SqliteHandle {
  readonly #database: DatabaseSync;
  readonly #slow: SlowStatements;
  readonly #statements = new Map<string, Prepared>();

  constructor(file: string, slow: SlowStatements, options: { readOnly: boolean }) {
    this.#slow = slow;
    this.#database = guarded(
      () => new DatabaseSync(file, { ...options, timeout: busyWaitMs, enableForeignKeyConstraints: true }),
    );
    this.#database.function(foldedContains, { deterministic: true }, containsFolded);
    this.#database.function(foldedLike, { deterministic: true }, likeFolded);
  }

  /** Registers a function for the statements of this connection, triggers included. */
  protected define(name: string, work: (...values: SQLOutputValue[]) => SQLInputValue): void {
    this.#database.function(name, { varargs: true }, work);
  }

  /** False also when SQLite ended the transaction, as it does when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Statements without parameters and rows. They may change the schema, so everything is prepared anew after them. */
  exec(text: string): void {
    this.set(text);
    this.#statements.clear();
  }

  /** Statements without parameters and rows that leave the schema as it is. */
  set(text: string): void {
    const started = this.#slow.start();
    guarded(() => this.#database.exec(text));
    this.#slow.end(started, text);
  }

  execute(text: string, parameters: readonly unknown[] = []): QueryResult<unknown> {
    const prepared = this.#prepare(text);
    const values = bound(parameters, prepared);
    const started = this.#slow.start();
    const result = guarded(() => run(prepared, values));
    this.#slow.end(started, text);
    if (changesSchema.test(text)) this.#statements.clear();
    return result;
  }

  /** Runs one statement per list of parameters and returns how many rows each one changed. */
  executeEach(text: string, lists: readonly (readonly unknown[])[]): number[] {
    const prepared = this.#prepare(text);
    const started = this.#slow.start();
    const changes = guarded(() =>
      lists.map((parameters) => Number(prepared.statement.run(...checked(parameters, prepared)).changes)),
    );
    this.#slow.end(started, text);
    return changes;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(text: string): Prepared {
    const known = this.#statements.get(text);
    if (known !== undefined) {
      // A map keeps insertion order: a used statement moves to the end, so the first is the one to drop.
      this.#statements.delete(text);
      this.#statements.set(text, known);
      return known;
    }
    const statement = guarded(() => this.#database.prepare(text));
    statement.setReturnArrays(true);
    const columns = statement.columns().map((column) => column.name);
    const prepared = { text, statement, columns, places: countPlaces(text) };
    this.#statements.set(text, prepared);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > statementsMax && oldest !== undefined) this.#statements.delete(oldest);
    return prepared;
  }
}

interface Prepared {
  readonly text: string;
  readonly statement: StatementSync;
  /** Empty when the statement gives no rows. */
  readonly columns: readonly string[];
  readonly places: number;
}

const changesSchema = /^\s*(?:create|alter|drop)\b/i;

function run({ statement, columns }: Prepared, values: readonly SQLInputValue[]): QueryResult<unknown> {
  if (columns.length > 0) {
    // Rows come as arrays, though the types do not know it: objects would have no prototype, unlike PostgreSQL's.
    const rows = statement.all(...values) as unknown as readonly (readonly unknown[])[];
    return { rows: rows.map((row) => named(columns, row)) };
  }
  return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) };
}

function named(columns: readonly string[], row: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let index = 0; index < columns.length; index += 1) object[columns[index] ?? ''] = row[index];
  return object;
}

/** SQLite would store missing parameters as null in silence. */
function checked(parameters: readonly unknown[], { text, places }: Prepared): readonly Value[] {
  if (parameters.length !== places) {
    throw new TypeError(`${parameters.length} parameters were given where ${places} are needed, in: ${text}`);
  }
  return checkValues(parameters, text);
}

/**
 * SQLite binds a number as a float, whose text is '5.0' and whose half is 2.5; a bigint stays an integer. Columns and
 * comparisons with them need no such care: our tables are strict.
 */
function bound(parameters: readonly unknown[], prepared: Prepared): SQLInputValue[] {
  return checked(parameters, prepared).map((value) =>
    typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value,
  );
}

const notCode = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?\*\//g;

/** How many `?` a statement has outside texts, names and comments. */
export function countPlaces(text: string): number {
  const code = text.replaceAll(notCode, ' ');
  if (/\?\d|[:@$]\w/.test(code)) throw new TypeError(`only plain ? may stand for a parameter, in: ${text}`);
  return code.split('?').length - 1;
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(error);
  }
}
