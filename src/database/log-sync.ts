import { open, type FileHandle } from 'node:fs/promises';

/** Syncs SQLite's write-ahead log beside the event loop, for a handle whose commits write it and do not sync. */
export class LogSync {
  readonly #file: string;
  #log: FileHandle | undefined;

  /** @param file the database's. */
  constructor(file: string) {
    this.#file = `${file}-wal`;
  }

  /**
   * Resolves when everything that was committed before is on the disk.
   * @throws Error when the disk could not: what is committed is visible by then and may be lost all the same, and a second
   *   sync would say nothing about it. Only a new start, which reads what is there, knows.
   */
  async sync(): Promise<void> {
    try {
      this.#log ??= await open(this.#file, 'r+');
      await this.#log.datasync();
    } catch (error) {
      throw new Error(`${this.#file} could not be synced, so nobody knows what is in it: start again`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}
