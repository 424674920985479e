import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { startPostgres, type PostgresServer } from './postgres-server.ts';

const template = `tocsin_template_${randomBytes(6).toString('hex')}`;
let server: PostgresServer | undefined;
/** What one process has compiled, be it a service or a file of tests, the next one need not. */
let compiled = '';

/**
 * Runs once, before all test files, in the runner's process: makes a PostgreSQL ready, the one that `TEST_POSTGRES_URL`
 * names or else a private one, with a database that has the schema, for the tests to copy.
 */
export async function globalSetup(): Promise<void> {
  await promisify(execFile)(process.execPath, ['build/server.ts', '--when-stale']);
  compiled = await mkdtemp(join(tmpdir(), 'tocsin-test-compiled-'));
  process.env['NODE_COMPILE_CACHE'] = compiled;
  if ((process.env['TEST_POSTGRES_URL'] ?? '') === '') {
    server = await startPostgres();
    process.env['TEST_POSTGRES_URL'] = server.url;
  }
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  await onServer(`create database ${template} encoding 'UTF8' template template0`);
  url.pathname = `/${template}`;
  const database = await openDatabase({ url: url.href, folder: '', clock: systemClock, timers: systemTimers });
  await database.close();
  process.env['TEST_POSTGRES_TEMPLATE'] = template;
}

/** Runs once at the end, also when tests failed. A private server is removed with all that is on it. */
export async function globalTeardown(): Promise<void> {
  await rm(compiled, { recursive: true, force: true });
  if (server !== undefined) return server.stop();
  // The tests' own databases have names that begin with the template's.
  const made = await onServer(`select datname from pg_database where starts_with(datname, '${template}')`);
  for (const { datname } of made) await onServer(`drop database if exists ${datname} with (force)`);
}

async function onServer(statement: string): Promise<{ datname: string }[]> {
  const client = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
  await client.connect();
  try {
    return (await client.query<{ datname: string }>(statement)).rows;
  } finally {
    await client.end();
  }
}
