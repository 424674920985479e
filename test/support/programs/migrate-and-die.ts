import { join } from 'node:path';
import { migrate } from '../../../src/database/migrate.ts';
import { databaseFile } from '../../../src/database/open.ts';
import { openPostgres } from '../../../src/database/postgres/open.ts';
import { openSqlite } from '../../../src/database/sqlite/open.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { systemTimers } from '../../../src/runtime/timers.ts';
import { laterMigrations } from '../later-migrations.ts';

// A process for tests: begins to migrate the database at a URL or in a folder, and dies in the n-th migration, when all of
// it is done and nothing of it is committed.
const [place = '', pass = '1'] = process.argv.slice(2);
const ports = { clock: systemClock, timers: systemTimers };
const database = place.startsWith('postgres:')
  ? await openPostgres({ url: place, ...ports })
  : await openSqlite({ file: join(place, databaseFile), ...ports });
await migrate(
  database,
  laterMigrations.map((migration, index) => ({
    name: migration.name,
    async up(db, dialect) {
      await migration.up(db, dialect);
      if (index + 1 === Number(pass)) process.kill(process.pid, 'SIGKILL');
    },
  })),
);
