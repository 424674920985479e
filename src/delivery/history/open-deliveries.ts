import { isTransient, type Database } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import type { OpenGauges, WebhookGauges } from '../metrics.ts';
import type { BreakerPhase } from '../queue/circuit-breaker.ts';
import type { ShownWebhooks } from '../shown-webhooks.ts';
import { countOpen, type OpenCount } from '../store/backlog-store.ts';
import { openStates } from '../store/delivery.ts';

/** How old a count may be: several gauges, and several scrapers, share one. */
const keptMs = 1_000;
/** Open deliveries counted for each webhook. */
const countedEachMax = 10_000;

export interface OpenDeliveriesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly webhooks: WebhookSource;
  readonly shown: ShownWebhooks;
  breakerOf(webhookId: number): { readonly phase: BreakerPhase };
}

/** Counts what has not ended, when it is asked, outside of the event loop. */
export class OpenDeliveries implements OpenGauges {
  readonly #parts: OpenDeliveriesParts;
  #kept: { readonly counts: Promise<readonly OpenCount[]>; readonly at: number } | undefined;

  constructor(parts: OpenDeliveriesParts) {
    this.#parts = parts;
  }

  /** All of them now, each webhook counted up to a limit; `undefined` while the database is away. */
  async count(): Promise<number | undefined> {
    const counts = await this.#unlessAway(countOpen(this.#parts.database.longRead, countedEachMax));
    return counts?.reduce((sum, { pending, sending, retryWait }) => sum + pending + sending + retryWait, 0);
  }

  async open(): Promise<ReadonlyMap<string, number>> {
    const counts = await this.#unlessAway(this.#counts());
    if (counts === undefined) return new Map();
    const open = new Map<string, number>(openStates.map((state) => [state, 0]));
    for (const { pending, sending, retryWait } of counts) {
      open.set('pending', (open.get('pending') ?? 0) + pending);
      open.set('sending', (open.get('sending') ?? 0) + sending);
      open.set('retry_wait', (open.get('retry_wait') ?? 0) + retryWait);
    }
    return open;
  }

  async webhooks(): Promise<WebhookGauges> {
    const { clock, shown, webhooks, breakerOf } = this.#parts;
    const [counts, directory] = [await this.#unlessAway(this.#counts()), await this.#unlessAway(webhooks.current())];
    if (counts === undefined || directory === undefined) return nothing;
    const now = clock.now();
    const waiting = new Map<number, number>();
    const behind = new Map<number, number>();
    for (const { webhookId, pending, sending, retryWait, oldestAt } of counts) {
      waiting.set(webhookId, pending + sending + retryWait);
      behind.set(webhookId, Math.max(0, now - oldestAt) / 1000);
    }
    const breakers = new Map(
      directory.list.map(({ webhookId }) => [webhookId, breakerValues[breakerOf(webhookId).phase]]),
    );
    const troubleOf = (webhookId: number, breaker: number) => ({
      breaker,
      behindSeconds: behind.get(webhookId) ?? 0,
    });
    shown.choose(new Map([...breakers].map(([webhookId, breaker]) => [webhookId, troubleOf(webhookId, breaker)])));
    return {
      waiting: shown.labelled(waiting, (one, other) => one + other),
      behindSeconds: shown.labelled(behind, Math.max),
      breaker: shown.labelled(breakers, Math.max),
    };
  }

  #counts(): Promise<readonly OpenCount[]> {
    const { database, clock } = this.#parts;
    const now = clock.monotonic();
    if (this.#kept !== undefined && now - this.#kept.at < keptMs) return this.#kept.counts;
    const counts = countOpen(database.longRead, countedEachMax);
    this.#kept = { counts, at: now };
    return counts;
  }

  /** Without its database the service has no such number, and still the others. */
  async #unlessAway<Result>(work: Promise<Result>): Promise<Result | undefined> {
    try {
      return await work;
    } catch (error) {
      if (!isTransient(error)) throw error;
      return undefined;
    }
  }
}

const breakerValues: Readonly<Record<BreakerPhase, number>> = { closed: 0, 'half-open': 1, open: 2 };
const nothing: WebhookGauges = { waiting: new Map(), behindSeconds: new Map(), breaker: new Map() };
