import { open, type FileHandle } from 'node:fs/promises';

/** Syncs SQLite's write-ahead log beside the event loop, for a handle whose commits write it without a sync. */
export class WalSync {
  readonly #file: string;
  #log: FileHandle | undefined;

  /** @param file the database's. */
  constructor(file: string) {
    this.#file = `${file}-wal`;
  }

  /**
   * Resolves when everything committed before is on the disk.
   * @throws Error when the disk failed: committed pages are visible by then and may still be lost, and a second sync
   * would not show it. Only a new start, which reads the file, can tell.
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
