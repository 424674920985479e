import { existsSync, rmSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure, type Database } from './database.ts';
import { migrate, type MigratableDatabase } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPostgres, type PostgresOptions } from './postgres/open.ts';
import type { DatabaseLogger } from './slow-statements.ts';
import { openSqlite } from './sqlite/open.ts';
import { commitCountFile } from './sqlite/commit-count.ts';
import { retryWhile, type StartPatience, type WaitOptions } from './waiting.ts';

/** The embedded database's file in the data folder. */
export const databaseFile = 'tocsin.db';

/** Only the service's user may read the data folder. */
const folderMode = 0o700;

export interface DatabaseOptions {
  /** `postgres://…`; without it, SQLite in `folder`. */
  readonly url?: string | undefined;
  /** Made when it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** Statements that take longer are logged. */
  readonly slowMs?: number;
  /** Files that an earlier start has left in `folder`, beside the database: where they are, the database must be too. */
  readonly traces?: readonly string[];
  /** Begin anew where only such traces are left of the database. */
  readonly anew?: boolean;
  /** How to wait for a server that cannot be reached yet, or for room on a full disk; without it, it is an error. */
  readonly waiting?: StartPatience | undefined;
  /** Connections for transactions, on PostgreSQL. */
  readonly poolMax?: number;
  /** Whether PostgreSQL keeps statements under names. */
  readonly prepare?: PostgresOptions['prepare'];
  /** Sync SQLite's log, move it into the file and read lists in other threads; keep PostgreSQL's search index up to date. */
  readonly inBackground?: boolean;
}

/**
 * Opens the database of the settings and brings its schema up to date.
 * @throws DatabaseFailure with a message for the operator.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url = '', folder, ...rest } = options;
  if (url !== '') return migrated(await openPostgres({ url, ...rest }));
  if (isLost(join(folder, databaseFile))) beginAnew(options);
  return waitForRoom(options, async () => {
    await mkdir(folder, { recursive: true, mode: folderMode });
    return migrated(await openSqlite({ file: join(folder, databaseFile), ...rest }));
  });
}

/** Tries again while the disk is full, which does not end a start. */
export function waitForRoom<Result>(options: WaitOptions, work: () => Promise<Result>): Promise<Result> {
  return retryWhile(options, work, (error) => ({
    failure: error instanceof Error ? error : new Error(String(error)),
    passes: isFull(error),
  }));
}

function isFull(error: unknown): boolean {
  if (error instanceof DatabaseFailure) return error.kind === 'full';
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

async function migrated(database: MigratableDatabase): Promise<Database> {
  try {
    await migrate(database, migrations);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function isLost(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/**
 * There is no database: a first start, or one on purpose. A lost database must not look like one, with all alerts gone.
 * @throws DatabaseFailure when an earlier start has left traces, unless the operator asks for it.
 */
function beginAnew({ folder, traces = [], anew = false }: DatabaseOptions): void {
  const file = join(folder, databaseFile);
  const count = commitCountFile(file);
  if (anew) return rmSync(count, { force: true });
  const left = [...traces.map((name) => join(folder, name)), count].find((path) => existsSync(path));
  if (left === undefined) return;
  throw new DatabaseFailure(
    'broken',
    `${file} is ${existsSync(file) ? 'empty' : 'gone'}, but ${left} shows that there was a database: ` +
      'restore it from a backup, or start once with --new to begin anew without its alerts',
  );
}
