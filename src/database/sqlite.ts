import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import type { CompiledQuery } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure } from './database.ts';
import { startCheckpointer } from './checkpointer.ts';
import { sqliteDialect } from './dialects.ts';
import { GroupCommit } from './group-commit.ts';
import { refuseInside } from './inside.ts';
import type { MigratableDatabase } from './migrate.ts';
import { lockForThisProcess } from './owner-lock.ts';
import { queryOn } from './query-on.ts';
import { SlowStatements, type DatabaseLogger } from './slow-statements.ts';
import { SqliteHandle } from './sqlite-handle.ts';

/** Below this version the write-ahead log has a race that can damage the file when two connections checkpoint. */
export const sqliteVersionMin = '3.51.3';
/**
 * Pages in the write-ahead log after which a commit also moves them into the file, 1 MiB of them. That holds the event
 * loop for about 4 ms; a thousand took 11 to 27 ms and four thousand 40 to 100, for little less work in all.
 */
export const checkpointPages = 256;
/** The same where a thread of its own does most of it, which leaves little to be moved when this is reached. */
export const checkpointPagesBeside = 4096;
/** The log is cut back to this after a burst. */
const logKeptBytes = 16 * 1024 * 1024;
/** What the service knows is for its own user only. */
const fileMode = 0o600;
/** Memory for pages, in KiB, of each of the two handles. */
const cacheKiB = 32 * 1024;
/** A file up to this size is read through at the start to see that it is sound; a larger one only when asked. */
export const checkedBytesMax = 64 * 1024 * 1024;

export interface SqliteOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** Statements that take longer are logged. */
  readonly slowMs?: number;
  /** Read the whole file at the start, whatever its size. */
  readonly check?: boolean;
  /** Move the log into the file in a thread of its own. */
  readonly checkpointBeside?: boolean;
}

/**
 * Opens a file, making it when there is none. One handle writes, a second one reads what is committed.
 * @throws DatabaseFailure `busy` when another process has it open, `broken` when it is not a sound database.
 */
export async function openSqlite(options: SqliteOptions): Promise<MigratableDatabase> {
  const { file, clock, timers, checkpointBeside = false } = options;
  const slow = new SlowStatements(options);
  const unlock = lockForThisProcess(file);
  const opened: SqliteHandle[] = [];
  try {
    const writer = openWriter(file, slow, opened);
    writer.exec(`pragma wal_autocheckpoint = ${checkpointBeside ? checkpointPagesBeside : checkpointPages}`);
    checkFile(writer, options);
    const reader = openReader(file, slow, opened);
    const commits = new GroupCommit(writer, { clock, timers });
    const endCheckpointer = checkpointBeside ? startCheckpointer(file, options.logger) : async () => {};
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
      close: () =>
        (closed ??= commits
          .close()
          .then(endCheckpointer)
          .then(() => {
            closeAll(opened);
            unlock();
          })),
    };
  } catch (error) {
    closeAll(opened);
    unlock();
    throw error;
  }
}

function openWriter(file: string, slow: SlowStatements, opened: SqliteHandle[]): SqliteHandle {
  // SQLite gives the log and the index beside it the mode of the file itself.
  if (!existsSync(file)) closeSync(openSync(file, 'a', fileMode));
  const writer = new SqliteHandle(file, slow, { readOnly: false });
  opened.push(writer);
  const version = String(only(writer, 'select sqlite_version()'));
  if (compareVersions(version, sqliteVersionMin) < 0) {
    throw new DatabaseFailure('broken', `SQLite ${version} is too old: use a Node with ${sqliteVersionMin} or newer`);
  }
  if (only(writer, 'pragma journal_mode = wal') !== 'wal') {
    throw new DatabaseFailure('unavailable', `no write-ahead log is possible for ${file}: use a local disk`);
  }
  writer.exec(
    `pragma synchronous = full; pragma cache_size = -${cacheKiB}; pragma temp_store = memory;
     pragma journal_size_limit = ${logKeptBytes}`,
  );
  return writer;
}

function openReader(file: string, slow: SlowStatements, opened: SqliteHandle[]): SqliteHandle {
  const reader = new SqliteHandle(file, slow, { readOnly: true });
  opened.push(reader);
  reader.exec(`pragma cache_size = -${cacheKiB}; pragma temp_store = memory`);
  return reader;
}

function checkFile(writer: SqliteHandle, { file, check }: SqliteOptions): void {
  if (check !== true && statSync(file).size > checkedBytesMax) return;
  const found = only(writer, 'pragma quick_check(1)');
  if (found !== 'ok') {
    throw new DatabaseFailure('broken', `the database ${file} is damaged: restore it from a backup (${String(found)})`);
  }
}

/** The readers first: the last handle to close moves the log into the file, and only a writer can. */
function closeAll(handles: SqliteHandle[]): void {
  for (const handle of handles.splice(0).toReversed()) handle.close();
}

function only(handle: SqliteHandle, text: string): unknown {
  const [row] = handle.execute(text).rows;
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
}

/** Below 0 when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  return (left ?? []).reduce((result, part, index) => result || part - (right?.[index] ?? 0), 0);
}
