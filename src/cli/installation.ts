import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/settings.ts';
import type { Database } from '../database/database.ts';
import { databaseFile, openDatabase } from '../database/open.ts';
import { readInstallation } from '../database/installation-store.ts';
import { systemClock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import { systemTimers } from '../runtime/timers.ts';

/**
 * Opens the database of an installation for a command. A SQLite file that the service uses is refused.
 * @throws Failure when there is no installation, DatabaseFailure when the database cannot be used.
 */
export async function openInstalled(config: Config): Promise<Database> {
  const isThere = config.databaseUrl !== '' || existsSync(join(config.data, databaseFile));
  if (isThere) {
    const parts = { clock: systemClock, timers: systemTimers };
    const database = await openDatabase({
      url: config.databaseUrl,
      prepare: config.databasePrepare,
      folder: config.data,
      ...parts,
    });
    if ((await readInstallation(database.read)) !== undefined) return database;
    await database.close();
  }
  throw new Failure(
    'ServiceUnavailable',
    `there is no installation in ${config.databaseUrl === '' ? config.data : 'this database'}`,
  );
}
