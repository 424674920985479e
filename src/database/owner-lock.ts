import { DatabaseSync } from 'node:sqlite';
import { DatabaseFailure } from './database.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/**
 * Holds a database file for this process. What is held is a lock on a file beside it, by SQLite's own means, so that the
 * operating system lets go of it with the process however that ends, while backup tools may still read the database.
 * The side file stays behind, empty; to delete it would open a gap between two starters.
 * @returns lets go of it.
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
