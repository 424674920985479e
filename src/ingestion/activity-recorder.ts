import type { Database } from '../database/database.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Cancel, Timers } from '../runtime/timers.ts';
import {
  readActivity,
  saveActivity,
  type ActivityNews,
  type IntegrationActivity,
  type PushRefusal,
} from './integration-activity-store.ts';

/** Activity is written together after this time: a kill loses at most the last one of each integration. */
export const recordEveryMs = 1_000;

/** Characters kept of a refusal's message. */
const messageMaxChars = 1_000;

export interface ActivityRecorderParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Records the last activity of each integration: its last push, its last refusal, alerts that its sender cut
 * off, and reports without a route.
 * It writes beside the pushes, which do not wait for it.
 */
export class ActivityRecorder {
  readonly #parts: ActivityRecorderParts;
  #news = new Map<number, ActivityNews>();
  #cancel: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: ActivityRecorderParts) {
    this.#parts = parts;
  }

  heard(integrationId: number, truncated: number): void {
    const now = this.#parts.clock.now();
    const before = this.#news.get(integrationId)?.truncated ?? 0;
    const cut = truncated === 0 ? {} : { truncated: before + truncated, truncatedAt: now };
    this.#add(integrationId, { heardAt: now, ...cut });
  }

  unrouted(integrationId: number, count: number): void {
    const before = this.#news.get(integrationId)?.unrouted ?? 0;
    this.#add(integrationId, { unrouted: before + count, unroutedAt: this.#parts.clock.now() });
  }

  refused(integrationId: number, refusal: Omit<PushRefusal, 'at'>): void {
    const message = refusal.message.slice(0, messageMaxChars).toWellFormed();
    this.#add(integrationId, { refusal: { ...refusal, message, at: this.#parts.clock.now() } });
  }

  /** Includes activity that this node has not written yet. */
  async read(integrationId: number): Promise<IntegrationActivity> {
    await this.flush();
    return readActivity(this.#parts.database.read, integrationId);
  }

  /** Resolves when everything until now is written, or could not be. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const news = this.#news;
    this.#news = new Map();
    if (news.size > 0) this.#writing = this.#writing.then(() => this.#write(news));
    await this.#writing;
  }

  #add(integrationId: number, news: ActivityNews): void {
    this.#news.set(integrationId, { ...this.#news.get(integrationId), ...news });
    this.#cancel ??= this.#parts.timers.after(recordEveryMs, () => void this.flush());
  }

  async #write(news: ReadonlyMap<number, ActivityNews>): Promise<void> {
    try {
      await this.#parts.database.transaction((tx) => saveActivity(tx, news));
    } catch (error) {
      this.#parts.logger.warn({ error, integrations: news.size }, 'integration.activity_not_written');
    }
  }
}
