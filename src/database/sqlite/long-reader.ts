import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import type { QueryResult } from 'kysely';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../runtime/clock.ts';
import { DatabaseFailure, type Found } from '../database.ts';
import type { SearchedKind, Sought } from '../search-text.ts';
import { SlowStatements, type DatabaseLogger } from '../slow-statements.ts';
import { SqliteHandle } from './handle.ts';
import { dataSchema } from './indexed-texts.ts';
import { SearchIndex } from './search-index.ts';

/** The suffix of the search index's file, beside the database's. */
export const searchSuffix = '-search';
/** Only the service's user may read it. */
const fileMode = 0o600;
/** Memory for pages of the database, in KiB. The search index reads every row once, so more would hold what nobody reads again. */
const cacheKiB = 16 * 1024;
/** The index is given up for so long after it failed twice: lists are read without it. */
const retryMs = 60_000;

/**
 * The connection for reads that may take long, with the search index that it keeps up to date. Every call holds the
 * thread that makes it.
 */
export class LongReader {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #logger: DatabaseLogger | undefined;
  #handle: SqliteHandle;
  #index: SearchIndex | undefined;
  #retryAt = 0;

  constructor(file: string, clock: Clock, logger?: DatabaseLogger) {
    this.#file = file;
    this.#clock = clock;
    this.#logger = logger;
    this.#handle = this.#open();
  }

  execute(text: string, parameters: readonly unknown[]): QueryResult<unknown> {
    return this.#handle.execute(text, parameters);
  }

  /** Brings the index up to date, for at most about `budgetMs`. True when it is. */
  advance(budgetMs: number): boolean {
    return this.#withIndex((index) => this.#catchUp(index, budgetMs)) ?? false;
  }

  /** @returns undefined when the index is too far behind to be asked, cannot be used, or does not know such words. */
  find(kind: SearchedKind, sought: Sought, max: number, budgetMs: number): Found | undefined {
    return this.#withIndex((index) => (this.#catchUp(index, budgetMs) ? index.find(kind, sought, max) : undefined));
  }

  close(): void {
    this.#handle.close();
  }

  #catchUp(index: SearchIndex, budgetMs: number): boolean {
    const until = this.#clock.monotonic() + budgetMs;
    while (index.advance()) if (this.#clock.monotonic() > until) return false;
    return true;
  }

  /** A damaged index is made anew once; after that, lists are read without it for a while. */
  #withIndex<Result>(work: (index: SearchIndex) => Result): Result | undefined {
    if (this.#clock.monotonic() < this.#retryAt) return undefined;
    for (const again of [true, false]) {
      try {
        return work((this.#index ??= new SearchIndex(this.#handle)));
      } catch (error) {
        this.#logger?.warn({ error: String(error) }, 'search.index_failed');
        this.#handle.close();
        if (again)
          for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.#file}${searchSuffix}${suffix}`, { force: true });
        this.#index = undefined;
        this.#handle = this.#open();
      }
    }
    this.#retryAt = this.#clock.monotonic() + retryMs;
    return undefined;
  }

  #open(): SqliteHandle {
    const slow = new SlowStatements({ clock: this.#clock, logger: this.#logger });
    // Nothing is made in a folder that was taken away.
    if (!existsSync(this.#file)) throw new DatabaseFailure('unavailable', `${this.#file} is gone`);
    try {
      return this.#attached(new SqliteHandle(searchFile(this.#file), slow, { readOnly: false }), true);
    } catch (error) {
      // A disk that is full or damaged: without the index, everything can still be read.
      this.#logger?.warn({ error: String(error) }, 'search.file_failed');
      return this.#attached(new SqliteHandle(':memory:', slow, { readOnly: false }), false);
    }
  }

  #attached(handle: SqliteHandle, isFile: boolean): SqliteHandle {
    try {
      if (isFile) handle.exec('pragma journal_mode = wal; pragma synchronous = normal');
      handle.exec(`attach ${quotedText(`${pathToFileURL(this.#file).href}?mode=ro`)} as ${dataSchema};
        pragma ${dataSchema}.cache_size = -${cacheKiB}; pragma temp_store = memory`);
      return handle;
    } catch (error) {
      handle.close();
      throw error;
    }
  }
}

function searchFile(file: string): string {
  const name = `${file}${searchSuffix}`;
  if (!existsSync(name)) closeSync(openSync(name, 'a', fileMode));
  return name;
}

function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
