import type { Outcome } from './outcome.ts';

/**
 * How a webhook has been answering, which decides the share of the slots that its requests come from. `fresh`: nothing is
 * known yet · `good`: its receiver answers · `slow`: it has been timing out, so each request may hold a slot for the
 * whole timeout.
 */
export type Standing = 'fresh' | 'good' | 'slow';

export interface Health {
  readonly standing: Standing;
  /** Timeouts since the last answer. */
  readonly timeouts: number;
}

export const freshHealth: Health = { standing: 'fresh', timeouts: 0 };

/** So many timeouts in a row, and a webhook that was good is slow. One that never answered is slow at the first. */
const timeoutsMax = 3;
/** Requests at the same time to a receiver of which nothing good is known. */
const inFlightMax: Readonly<Record<Standing, number>> = { fresh: 1, good: Number.POSITIVE_INFINITY, slow: 2 };

export function healthAfter(health: Health, outcome: Outcome): Health {
  if (outcome.statusCode !== 0) return good;
  // What fails at once holds no slot, and says nothing about how long the next request takes.
  if (outcome.reason !== 'timeout_connect' && outcome.reason !== 'timeout_response') return health;
  const timeouts = health.timeouts + 1;
  const slow = health.standing !== 'good' || timeouts >= timeoutsMax;
  return { standing: slow ? 'slow' : 'good', timeouts };
}

const good: Health = { standing: 'good', timeouts: 0 };

/** How many requests may be in flight to a webhook. */
export function inFlightAllowed(health: Health, maxInFlight: number): number {
  return Math.min(maxInFlight, inFlightMax[health.standing]);
}
