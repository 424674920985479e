import {
  untestedBreaker,
  breakerAfter,
  breakerAfterReplay,
  inFlightAllowed,
  phaseOf,
  type BreakerState,
  type ReceiverClass,
} from './circuit-breaker.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import { OriginLimit } from './origin-limit.ts';
import type { Delivery } from '../store/delivery.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { Outcome } from '../store/outcome.ts';
import { freshPace, opensAt, spend, type Pace } from '../../runtime/token-bucket.ts';

/** Deliveries claimed and not yet recorded, over all webhooks. */
const slotsMax = 1_024;
/**
 * How many of them webhooks of each class may hold. Those that time out have a small share, and untested ones cannot take
 * everything either: 1,000 receivers that hang leave the healthy ones untouched.
 */
export const shareMax: Readonly<Record<ReceiverClass, number>> = {
  healthy: slotsMax - 128,
  untested: 448,
  'timing-out': 128,
};

/**
 * Claim healthy webhooks first; cap untested and timing-out webhooks per batch: a burst of requests that may hang, and its
 * end in a burst of timeouts, must not delay the healthy ones. Fewer are better on SQLite, where a batch costs little, and
 * worse on PostgreSQL, where the next batch of the healthy ones waits for this one.
 */
export const perBatchMax: Readonly<Record<Exclude<ReceiverClass, 'healthy'>, number>> = {
  untested: 4,
  'timing-out': 2,
};

/** The webhook's own limits on how much may be asked of its receiver. */
export type WebhookLimits = Pick<Webhook, 'maxInFlight' | 'rateLimitPerSecond'>;

/** One webhook at the dispatcher. */
export interface WebhookQueue {
  readonly lanes: LaneQueue;
  breaker: BreakerState;
  /** Requests in flight, or about to be. */
  inFlight: number;
  pace: Pace;
  /** As of the webhook's last request. */
  limits: WebhookLimits;
  /** Where it points, as of its last claim. */
  origin: OriginLimit<WebhookQueue> | undefined;
}

/** A delivery that was picked and is not yet released, and the slot it holds. */
export interface InFlight {
  readonly queue: WebhookQueue;
  readonly entityId: string;
  readonly receiver: ReceiverClass;
  /** It counts as a request in flight to its webhook. */
  requesting: boolean;
  /** It counts as a request in flight there. */
  origin: OriginLimit<WebhookQueue> | undefined;
  /** The next of its lane, which was taken to be claimed with its result. */
  successor: Delivery | undefined;
}

