import type { Database } from '../../database/database.ts';
import type { BreakerView } from '../queue/circuit-breaker.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import {
  countHours,
  countLately,
  hasFailedLately,
  readBacklog,
  readEnded,
  readLastFailure,
  type Backlog,
  type EndedDelivery,
  type HourCount,
  type LastFailure,
  type Lately,
} from './health-store.ts';

export const healthStates = ['delivering', 'slow', 'failing', 'paused', 'disabled', 'idle'] as const;
export type HealthState = (typeof healthStates)[number];

/** How a webhook is doing: whether pushes arrive, and if not, since when and why. */
export interface WebhookHealth {
  readonly state: HealthState;
  /** The share of ended deliveries of the last 24 hours, 0 to 1; null when there were none. */
  readonly successRate: number | null;
  /** Milliseconds within which 95 of 100 of the newest attempts ended; null where there are none. */
  readonly p95Ms: number | null;
  /** One for each of the last 24 hours, the oldest first. */
  readonly spark: readonly { readonly delivered: number; readonly failed: number }[];
  readonly waiting: number;
  readonly behind: { readonly entities: number; readonly oldestMs: number };
  /** Unix milliseconds; 0 = not in the last 24 hours. */
  readonly lastSuccessAt: number;
  readonly lastFailure: LastFailure | undefined;
  /** Until when nothing is sent, because the receiver is down, Unix milliseconds; 0 = it is open. */
  readonly closedUntil: number;
}

/** What the dispatcher of this node knows of a receiver. */
export type SeenBreaker = Pick<BreakerView, 'receiver' | 'closedUntil'>;

const hourMs = 3_600_000;
const hoursShown = 24;
/**
 * Below this share of deliveries that ended within the past hour a webhook is failing, if at least so many did. With fewer there is
 * nothing to judge: the last failure and the share of the day stand beside the state.
 */
const failingBelow = 0.95;
const judgedMin = 5;
/** Above this share of the timeout a receiver is slow: the next hiccup is a failure. */
const slowAbove = 0.7;
const quantile = 0.95;

export interface Seen {
  readonly hours: readonly HourCount[];
  readonly lately: Lately;
  readonly ended: readonly EndedDelivery[];
  readonly lastFailure: LastFailure | undefined;
  readonly backlog: Backlog;
  readonly breaker: SeenBreaker;
}

/** Puts together what is known; pure. */
export function healthOf(webhook: Pick<Webhook, 'status' | 'timeoutMs'>, seen: Seen, now: number): WebhookHealth {
  const { hours, ended, backlog, breaker } = seen;
  const counts = totals(hours);
  const closedUntil = breaker.closedUntil > now ? Math.ceil(breaker.closedUntil) : 0;
  const p95Ms = percentile(ended.map(({ durationMs }) => durationMs));
  return {
    state: stateOf(webhook, {
      ...seen,
      p95Ms,
      isClosed: closedUntil > 0,
      hasAny: counts.delivered + counts.failed > 0,
    }),
    successRate: rate(counts),
    p95Ms,
    spark: sparkOf(hours, now),
    waiting: backlog.waiting,
    behind: { entities: backlog.entities, oldestMs: backlog.oldestAt === 0 ? 0 : Math.max(0, now - backlog.oldestAt) },
    lastSuccessAt: Math.max(0, ...ended.filter(({ state }) => state === 'delivered').map((one) => one.finishedAt)),
    lastFailure: seen.lastFailure,
    closedUntil,
  };
}

type Judged = Seen & { readonly p95Ms: number | null; readonly isClosed: boolean; readonly hasAny: boolean };

function stateOf({ status, timeoutMs }: Pick<Webhook, 'status' | 'timeoutMs'>, seen: Judged): HealthState {
  if (status === 'paused') return 'paused';
  if (status !== 'enabled') return 'disabled';
  if (seen.isClosed || fails(seen.lately)) return 'failing';
  if (!seen.hasAny && seen.backlog.waiting === 0) return 'idle';
  const isSlow = seen.p95Ms !== null && seen.p95Ms > slowAbove * timeoutMs;
  return isSlow || seen.breaker.receiver === 'timing-out' ? 'slow' : 'delivering';
}

function fails({ ended, delivered }: Lately): boolean {
  return ended >= judgedMin && delivered / ended < failingBelow;
}

/** Cancelled and superseded deliveries count neither way. */
const notDelivered: ReadonlySet<string> = new Set(['failed', 'unknown', 'expired']);

function totals(hours: readonly HourCount[]): { delivered: number; failed: number } {
  let [delivered, failed] = [0, 0];
  for (const { state, count } of hours) {
    if (state === 'delivered') delivered += count;
    if (notDelivered.has(state)) failed += count;
  }
  return { delivered, failed };
}

