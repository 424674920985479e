import { writeSync } from 'node:fs';
import { openDatabase } from '../../../src/database/open.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { systemTimers } from '../../../src/runtime/timers.ts';

// A process for tests to watch and to kill: opens the database in a folder, commits one row and says so. With `stay` it
// then holds the database until it is ended; with `beside` the log is synced beside the event loop.
const [folder = '', how] = process.argv.slice(2);
const ports = { clock: systemClock, timers: systemTimers };
const database = await openDatabase({ folder, ...ports, inBackground: how === 'beside' });
await database.transaction((tx) =>
  tx.insertMany('idempotency', [{ idempotency_id: 'row', body_hash: '', response: '', created_at: 1 }]),
);
writeSync(1, 'committed\n');
if (how === 'stay') setInterval(() => {}, 1_000);
else await database.close();