/** Picks what is claimed next: webhooks of one class take turns, and each class keeps to its share of the slots. */
export class FairScheduler {
  /** Those with a ready head and room for another request, the next one first. */
  readonly #rings: Readonly<Record<ReceiverClass, Set<WebhookQueue>>> = {
    healthy: new Set(),
    untested: new Set(),
    'timing-out': new Set(),
  };
  readonly #origins = new Map<string, OriginLimit<WebhookQueue>>();
  readonly #used: Record<ReceiverClass, number> = { healthy: 0, untested: 0, 'timing-out': 0 };

  static queueFor(lanes: LaneQueue, limits: WebhookLimits): WebhookQueue {
    return { lanes, breaker: untestedBreaker, inFlight: 0, pace: freshPace, limits, origin: undefined };
  }

  get inFlight(): number {
    return this.#used.healthy + this.#used.untested + this.#used['timing-out'];
  }

  /**
   * The webhook may have something to send, or room to send it.
   * @param now monotonic milliseconds.
   * @returns when to enlist it again, if it has something to send and only time holds it back.
   */
  enlist(queue: WebhookQueue, now: number): number | undefined {
    if (queue.lanes.readyCount === 0) return undefined;
    const opens = Math.max(queue.breaker.closedUntil, opensAt(queue.pace, queue.limits.rateLimitPerSecond, now));
    if (opens > now) return opens;
    if (mayStart(queue, now)) this.#rings[queue.breaker.receiver].add(queue);
    return undefined;
  }

  /**
   * The claimed request goes to this origin.
   * @returns whether the origin has room for it; if not, its webhook waits for that from now on.
   */
  goesTo(request: InFlight, name: string): boolean {
    let origin = this.#origins.get(name);
    if (origin === undefined) this.#origins.set(name, (origin = new OriginLimit()));
    request.queue.origin = origin;
    if (request.origin === origin) return true;
    if (origin.isFull) return false;
    if (request.origin !== undefined) request.origin.inFlight -= 1;
    origin.inFlight += 1;
    request.origin = origin;
    return true;
  }

  /**
   * The next heads, each with its slot taken, healthy webhooks first.
   * @param healthyMax how many of theirs; those of the other classes come on top.
   */
  pick(healthyMax: number, now: number): Map<Delivery, InFlight> {
    const picked = new Map<Delivery, InFlight>();
    this.#pick('healthy', healthyMax, now, picked);
    this.#pick('untested', perBatchMax.untested, now, picked);
    this.#pick('timing-out', perBatchMax['timing-out'], now, picked);
    return picked;
  }

  #pick(receiver: ReceiverClass, max: number, now: number, picked: Map<Delivery, InFlight>): void {
    const ring = this.#rings[receiver];
    let left = max;
    for (const queue of ring) {
      if (left <= 0 || this.#slotsFree(receiver) <= 0) return;
      ring.delete(queue);
      const delivery = mayStart(queue, now) ? queue.lanes.take() : undefined;
      if (delivery === undefined) continue;
      left -= 1;
      picked.set(delivery, this.#takeSlot(queue, delivery, now));
      // Added again, it comes after all others of its ring.
      if (mayStart(queue, now)) ring.add(queue);
    }
  }

  /**
   * The successor of a head whose result is about to be written, with its own slot: out of turn, so only to a healthy
   * webhook, where the lane is the next of it, and where all that wait for a turn have a slot too.
   */
  follow({ queue, entityId }: InFlight, now: number): readonly [Delivery, InFlight] | undefined {
    if (!this.#mayGoOutOfTurn(queue, now)) return undefined;
    const delivery = queue.lanes.follow(entityId);
    return delivery === undefined ? undefined : [delivery, this.#takeSlot(queue, delivery, now)];
  }

  /** A delivery that is being made, with its slot: as `follow`, and only where nothing of the webhook waits. */
  admit(queue: WebhookQueue, delivery: Delivery, now: number): InFlight | undefined {
    if (phaseOf(queue.breaker, now) !== 'closed' || !this.#mayGoOutOfTurn(queue, now)) return undefined;
    return queue.lanes.admit(delivery) ? this.#takeSlot(queue, delivery, now) : undefined;
  }

  #mayGoOutOfTurn(queue: WebhookQueue, now: number): boolean {
    const waiting = this.#rings.healthy;
    const slots = this.#slotsFree('healthy') - waiting.size;
    return queue.breaker.receiver === 'healthy' && slots > 0 && hasRoom(queue, now) && queue.origin?.isFull !== true;
  }

  #takeSlot(queue: WebhookQueue, { entityId }: Delivery, now: number): InFlight {
    const { origin } = queue;
    const { receiver } = queue.breaker;
    queue.inFlight += 1;
    queue.pace = spend(queue.pace, queue.limits.rateLimitPerSecond, now);
    this.#used[receiver] += 1;
    if (origin !== undefined) origin.inFlight += 1;
    return { queue, entityId, receiver, requesting: true, origin, successor: undefined };
  }

  /**
   * Its request has ended; the slot is held until the result is durable.
   * @returns the webhooks that waited for its origin, to be enlisted again.
   */
  requestEnded(
    request: InFlight,
    outcome: Outcome,
    now: number,
    retryAfterSeconds: number | undefined,
    isReplay = false,
  ): readonly WebhookQueue[] {
    const { queue } = request;
    const before = queue.breaker.receiver;
    const woken = endRequest(request, outcome);
    queue.breaker = isReplay
      ? breakerAfterReplay(queue.breaker, outcome, now)
      : breakerAfter(queue.breaker, outcome, now, retryAfterSeconds);
    if (queue.breaker.receiver !== before) this.#rings[before].delete(queue);
    return woken;
  }

  /** @returns as `requestEnded`, when no request was made. */
  released(request: InFlight): readonly WebhookQueue[] {
    this.#used[request.receiver] -= 1;
    return endRequest(request);
  }

  #slotsFree(receiver: ReceiverClass): number {
    const own = shareMax[receiver] - this.#used[receiver];
    // Untested webhooks take from the same slots as healthy ones.
    const shared = shareMax.healthy - this.#used.healthy - this.#used.untested;
    return receiver === 'timing-out' ? own : Math.min(own, shared);
  }
}

function endRequest(request: InFlight, outcome?: Outcome): readonly WebhookQueue[] {
  if (!request.requesting) return [];
  request.requesting = false;
  request.queue.inFlight -= 1;
  return request.origin?.ended(outcome) ?? [];
}

/** Where only the origin holds it back, the webhook waits there. */
function mayStart(queue: WebhookQueue, now: number): boolean {
  const { lanes, origin } = queue;
  if (lanes.readyCount === 0 || !hasRoom(queue, now)) return false;
  if (origin === undefined || !origin.isFull) return true;
  origin.waiting.add(queue);
  return false;
}

/** The webhook's own limits allow another request. */
function hasRoom({ breaker, inFlight, pace, limits }: WebhookQueue, now: number): boolean {
  if (opensAt(pace, limits.rateLimitPerSecond, now) > now) return false;
  return inFlight < inFlightAllowed(breaker, limits.maxInFlight, now);
}
