import { isTransient, type Database } from '../../database/database.ts';
import type { Logger } from '../../runtime/logger.ts';
import { readHeadsOf, readPlaces } from '../store/backlog-store.ts';
import type { Page } from './lane.ts';
import type { LaneQueue } from './lane-queue.ts';

/** Heads in one read. */
const headsMax = 64;
/** Places in one page. */
const pageMax = 128;
/** Reads at the same time, over all webhooks. */
const readsMax = 4;

export interface BacklogReaderParts {
  readonly database: Database;
  readonly logger: Logger;
}

/** Reads from the database the heads that lane queues miss in memory. */
export class BacklogReader {
  readonly #parts: BacklogReaderParts;
  #reads = 0;

  constructor(parts: BacklogReaderParts) {
    this.#parts = parts;
  }

  get isBusy(): boolean {
    return this.#reads > 0;
  }

  get mayRead(): boolean {
    return this.#reads < readsMax;
  }

  /** Begins the reads that this queue needs. Each resolves, when the queue has its answer, with whether the database could. */
  begin(lanes: LaneQueue): Promise<boolean>[] {
    const reads: Promise<boolean>[] = [];
    const entityIds = lanes.wanted(headsMax);
    if (entityIds.length > 0) reads.push(this.#readHeadsOf(lanes, entityIds));
    const page = lanes.nextPage();
    if (page !== undefined) reads.push(this.#readPage(lanes, page));
    return reads;
  }

  async #readHeadsOf(lanes: LaneQueue, entityIds: readonly string[]): Promise<boolean> {
    const { database } = this.#parts;
    const heads = await this.#read(() => readHeadsOf(database.read, database.dialect, lanes.webhookId, entityIds));
    if (heads === undefined) lanes.readFailed(entityIds);
    else lanes.foundHeads(entityIds, heads);
    return heads !== undefined;
  }

  async #readPage(lanes: LaneQueue, page: Page): Promise<boolean> {
    const { urgency, after } = page;
    const places = await this.#read(() =>
      readPlaces(this.#parts.database.read, lanes.webhookId, urgency, after, pageMax),
    );
    if (places === undefined) lanes.pageFailed(page);
    else lanes.foundPage(page, places, places.length < pageMax);
    return places !== undefined;
  }

  /** @returns undefined when the database could not. */
  async #read<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
    this.#reads += 1;
    try {
      return await read();
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#parts.logger.warn({ error }, 'deliveries.not_read');
      return undefined;
    } finally {
      this.#reads -= 1;
    }
  }
}
