import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseFailure } from '../database.ts';
import type { SlowStatements } from '../slow-statements.ts';
import { SqliteHandle } from './handle.ts';

/** Older versions have a race in the write-ahead log that can damage the file when two connections checkpoint. */
export const sqliteVersionMin = '3.51.3';
/** The log is truncated to this size after a burst. Below it, it is overwritten, which costs less than growing it. */
const logKeptBytes = 64 * 1024 * 1024;
/** Only the service's user may read the database. */
const fileMode = 0o600;
/**
 * Page cache of each of the two handles, in KiB: the inner pages of the indexes, the ends that new rows go to, and more than the
 * largest transaction changes. Under load it is always full, however large, of pages that nobody reads again.
 */
const cacheKiB = 8 * 1024;
/** Files up to this size are read at the start to check that they are sound; larger ones only on request. */
export const checkedBytesMax = 64 * 1024 * 1024;

export interface WriterOptions {
  readonly file: string;
  /** Read the whole file, whatever its size. */
  readonly check: boolean;
  /** Pages in the write-ahead log at which a commit also moves them into the file. */
  readonly checkpointPages: number;
  /** Each commit syncs the log; otherwise the caller has to. */
  readonly syncs: boolean;
}

/**
 * Opens the writing connection, and makes the file when there is none.
 * @throws DatabaseFailure `broken` when it is not a sound database, `unavailable` when it cannot be used.
 */
export function openWriterHandle(options: WriterOptions, slow: SlowStatements): SqliteHandle {
  const { file, check, checkpointPages, syncs } = options;
  // SQLite gives the log and its index the mode of the file.
  if (!existsSync(file)) closeSync(openSync(file, 'a', fileMode));
  const writer = new SqliteHandle(file, slow, { readOnly: false });
  try {
    prepareWriter(writer, file);
    writer.exec(`pragma synchronous = ${syncs ? 'full' : 'normal'}; pragma wal_autocheckpoint = ${checkpointPages}`);
    if (check || statSync(file).size <= checkedBytesMax) checkFile(writer, file);
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}

export function openReaderHandle(file: string, slow: SlowStatements): SqliteHandle {
  const reader = new SqliteHandle(file, slow, { readOnly: true });
  reader.exec(`pragma cache_size = -${cacheKiB}; pragma temp_store = memory`);
  return reader;
}

function prepareWriter(writer: SqliteHandle, file: string): void {
  const version = String(only(writer, 'select sqlite_version()'));
  if (compareVersions(version, sqliteVersionMin) < 0) {
    throw new DatabaseFailure('broken', `SQLite ${version} is too old: use a Node with ${sqliteVersionMin} or newer`);
  }
  if (only(writer, 'pragma journal_mode = wal') !== 'wal') {
    throw new DatabaseFailure('unavailable', `no write-ahead log is possible for ${file}: use a local disk`);
  }
  writer.exec(
    `pragma cache_size = -${cacheKiB}; pragma temp_store = memory;
     pragma journal_size_limit = ${logKeptBytes}`,
  );
}

function checkFile(writer: SqliteHandle, file: string): void {
  const found = only(writer, 'pragma quick_check(1)');
  if (found !== 'ok') {
    throw new DatabaseFailure('broken', `the database ${file} is damaged: restore it from a backup (${String(found)})`);
  }
}

/** The only value of a statement's only row. */
export function only(handle: SqliteHandle, text: string): unknown {
  const [row] = handle.execute(text).rows;
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
}

/** Negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  return (left ?? []).reduce((result, part, index) => result || part - (right?.[index] ?? 0), 0);
}
