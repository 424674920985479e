import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { databaseFile } from '../src/database/open.ts';
import type { Tocsin } from './contestants/tocsin.ts';
import { query } from './servers/postgres.ts';

/** Expressions by column, over the row number `n.i` and the template row `t`; columns not named are copied. */
export type Columns = Readonly<Record<string, string>>;

/**
 * Multiplies one row into many by a single statement, in the database of a service that does not run: from what the
 * service wrote itself, so that a new column needs nothing here.
 */
export async function multiply(tocsin: Tocsin, table: string, rows: number, columns: Columns): Promise<void> {
  if (rows === 0) return;
  if (tocsin.databaseUrl === '') multiplySqlite(tocsin.folder, table, rows, columns);
  else await multiplyPostgres(tocsin.databaseUrl, table, rows, columns);
}

/** More rows than this come faster when the indexes are made after them. */
const rowsBesideIndexesMax = 20_000;

function multiplySqlite(folder: string, table: string, rows: number, columns: Columns): void {
  const database = new DatabaseSync(join(folder, databaseFile));
  try {
    database.exec('pragma synchronous = off; pragma cache_size = -262144; pragma wal_autocheckpoint = 100000');
    const names = database
      .prepare(`pragma table_info(${table})`)
      .all()
      .map((column) => String(column['name']));
    const indexes = database
      .prepare(`select name, sql from sqlite_master where type = 'index' and tbl_name = ? and sql is not null`)
      .all(table)
      .map(({ name, sql }) => ({ name: String(name), definition: String(sql) }));
    const { before, after } = rows > rowsBesideIndexesMax ? without(indexes) : without([]);
    const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})`;
    const insert = `${insertion(table, names, columns)} ${numbers} ${selection(table, names, columns, 'n')}`;
    for (const statement of [...before, insert, ...after]) database.exec(statement);
    database.exec('pragma wal_checkpoint(truncate)');
  } finally {
    database.close();
  }
}

async function multiplyPostgres(url: string, table: string, rows: number, columns: Columns): Promise<void> {
  const found = await query(url, `select column_name from information_schema.columns where table_name = '${table}'`);
  const names = found.map((column) => String(column['column_name']));
  // The key itself is a constraint, and stays.
  const indexes = await query(
    url,
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = '${table}' and indexname not in (select conname from pg_constraint)`,
  );
  const { before, after } =
    rows > rowsBesideIndexesMax
      ? without(indexes.map(({ name, definition }) => ({ name: String(name), definition: String(definition) })))
      : without([]);
  const source = `generate_series(1, ${rows}) as n(i)`;
  const insert = `${insertion(table, names, columns)} ${selection(table, names, columns, source)}`;
  await query(url, [`set maintenance_work_mem = '256MB'`, ...before, insert, ...after].join(';\n'));
  await query(url, `vacuum analyze ${table}`);
}

interface Index {
  readonly name: string;
  /** The statement that makes it. */
  readonly definition: string;
}

function without(indexes: readonly Index[]): { before: string[]; after: string[] } {
  return {
    before: indexes.map(({ name }) => `drop index ${name}`),
    after: indexes.map(({ definition }) => definition),
  };
}

function insertion(table: string, names: readonly string[], columns: Columns): string {
  const unknown = Object.keys(columns).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`the table ${table} has no ${unknown.join(', ')}`);
  return `insert into ${table} (${names.join(', ')})`;
}

function selection(table: string, names: readonly string[], columns: Columns, source: string): string {
  const values = names.map((name) => columns[name] ?? `t.${name}`);
  return `select ${values.join(', ')} from ${source} cross join (select * from ${table} order by 1 limit 1) as t`;
}

/** One statement, in the database of a service that does not run. */
export async function execute({ folder, databaseUrl }: Tocsin, statement: string): Promise<void> {
  if (databaseUrl !== '') {
    await query(databaseUrl, statement);
    return;
  }
  const database = new DatabaseSync(join(folder, databaseFile));
  try {
    database.exec(statement);
  } finally {
    database.close();
  }
}

/** A number as hexadecimal or decimal digits of a fixed length, in the database's own words. */
export function digits(tocsin: Tocsin, expression: string, length: number, base: 10 | 16): string {
  if (tocsin.databaseUrl === '') return `printf('%0${length}${base === 16 ? 'x' : 'd'}', ${expression})`;
  const text = base === 16 ? `to_hex((${expression})::bigint)` : `(${expression})::text`;
  return `lpad(${text}, ${length}, '0')`;
}

/** The element of a list at an index that counts from 0. */
export function pick(values: readonly (number | string)[], index: string): string {
  const literal = (value: number | string) => (typeof value === 'number' ? String(value) : `'${value}'`);
  const cases = values.map((value, at) => `when ${at} then ${literal(value)}`);
  return `case ${index} ${cases.join(' ')} end`;
}
