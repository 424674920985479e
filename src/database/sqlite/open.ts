import { statfs } from 'node:fs/promises';
import type { CompiledQuery } from 'kysely';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';
import { startCheckpointer } from './checkpointer.ts';
import { sqliteDialect } from '../dialects.ts';
import { CommitCount } from './commit-count.ts';
import { FileGuard } from './file-guard.ts';
import { GroupCommit } from './group-commit.ts';
import { refuseInside } from '../transaction-scope.ts';
import { WalSync } from './wal-sync.ts';
import type { MigratableDatabase } from '../migrate.ts';
import { lockForThisProcess } from './file-lock.ts';
import { queryOn } from '../query-on.ts';
import { SlowStatements, type DatabaseLogger } from '../slow-statements.ts';
import { openReaderHandle, openWriterHandle } from './file.ts';
import { ReadingThread, readsHere } from './reading-thread.ts';

/**
 * Pages in the write-ahead log at which a commit also moves them into the file: 1 MiB. That holds the event loop for
 * about 4 ms; a thousand pages took 11 to 27 ms and four thousand 40 to 100, for little less work in all.
 */
export const checkpointPages = 256;
/** The same where a thread restarts the log long before: for the case that the thread has ended. */
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
  /** Sync the log, move it into the file and read lists in other threads: the event loop goes on meanwhile. */
  readonly inBackground?: boolean;
}

/**
 * Opens a file, and makes it when there is none. One connection writes, a second one reads committed rows.
 * @throws DatabaseFailure `busy` when another process has it open, `broken` when it is not a sound database.
 */
export async function openSqlite(options: SqliteOptions): Promise<MigratableDatabase> {
  const { file, clock, timers, check = false, inBackground = false } = options;
  const slow = new SlowStatements(options);
  const unlock = lockForThisProcess(file);
  const opened: { close(): unknown }[] = [{ close: unlock }];
  try {
    const log = inBackground ? new WalSync(file) : undefined;
    if (log !== undefined) opened.push(log);
    const pages = inBackground ? checkpointPagesBeside : checkpointPages;
    const writer = openWriterHandle({ file, check, checkpointPages: pages, syncs: !inBackground }, slow);
    opened.push(writer);
    const reader = openReaderHandle(file, slow);
    opened.push(reader);
    if (inBackground) opened.push({ close: startCheckpointer(file, options.logger) });
    const long = inBackground
      ? new ReadingThread(file, timers, options.logger)
      : readsHere(file, clock, options.logger);
    opened.push(long);
    const count = new CommitCount(writer, file);
    opened.push(count);
    const guard = new FileGuard(file, timers);
    opened.push(guard);
    const commits = new GroupCommit(writer, { clock, timers }, { log, count, guard });
    let closed: Promise<void> | undefined;
    return {
      kind: 'sqlite',
      dialect: sqliteDialect,
      // The one writer is the lock: a migration runs in a transaction like any other.
      schema: { integer: 'integer', text: 'text', strict: 'strict', searchIndex: 'select 1', lock: 'select 1' },
      read: queryOn('sqlite', async ({ sql, parameters }: CompiledQuery) => {
        refuseInside('database.read', 'use tx.query');
        return reader.execute(sql, parameters);
      }),
      longRead: queryOn('sqlite', async ({ sql, parameters }: CompiledQuery) => {
        refuseInside('database.longRead', 'use tx.query');
        return long.execute(sql, parameters);
      }),
      find: (kind, sought, max) => long.find(kind, sought, max),
      transaction: (work) => commits.add(work),
      roomBytes: async () => {
        const { bavail, bsize } = await statfs(file);
        return bavail * bsize;
      },
      lostCommits: count.lost,
      lossSettled: () => count.settled(),
      gone: guard.gone,
      close: () => (closed ??= commits.close().then(() => closeAll(opened))),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Closes in reverse order: the last connection to close moves the log into the file, and only a writer can. */
async function closeAll(opened: { close(): unknown }[]): Promise<void> {
  for (const one of opened.splice(0).toReversed()) await one.close();
}
