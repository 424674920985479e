import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { systemTimers } from '../runtime/timers.ts';

/** How often the log is looked at. */
const everyMs = 50;
/** Fewer pages in the log that are not in the database yet are not worth the sync. They are 4 KiB each. */
const movedMinPages = 1_024;
/** A log of so many pages is begun anew, before the writer comes to its own limit. */
const anewPages = 6_144;
/** How long a moment between two transactions is waited for, to begin the log anew. */
const gapMaxMs = 20;

interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Runs in a thread of its own: moves what is committed from the write-ahead log into the database, so that the event loop
 * of the service need not wait for it. While it moves, it holds nobody up. A busy writer never leaves it at the end of the
 * log, where the log could begin anew, so a long one is ended between two transactions: the next one waits for the rest to
 * be moved, but the event loop goes on. The size of the file says nothing: a log that began anew is written over.
 */
const { file } = workerData as { file: string };
const database = new DatabaseSync(file);
database.exec(`pragma synchronous = full; pragma busy_timeout = ${gapMaxMs}`);
const state = database.prepare('pragma wal_checkpoint(noop)');
const move = database.prepare('pragma wal_checkpoint(passive)');
const beginAnew = database.prepare('pragma wal_checkpoint(restart)');

function look(): void {
  const { log, checkpointed } = state.get() as unknown as LogState;
  if (log - checkpointed >= movedMinPages) move.all();
  // What came meanwhile is little, so whoever waits does not wait for long.
  if (log >= anewPages) beginAnew.all();
  systemTimers.after(everyMs, look);
}

look();
