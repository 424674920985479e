import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

export interface TestDatabase {
  readonly name: Database['kind'];
  /** A new one with the schema and no rows; what it lies on is removed when it is closed. */
  open(): Promise<Database>;
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

async function openTestSqlite(): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
  const database = await openDatabase({ folder, ...ports });
  return closingWith(database, () => rm(folder, { recursive: true, force: true }));
}

async function openTestPostgres(): Promise<Database> {
  const { url, remove } = await freshPostgres();
  return closingWith(await openPostgres({ url, ...ports, poolMax: 4 }), remove);
}

/** A new PostgreSQL database with the schema, for tests that open it themselves, perhaps more than once. */
export async function freshPostgres(): Promise<{ url: string; remove: () => Promise<void> }> {
  if (!hasPostgres) throw new Error('there is no PostgreSQL for this test');
  const name = `tocsin_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await onServer(`create database ${name} template ${template}`);
  return { url: url.href, remove: () => onServer(`drop database if exists ${name} with (force)`) };
}

/** A database is a record of functions, so one can be put in front of another. */
function closingWith(database: Database, remove: () => Promise<void>): Database {
  let closed: Promise<void> | undefined;
  return { ...database, close: () => (closed ??= database.close().then(remove)) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
