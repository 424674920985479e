import { statfs } from 'node:fs/promises';
import type { CompiledQuery } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { startCheckpointer } from './checkpointer.ts';
import { sqliteDialect } from './dialects.ts';
import { GroupCommit } from './group-commit.ts';
import { refuseInside } from './inside.ts';
import { LogSync } from './log-sync.ts';
import type { MigratableDatabase } from './migrate.ts';
import { lockForThisProcess } from './owner-lock.ts';
import { queryOn } from './query-on.ts';
import { SlowStatements, type DatabaseLogger } from './slow-statements.ts';
import { openReaderHandle, openWriterHandle } from './sqlite-file.ts';

/**
 * Pages in the write-ahead log after which a commit also moves them into the file, 1 MiB of them. That holds the event
 * loop for about 4 ms; a thousand took 11 to 27 ms and four thousand 40 to 100, for little less work in all.
 */
export const checkpointPages = 256;
/** The same where a thread of its own does it, and begins the log anew long before: for when that thread has ended. */
export const checkpointPagesBeside = 32_768;

export interface SqliteOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** Statements that take longer are logged. */
  readonly slowMs?: number;
  /** Read the whole file at the start, whatever its size. */
  readonly check?: boolean;
  /** Sync the log, and move it into the file, in other threads: the event loop goes on meanwhile. */
  readonly logBeside?: boolean;
}

/**
 * Opens a file, making it when there is none. One connection writes, a second one reads what is committed.
 * @throws DatabaseFailure `busy` when another process has it open, `broken` when it is not a sound database.
 */
export async function openSqlite(options: SqliteOptions): Promise<MigratableDatabase> {
  const { file, clock, timers, check = false, logBeside = false } = options;
  const slow = new SlowStatements(options);
  const unlock = lockForThisProcess(file);
  const opened: { close(): unknown }[] = [{ close: unlock }];
  try {
    const log = logBeside ? new LogSync(file) : undefined;
    if (log !== undefined) opened.push(log);
    const pages = logBeside ? checkpointPagesBeside : checkpointPages;
    const writer = openWriterHandle({ file, check, checkpointPages: pages, syncs: !logBeside }, slow);
    opened.push(writer);
    const reader = openReaderHandle(file, slow);
    opened.push(reader);
    if (logBeside) opened.push({ close: startCheckpointer(file, options.logger) });
    const commits = new GroupCommit(writer, { clock, timers }, log);
    let closed: Promise<void> | undefined;
    return {
      kind: 'sqlite',
      dialect: sqliteDialect,
      // The one writer is the lock: a migration runs in a transaction like any other.
      schema: { integer: 'integer', text: 'text', strict: 'strict', lock: 'select 1' },
      read: queryOn('sqlite', async ({ sql, parameters }: CompiledQuery) => {
        refuseInside('database.read', 'use tx.query');
        return reader.execute(sql, parameters);
      }),
      transaction: (work) => commits.add(work),
      roomBytes: async () => {
        const { bavail, bsize } = await statfs(file);
        return bavail * bsize;
      },
      close: () => (closed ??= commits.close().then(() => closeAll(opened))),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** What was opened last goes first: the last connection to close moves the log into the file, and only a writer can. */
async function closeAll(opened: { close(): unknown }[]): Promise<void> {
  for (const one of opened.splice(0).toReversed()) await one.close();
}
