import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import type { Database } from './database.ts';
import { migrate, type MigratableDatabase } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPostgres } from './postgres.ts';
import type { Waiting } from './postgres-start.ts';
import type { DatabaseLogger } from './slow-statements.ts';
import { openSqlite } from './sqlite.ts';

/** The embedded database's file in the data folder. */
export const databaseFile = 'tocsin.db';

/** Only the service's own user may look into the data folder. */
const folderMode = 0o700;

export interface DatabaseOptions {
  /** `postgres://…`; without it, SQLite in `folder`. */
  readonly url?: string | undefined;
  /** Made when it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** How to wait for a PostgreSQL server that cannot be reached yet; without it, it is an error. */
  readonly waiting?: Waiting | undefined;
  /** Connections for transactions, on PostgreSQL. */
  readonly poolMax?: number;
  /** Sync SQLite's log, and move it into the file, in other threads. */
  readonly logBeside?: boolean;
}

/**
 * Opens the database that the settings name, and brings its schema up to date.
 * @throws DatabaseFailure with a message for the operator.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = await openDriver(options);
  try {
    await migrate(database, migrations);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openDriver({ url, folder, ...options }: DatabaseOptions): Promise<MigratableDatabase> {
  if (url !== undefined && url !== '') return openPostgres({ url, ...options });
  await mkdir(folder, { recursive: true, mode: folderMode });
  return openSqlite({ file: join(folder, databaseFile), ...options });
}
