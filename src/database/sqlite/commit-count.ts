import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { only } from './file.ts';
import type { SqliteHandle } from './handle.ts';

/** `user_version`, where the database keeps its count, has 31 bits: the count starts again after 2,147,483,647. */
const countsMax = 2 ** 31;
const digits = 10;
/** Only the service's user may read the data folder's files. */
const fileMode = 0o600;

/** The file beside the database that holds the count of its commits. */
export function commitCountFile(databaseFile: string): string {
  return `${databaseFile}-commits`;
}

/**
 * Counts commits in the database and in a file beside it. Each commit carries its number, and the file gets the number
 * before the commit is acknowledged. So a database whose number is below the file's has lost commits that were
 * acknowledged: its write-ahead log was lost or damaged, or an older copy was put in its place. Commits of results alone are
 * not counted: without one, its deliveries are still `sending`, as after a death of the process.
 *
 * The file is not synced: after a power failure it may be behind the database, which says nothing. It survives the death
 * of the process, after which the log can be lost by a wrong copy.
 */
export class CommitCount {
  readonly #handle: SqliteHandle;
  readonly #descriptor: number;
  /** How many commits the database lacks that the file knows of; 0 = none. */
  readonly lost: number;
  #count: number;
  /** While a loss is being settled, nothing is counted: a start that dies meanwhile finds it again. */
  #settling: boolean;
  /** Rows that this connection has changed, as of the last commit that was counted. */
  #changes = 0;
  #next: number | undefined;

  constructor(handle: SqliteHandle, databaseFile: string) {
    const file = commitCountFile(databaseFile);
    this.#handle = handle;
    this.#count = countOf(handle);
    this.lost = existsSync(file) ? lostBetween(this.#count, readFileSync(file, 'latin1')) : 0;
    this.#descriptor = openSync(file, existsSync(file) ? 'r+' : 'w', fileMode);
    this.#settling = this.lost > 0;
    if (!this.#settling) this.#write();
  }

  /** The deliveries that the lost commits were about are settled: the present count is right from now on. */
  settled(): void {
    this.#settling = false;
    this.#write();
  }

  /**
   * Inside the transaction that is about to be committed.
   * @param isNeeded false = what is lost with it shows in the rows. To count it writes a page more.
   */
  count(isNeeded = true): void {
    this.#next = undefined;
    const changes = Number(only(this.#handle, 'select total_changes()'));
    // A transaction that only reads writes nothing, and works on a full disk.
    if (this.#settling || changes === this.#changes) return;
    this.#changes = changes;
    if (!isNeeded) return;
    this.#next = (this.#count + 1) % countsMax;
    this.#handle.set(`pragma user_version = ${this.#next}`);
  }

  /** The transaction is on the disk. */
  committed(): void {
    if (this.#next === undefined) return;
    this.#count = this.#next;
    this.#write();
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Always the same bytes of the file, so that it needs no space that the disk may not have. */
  #write(): void {
    writeSync(this.#descriptor, `${String(this.#count).padStart(digits, '0')}\n`, 0, 'latin1');
  }
}

function countOf(handle: SqliteHandle): number {
  return Number(only(handle, 'pragma user_version'));
}

/** A count that is far ahead has started again since: only the shorter way round can be what is lost. */
function lostBetween(count: number, text: string): number {
  const known = Number(text);
  if (!/^\d{10}\n$/.test(text) || known >= countsMax) return 0;
  const ahead = (known - count + countsMax) % countsMax;
  return ahead < countsMax / 2 ? ahead : 0;
}
