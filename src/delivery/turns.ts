import { freshHealth, healthAfter, inFlightAllowed, type Health, type Standing } from './standing.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import type { Delivery } from './delivery.ts';
import type { WebhookLanes } from './lanes.ts';
import type { Outcome } from './outcome.ts';
import { freshPace, opensAt, spend, type Pace } from './pace.ts';

/** Deliveries claimed and not yet settled, over all webhooks. */
const slotsMax = 1_024;
/**
 * How many of them webhooks of each standing may hold. Slow ones have a small share of their own, and those of which
 * nothing is known cannot take everything either: so 1,000 receivers that hang leave the good ones untouched.
 */
export const shareMax: Readonly<Record<Standing, number>> = { good: slotsMax - 128, fresh: 448, slow: 128 };

/**
 * How many of them are picked in one turn, so that a burst of requests that may hang, and its end in a burst of timeouts,
 * does not hold up those that are answered. Fewer are better on SQLite, where a turn costs little, and worse on PostgreSQL,
 * where the next turn of those that are answered waits for this one.
 */
export const perTurnMax: Readonly<Record<Exclude<Standing, 'good'>, number>> = { fresh: 4, slow: 2 };

/** What of a webhook says how much may be asked of its receiver. */
export type WebhookLimits = Pick<Webhook, 'maxInFlight' | 'rateLimitPerSecond'>;

/** One webhook at the dispatcher. */
export interface Lineup {
  readonly lanes: WebhookLanes;
  health: Health;
  /** Requests in flight, or about to be. */
  inFlight: number;
  pace: Pace;
  /** The webhook's own limits, as of its last request. */
  limits: WebhookLimits;
}

/** A delivery on its way, and whose slot it holds. */
export interface Flight {
  readonly lineup: Lineup;
  readonly entityId: string;
  readonly standing: Standing;
  /** It counts as a request in flight to its webhook. */
  requesting: boolean;
}

/** Whose head goes next: webhooks of one standing take turns, and each standing keeps to its share of the slots. */
export class Turns {
  /** Those with a ready head and room for another request, the next one first. */
  readonly #rings: Readonly<Record<Standing, Set<Lineup>>> = { good: new Set(), fresh: new Set(), slow: new Set() };
  readonly #used: Record<Standing, number> = { good: 0, fresh: 0, slow: 0 };

  static lineup(lanes: WebhookLanes, limits: WebhookLimits): Lineup {
    return { lanes, health: freshHealth, inFlight: 0, pace: freshPace, limits };
  }

  get inFlight(): number {
    return this.#used.good + this.#used.fresh + this.#used.slow;
  }

  /**
   * It may have something to send, or room to send it.
   * @param now monotonic milliseconds.
   * @returns when to enlist it again, if it has something to send and only the time keeps it back.
   */
  enlist(lineup: Lineup, now: number): number | undefined {
    if (lineup.lanes.readyCount === 0) return undefined;
    const opens = Math.max(lineup.health.closedUntil, opensAt(lineup.pace, lineup.limits.rateLimitPerSecond, now));
    if (opens > now) return opens;
    if (mayStart(lineup, now)) this.#rings[lineup.health.standing].add(lineup);
    return undefined;
  }

  /**
   * The next heads, each with its slot taken; those that are answered for certain come first.
   * @param goodMax how many of those; the others come on top.
   */
  pick(goodMax: number, now: number): Map<Delivery, Flight> {
    const picked = new Map<Delivery, Flight>();
    this.#pick('good', goodMax, now, picked);
    this.#pick('fresh', perTurnMax.fresh, now, picked);
    this.#pick('slow', perTurnMax.slow, now, picked);
    return picked;
  }

  #pick(standing: Standing, max: number, now: number, picked: Map<Delivery, Flight>): void {
    const ring = this.#rings[standing];
    let left = max;
    for (const lineup of ring) {
      if (left <= 0 || !this.#hasSlot(standing)) return;
      ring.delete(lineup);
      const delivery = mayStart(lineup, now) ? lineup.lanes.take() : undefined;
      if (delivery === undefined) continue;
      left -= 1;
      lineup.inFlight += 1;
      lineup.pace = spend(lineup.pace, lineup.limits.rateLimitPerSecond, now);
      this.#used[standing] += 1;
      picked.set(delivery, { lineup, entityId: delivery.entityId, standing, requesting: true });
      // Added again, it comes after all others of its ring.
      if (mayStart(lineup, now)) ring.add(lineup);
    }
  }

  /** Its request has ended; the slot is held until the result is durable. */
  answered(flight: Flight, outcome: Outcome, now: number, retryAfterSeconds: number | undefined): void {
    const { lineup } = flight;
    endRequest(flight);
    const before = lineup.health.standing;
    lineup.health = healthAfter(lineup.health, outcome, now, retryAfterSeconds);
    if (lineup.health.standing !== before) this.#rings[before].delete(lineup);
  }

  left(flight: Flight): void {
    endRequest(flight);
    this.#used[flight.standing] -= 1;
  }

  #hasSlot(standing: Standing): boolean {
    // What is fresh takes from the same slots as what is good.
    const shared = standing === 'slow' ? this.#used.slow : this.#used.good + this.#used.fresh;
    const sharedMax = standing === 'slow' ? shareMax.slow : shareMax.good;
    return shared < sharedMax && this.#used[standing] < shareMax[standing];
  }
}

function endRequest(flight: Flight): void {
  if (!flight.requesting) return;
  flight.requesting = false;
  flight.lineup.inFlight -= 1;
}

function mayStart({ lanes, health, inFlight, pace, limits }: Lineup, now: number): boolean {
  if (lanes.readyCount === 0 || opensAt(pace, limits.rateLimitPerSecond, now) > now) return false;
  return inFlight < inFlightAllowed(health, limits.maxInFlight, now);
}
