import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { openPostgres } from '../../src/database/postgres/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

export interface TestDatabase {
  readonly name: Database['kind'];
  /** A new one with the schema and no rows; close it, and what it lies on is removed or used again. */
  open(hear?: (statement: string) => void): Promise<Database>;
}

const serverUrl = process.env['TEST_POSTGRES_URL'];
const template = process.env['TEST_POSTGRES_TEMPLATE'];
export const hasPostgres = serverUrl !== undefined && template !== undefined;
const ports = { clock: systemClock, timers: systemTimers };

if (!hasPostgres) {
  process.stderr.write(
    'PostgreSQL is left out: give node --test the option --test-global-setup=test/support/global-setup.ts\n',
  );
}

/** Each database there is; a store's tests run on all of them. */
export const databases: readonly TestDatabase[] = [
  { name: 'sqlite', open: openTestSqlite },
  ...(hasPostgres ? [{ name: 'postgres' as const, open: openTestPostgres }] : []),
];

async function openTestSqlite(hear?: (statement: string) => void): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
  const database = await openDatabase({ folder, ...ports, ...hearing(hear) });
  return closingWith(database, () => rm(folder, { recursive: true, force: true }));
}

/** A limit of nothing makes the log of slow statements one of all. */
function hearing(hear: ((statement: string) => void) | undefined) {
  if (hear === undefined) return {};
  return { slowMs: 0, logger: { warn: ({ statement }: Readonly<Record<string, unknown>>) => hear(String(statement)) } };
}

async function openTestPostgres(hear?: (statement: string) => void): Promise<Database> {
  const { url, remove } = await freshPostgres();
  return closingWith(await openPostgres({ url, ...ports, poolMax: 4, ...hearing(hear) }), remove);
}

/** Emptied and free to be used again: to make a database takes far longer. */
const free: string[] = [];

/** An empty PostgreSQL database with the schema, for tests that open it themselves, perhaps more than once. */
export async function freshPostgres(): Promise<{ url: string; remove: () => Promise<void> }> {
  const url = free.pop() ?? (await createPostgres());
  const remove = async () => {
    await on(url, emptyAllTables);
    free.push(url);
  };
  return { url, remove };
}

async function createPostgres(): Promise<string> {
  if (serverUrl === undefined || template === undefined) throw new Error('there is no PostgreSQL for this test');
  const name = `${template}_${randomBytes(6).toString('hex')}`;
  await on(serverUrl, `create database ${name} template ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

const emptyAllTables = `
  do $$ declare found record; begin
    for found in select tablename from pg_tables where schemaname = 'public' and tablename <> 'schema_migration' loop
      execute format('delete from %I', found.tablename);
    end loop;
  end $$`;

/** A database is a record of functions, so one can be put in front of another. */
function closingWith(database: Database, remove: () => Promise<void>): Database {
  let closed: Promise<void> | undefined;
  return { ...database, close: () => (closed ??= database.close().then(remove)) };
}

async function on(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
