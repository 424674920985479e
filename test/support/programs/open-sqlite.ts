import { writeSync } from 'node:fs';
import { openDatabase } from '../../../src/database/open.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { systemTimers } from '../../../src/runtime/timers.ts';

// A process for tests to watch and to kill: opens the database in a folder, commits one row and says so. With `stay` it
// then holds the database until it is ended.
const [folder = '', stay] = process.argv.slice(2);
const database = await openDatabase({ folder, clock: systemClock, timers: systemTimers });
await database.transaction((tx) =>
  tx.insertMany('idempotency', [{ idempotency_id: 'row', body_hash: '', response: '', created_at: 1 }]),
);
writeSync(1, 'committed\n');
if (stay === 'stay') setInterval(() => {}, 1_000);
else await database.close();
