import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { systemTimers } from '../../runtime/timers.ts';

/** The interval of looking at the log. */
const everyMs = 50;
/** Fewer unmoved pages are not worth the sync. They are 4 KiB each. */
const movedMinPages = 1_024;
/** A log of this many pages is restarted, before the writer reaches its own limit. */
const anewPages = 6_144;
/** The longest wait for a gap between two transactions, to restart the log. */
const gapMaxMs = 20;

interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Runs in its own thread: moves committed pages from the write-ahead log into the database, so that the service's event
 * loop need not wait for it. Moving blocks nobody. Under steady load the log never becomes empty, so it would grow; a
 * long one is restarted between two transactions: the next one waits until the rest is moved, while the event loop goes
 * on. The size of the file says nothing: a restarted log overwrites the old one.
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
  // Few pages came meanwhile, so the writer's wait is short.
  if (log >= anewPages) beginAnew.all();
  systemTimers.after(everyMs, look);
}

look();
