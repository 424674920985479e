import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { systemTimers } from '../runtime/timers.ts';

/** How often the log is looked at. */
const everyMs = 100;
/** A log that has grown by less is not worth the sync. */
const grownMinBytes = 4 * 1024 * 1024;

/**
 * Runs in a thread of its own: moves what is committed from the write-ahead log into the database, so that the event loop
 * of the service need not wait for it. It never holds the writer up, and what it has not done yet the writer does.
 */
const { file } = workerData as { file: string };
const database = new DatabaseSync(file);
database.exec('pragma synchronous = full; pragma busy_timeout = 0');
const checkpoint = database.prepare('pragma wal_checkpoint(passive)');
let movedUpTo = 0;

function look(): void {
  const size = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  // A log that has shrunk was begun anew.
  if (size < movedUpTo) movedUpTo = 0;
  if (size - movedUpTo >= grownMinBytes) {
    checkpoint.all();
    movedUpTo = size;
  }
  systemTimers.after(everyMs, look);
}

look();
