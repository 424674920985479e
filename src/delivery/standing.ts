import type { Outcome, Reason } from './outcome.ts';

/**
 * How a webhook has been answering, which decides the share of the slots that its requests come from. `fresh`: nothing is
 * known yet · `good`: its receiver answers · `slow`: it has been timing out, so each request may hold a slot for the
 * whole timeout.
 */
export type Standing = 'fresh' | 'good' | 'slow';

/**
 * What is remembered of a webhook's receiver. It is closed for a while after failures in a row, longer each time; then
 * one request probes it, and when that is answered the number of requests at the same time doubles until it is back.
 */
export interface Health {
  readonly standing: Standing;
  /** Timeouts since the last answer. */
  readonly timeouts: number;
  /** Failures of the receiver as a whole since it last took a push. */
  readonly failures: number;
  /** No request begins before this, monotonic milliseconds. */
  readonly closedUntil: number;
  /** Requests at the same time while it is coming back. */
  readonly ramp: number;
}

const untouched = { timeouts: 0, failures: 0, closedUntil: 0, ramp: Number.POSITIVE_INFINITY };

export const freshHealth: Health = { standing: 'fresh', ...untouched };

/** So many timeouts in a row, and a webhook that was good is slow. One that never answered is slow at the first. */
const timeoutsMax = 3;
/** So many failures in a row close it. */
const failuresMax = 5;
/** For how long, the first time and at the longest; it doubles in between. */
const closedFirstMs = 1_000;
const closedMaxMs = 60_000;
/** Beyond so many requests at the same time it is back. */
const rampMax = 64;
/** Requests at the same time to a receiver of which nothing good is known. */
const inFlightMax: Readonly<Record<Standing, number>> = { fresh: 1, good: Number.POSITIVE_INFINITY, slow: 2 };

/**
 * @param now monotonic milliseconds.
 * @param retryAfterSeconds what the receiver asks for, with a 429 or a 503.
 */
export function healthAfter(health: Health, outcome: Outcome, now: number, retryAfterSeconds = 0): Health {
  const next = breakerAfter(standingAfter(health, outcome), outcome, now);
  if (outcome.statusCode !== 429 && outcome.statusCode !== 503) return next;
  return { ...next, closedUntil: Math.max(next.closedUntil, now + Math.min(retryAfterSeconds * 1000, closedMaxMs)) };
}

/** How many requests may be in flight to a webhook. */
export function inFlightAllowed(health: Health, maxInFlight: number, now: number): number {
  if (now < health.closedUntil) return 0;
  if (health.failures >= failuresMax) return 1;
  return Math.min(maxInFlight, inFlightMax[health.standing], health.ramp);
}

function standingAfter(health: Health, outcome: Outcome): Health {
  if (outcome.statusCode !== 0) return { ...health, standing: 'good', timeouts: 0 };
  // What fails at once holds no slot, and says nothing about how long the next request takes.
  if (outcome.reason !== 'timeout_connect' && outcome.reason !== 'timeout_response') return health;
  const timeouts = health.timeouts + 1;
  const slow = health.standing !== 'good' || timeouts >= timeoutsMax;
  return { ...health, standing: slow ? 'slow' : 'good', timeouts };
}

/** A refusal of one push says nothing about the next; these say that the receiver as a whole is not there. */
const outages: ReadonlySet<Reason> = new Set([
  'throttled',
  'server_error',
  'timeout_connect',
  'timeout_response',
  'connection_lost',
  'dns',
  'connect',
  'tls',
]);

function breakerAfter(health: Health, outcome: Outcome, now: number): Health {
  if (outages.has(outcome.reason)) {
    // What was in flight when it was closed fails with it, and says nothing more: or one burst would close it for a minute.
    if (now < health.closedUntil) return health;
    const failures = health.failures + 1;
    if (failures < failuresMax) return { ...health, failures };
    const closedMs = Math.min(closedFirstMs * 2 ** (failures - failuresMax), closedMaxMs);
    return { ...health, failures, closedUntil: now + closedMs, ramp: 1 };
  }
  if (outcome.statusCode === 0) return health;
  const ramp = health.ramp >= rampMax ? Number.POSITIVE_INFINITY : health.ramp * 2;
  return { ...health, failures: 0, closedUntil: 0, ramp };
}
