import { freshHealth, healthAfter, inFlightAllowed, type Health, type Standing } from './standing.ts';
import type { Delivery } from './delivery.ts';
import type { WebhookLanes } from './lanes.ts';
import type { Outcome } from './outcome.ts';

/** Deliveries claimed and not yet settled, over all webhooks. */
const slotsMax = 1_024;
/**
 * How many of them webhooks of each standing may hold. Slow ones have a small share of their own, and those of which
 * nothing is known cannot take everything either: so 1,000 receivers that hang leave the good ones untouched.
 */
export const shareMax: Readonly<Record<Standing, number>> = { good: slotsMax - 128, fresh: 448, slow: 128 };

/** One webhook at the dispatcher. */
export interface Lineup {
  readonly lanes: WebhookLanes;
  health: Health;
  /** Requests in flight, or about to be. */
  inFlight: number;
  /** The webhook's own limit, as of its last request. */
  maxInFlight: number;
}

/** A delivery on its way, and whose slot it holds. */
export interface Flight {
  readonly lineup: Lineup;
  readonly standing: Standing;
  /** It counts as a request in flight to its webhook. */
  requesting: boolean;
}

/** Whose head goes next: webhooks of one standing take turns, and each standing keeps to its share of the slots. */
export class Turns {
  /** Those with a ready head and room for another request, the next one first. */
  readonly #rings: Readonly<Record<Standing, Set<Lineup>>> = { good: new Set(), fresh: new Set(), slow: new Set() };
  readonly #used: Record<Standing, number> = { good: 0, fresh: 0, slow: 0 };

  static lineup(lanes: WebhookLanes, maxInFlight: number): Lineup {
    return { lanes, health: freshHealth, inFlight: 0, maxInFlight };
  }

  get inFlight(): number {
    return this.#used.good + this.#used.fresh + this.#used.slow;
  }

  /** It may have something to send, or room to send it. */
  enlist(lineup: Lineup): void {
    if (mayStart(lineup)) this.#rings[lineup.health.standing].add(lineup);
  }

  /** The next heads, each with its slot taken. */
  pick(max: number): Map<Delivery, Flight> {
    const picked = new Map<Delivery, Flight>();
    for (const standing of standings) {
      const ring = this.#rings[standing];
      for (const lineup of ring) {
        if (picked.size === max || !this.#hasSlot(standing)) break;
        ring.delete(lineup);
        const delivery = mayStart(lineup) ? lineup.lanes.take() : undefined;
        if (delivery === undefined) continue;
        lineup.inFlight += 1;
        this.#used[standing] += 1;
        picked.set(delivery, { lineup, standing, requesting: true });
        // Added again, it comes after all others of its ring.
        if (mayStart(lineup)) ring.add(lineup);
      }
    }
    return picked;
  }

  /** Its request has ended; the slot is held until the result is durable. */
  answered(flight: Flight, outcome: Outcome): void {
    const { lineup } = flight;
    endRequest(flight);
    const before = lineup.health.standing;
    lineup.health = healthAfter(lineup.health, outcome);
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

/** Those with the small shares first: they take little of a turn, and would wait for ever behind the many. */
const standings: readonly Standing[] = ['slow', 'fresh', 'good'];

function endRequest(flight: Flight): void {
  if (!flight.requesting) return;
  flight.requesting = false;
  flight.lineup.inFlight -= 1;
}

function mayStart({ lanes, health, inFlight, maxInFlight }: Lineup): boolean {
  return lanes.readyCount > 0 && inFlight < inFlightAllowed(health, maxInFlight);
}
