import { isTransient, type Database } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import { readOpenWebhooks } from '../store/backlog-store.ts';
import { cancelLeftOver } from '../store/cancel-backlog.ts';
import type { DeliveryMetrics } from '../metrics.ts';

const everyMs = 60_000;
/** The pause after a sign that a hand-off came before its commit. */
const soonMs = 2_000;
/** The pause after a database error. */
const retryMs = 250;
const webhooksPageMax = 1_000;

export interface BacklogSweepParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Pick<DeliveryMetrics, 'ended'>;
}

/**
 * Finds all webhooks with open deliveries: at the start, when shards are acquired, and once a minute for those that a
 * lost hand-off left in the database. Cancels deliveries of webhooks that are off.
 */
export class BacklogSweep {
  readonly #parts: BacklogSweepParts;
  readonly #found: (webhookId: number) => void;
  #running = false;
  #hasSucceeded = false;
  #sweeps = new Set<Promise<void>>();
  #isSoon = false;
  #cancel: Cancel = () => {};

  /** @param found called with each webhook that may send and has open deliveries. */
  constructor(parts: BacklogSweepParts, found: (webhookId: number) => void) {
    this.#parts = parts;
    this.#found = found;
  }

  /** False until the first sweep: a webhook may still have a backlog. */
  get hasSucceeded(): boolean {
    return this.#hasSucceeded;
  }

  start(): Promise<void> {
    this.#running = true;
    return this.sweep();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await Promise.all(this.#sweeps);
  }

  /**
   * Brings the next sweep forward. A hand-off after a commit in doubt may come before the server has committed: then its
   * delivery cannot be claimed yet, and nothing else would look for it for a minute.
   */
  soon(): void {
    if (!this.#running || this.#isSoon) return;
    this.#isSoon = true;
    this.#cancel();
    this.#cancel = this.#parts.timers.after(soonMs, () => void this.sweep());
  }

  async sweep(): Promise<void> {
    this.#isSoon = false;
    this.#cancel();
    const sweep = this.#sweep();
    this.#sweeps.add(sweep);
    await sweep;
    this.#sweeps.delete(sweep);
  }

  async #sweep(): Promise<void> {
    const open = await this.#trying(() => this.#openWebhooks());
    if (!this.#running) return;
    if (open !== undefined) this.#hasSucceeded = true;
    for (const webhookId of open?.enabled ?? []) this.#found(webhookId);
    for (const webhookId of open?.off ?? []) await this.#trying(() => this.#cancelLeftOver(webhookId));
    if (!this.#running) return;
    // Two sweeps may overlap.
    this.#cancel();
    this.#cancel = this.#parts.timers.after(open === undefined ? retryMs : everyMs, () => void this.sweep());
  }

  /** Webhooks with open deliveries: those that may send, and those that are off. */
  async #openWebhooks(): Promise<{ enabled: number[]; off: number[] }> {
    const { database, webhooks } = this.#parts;
    const directory = await webhooks.current();
    const webhookIds: number[] = [];
    for (let page: number[] | undefined; page === undefined || page.length === webhooksPageMax;) {
      page = await readOpenWebhooks(database.read, webhookIds.at(-1) ?? 0, webhooksPageMax);
      webhookIds.push(...page);
    }
    const status = (webhookId: number) => directory.find(webhookId)?.status ?? 'disabled';
    return {
      enabled: webhookIds.filter((webhookId) => status(webhookId) === 'enabled'),
      off: webhookIds.filter((webhookId) => status(webhookId) === 'disabled'),
    };
  }

  async #cancelLeftOver(webhookId: number): Promise<void> {
    this.#parts.metrics.ended('cancelled', await cancelLeftOver(this.#parts, webhookId));
  }

  /** @returns undefined after a database error. */
  async #trying<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#parts.logger.warn({ error }, 'backlog.not_swept');
      return undefined;
    }
  }
}
