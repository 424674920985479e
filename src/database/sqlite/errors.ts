import { DatabaseFailure, type DatabaseFailureKind } from '../database.ts';

/** SQLite's result codes, the low byte of the extended ones. */
const kinds: ReadonlyMap<number, [DatabaseFailureKind, string]> = new Map([
  [5, ['busy', 'another program holds a lock on the database file']],
  [6, ['busy', 'the database is locked']],
  [8, ['unavailable', 'the database file may not be written: check its owner and mode']],
  [10, ['unavailable', 'the database file could not be read or written: check the disk']],
  [11, ['broken', 'the database file is damaged: restore it from a backup']],
  [13, ['full', 'there is no space left for the database: free some']],
  [14, ['unavailable', 'the database file could not be opened: check the folder, its owner and mode']],
  [26, ['broken', 'the file is not a SQLite database: restore it from a backup']],
]);
const uniqueCodes = new Set([1555, 2067, 2579]);

/** Turns an expected error of SQLite into a failure; any other is a bug of ours and stays as it is. */
export function sqliteFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if (uniqueCodes.has(code)) return new DatabaseFailure('conflict', `a unique key is taken: ${error.message}`, error);
  const known = kinds.get(code & 0xff);
  return known === undefined ? error : new DatabaseFailure(known[0], `${known[1]} (${error.message})`, error);
}

function codeOf(error: unknown): number | undefined {
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code : undefined;
}