function rate({ delivered, failed }: { delivered: number; failed: number }): number | null {
  return delivered + failed === 0 ? null : delivered / (delivered + failed);
}

function sparkOf(hours: readonly HourCount[], now: number): { delivered: number; failed: number }[] {
  const first = Math.floor(now / hourMs) - hoursShown + 1;
  return Array.from({ length: hoursShown }, (_, index) => totals(hours.filter(({ hour }) => hour === first + index)));
}

function percentile(durations: readonly number[]): number | null {
  const sorted = durations.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * quantile) - 1] ?? null;
}

export interface HealthParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  breakerOf(webhookId: number): SeenBreaker;
}

/** Between the reads of a webhook, however many consoles ask for the same list. */
const readEveryMs = 500;

interface LastRead<Answer> {
  readonly at: number;
  /** It begins when the time since the last read is over; questions before then get its answer too. */
  next: Promise<Answer> | undefined;
}

/** Reads the health of webhooks. An answer is never older than its question, and no webhook is read more often than twice a second. */
export class WebhookHealthReader {
  readonly #parts: HealthParts;
  readonly #seen: SharedReads<Seen>;
  readonly #failing: SharedReads<boolean>;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#seen = new SharedReads(parts, (webhookId) => this.#read(webhookId));
    this.#failing = new SharedReads(parts, (webhookId) => this.#hasTrouble(webhookId));
  }

  async of(webhook: Webhook): Promise<WebhookHealth> {
    const { clock, breakerOf } = this.#parts;
    const seen = await this.#seen.of(webhook.webhookId);
    return healthOf(webhook, { ...seen, breaker: breakerOf(webhook.webhookId) }, clock.now());
  }

  /** Whether its state is `failing`, which is all that some ask for: where nothing failed, one short read says so. */
  async isFailing({ status, webhookId }: Pick<Webhook, 'status' | 'webhookId'>): Promise<boolean> {
    const { clock, breakerOf } = this.#parts;
    if (status !== 'enabled') return false;
    return breakerOf(webhookId).closedUntil > clock.now() || this.#failing.of(webhookId);
  }

  /** Forgets webhooks that are gone. */
  keepOnly(webhookIds: ReadonlySet<number>): void {
    for (const reads of [this.#seen, this.#failing]) reads.keepOnly(webhookIds);
  }

  async #hasTrouble(webhookId: number): Promise<boolean> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    const [since, endedAfter] = [dayBefore(now), now - hourMs];
    if (!(await hasFailedLately(database, webhookId, since, endedAfter))) return false;
    return fails(await countLately(database, webhookId, since, endedAfter));
  }

  async #read(webhookId: number): Promise<Seen> {
    const { database, clock, breakerOf } = this.#parts;
    const now = clock.now();
    const since = dayBefore(now);
    return {
      hours: await countHours(database, webhookId, since),
      lately: await countLately(database, webhookId, since, now - hourMs),
      ended: await readEnded(database, webhookId, since),
      lastFailure: await readLastFailure(database, webhookId, since),
      backlog: await readBacklog(database, webhookId),
      breaker: breakerOf(webhookId),
    };
  }
}

/** The first of the hours that are shown. */
function dayBefore(now: number): number {
  return (Math.floor(now / hourMs) - hoursShown + 1) * hourMs;
}

/** The same read for all who ask for a webhook at the same time. */
class SharedReads<Answer> {
  readonly #parts: Pick<HealthParts, 'clock' | 'timers'>;
  readonly #read: (webhookId: number) => Promise<Answer>;
  readonly #last = new Map<number, LastRead<Answer>>();

  constructor(parts: Pick<HealthParts, 'clock' | 'timers'>, read: (webhookId: number) => Promise<Answer>) {
    this.#parts = parts;
    this.#read = read;
  }

  of(webhookId: number): Promise<Answer> {
    const now = this.#parts.clock.monotonic();
    const last = this.#last.get(webhookId);
    const wait = last === undefined ? 0 : last.at + readEveryMs - now;
    if (last === undefined || wait <= 0) return this.#begin(webhookId);
    last.next ??= new Promise((resolve, reject) => {
      this.#parts.timers.after(wait, () => void this.#begin(webhookId).then(resolve, reject));
    });
    return last.next;
  }

  keepOnly(webhookIds: ReadonlySet<number>): void {
    for (const webhookId of this.#last.keys()) if (!webhookIds.has(webhookId)) this.#last.delete(webhookId);
  }

  #begin(webhookId: number): Promise<Answer> {
    this.#last.set(webhookId, { at: this.#parts.clock.monotonic(), next: undefined });
    return this.#read(webhookId);
  }
}
