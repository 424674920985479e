import { statSync } from 'node:fs';
import { DatabaseFailure } from '../database.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';

/** How soon an idle service notices that its file is gone. A commit notices at once. */
const lookEveryMs = 1_000;

/**
 * Notices that the database file was deleted, moved or replaced while it is open. SQLite goes on writing to a file that
 * has no name, and all of it would be gone with the process.
 */
export class FileGuard {
  /** Resolves with the reason once the file is gone. Only a new start can go on. */
  readonly gone: Promise<DatabaseFailure>;
  readonly #file: string;
  readonly #inode: bigint | undefined;
  readonly #timers: Timers;
  #tell: (reason: DatabaseFailure) => void = () => {};
  #reason: DatabaseFailure | undefined;
  #cancel: Cancel = () => {};

  constructor(file: string, timers: Timers) {
    this.#file = file;
    this.#timers = timers;
    this.#inode = inodeOf(file);
    this.gone = new Promise((resolve) => (this.#tell = resolve));
    this.#look();
  }

  /** @returns why nothing that is committed from now on would last; undefined = the file is where it was. */
  fault(): DatabaseFailure | undefined {
    if (this.#reason === undefined && inodeOf(this.#file) !== this.#inode) {
      this.#reason = new DatabaseFailure(
        'unavailable',
        `the database file ${this.#file} was deleted, moved or replaced while the service was running: ` +
          'put it back or restore it from a backup, and start again',
      );
      this.#tell(this.#reason);
    }
    return this.#reason;
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    if (this.fault() === undefined) this.#cancel = this.#timers.after(lookEveryMs, () => this.#look());
  }
}

/** A number beyond 2^53 on some file systems, hence as a bigint. */
function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}
