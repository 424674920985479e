import { DatabaseSync } from 'node:sqlite';
import { DatabaseFailure } from '../database.ts';
import { sqliteFailure } from './errors.ts';

/**
 * Locks a database file for this process, by an SQLite lock on a file beside it. The operating system releases it with
 * the process, however that ends, and backup tools may still read the database. The side file stays, empty: deleting it
 * would open a gap between two starters.
 * @returns a function that releases the lock.
 * @throws DatabaseFailure when another process holds it.
 */
export function lockForThisProcess(file: string): () => void {
  const lock = openLock(`${file}.lock`);
  try {
    lock.exec('pragma locking_mode = exclusive; pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    lock.close();
    const failure = sqliteFailure(error);
    if (!(failure instanceof DatabaseFailure) || failure.kind !== 'busy') throw failure;
    throw new DatabaseFailure(
      'busy',
      `already running: another process uses the database ${file}; stop it first`,
      error,
    );
  }
  return () => lock.close();
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw sqliteFailure(error);
  }
}
