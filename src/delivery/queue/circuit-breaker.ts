import type { Clock } from '../../runtime/clock.ts';
import type { Outcome, Reason } from '../store/outcome.ts';

/**
 * How a webhook's receiver has been answering; decides its share of the slots. `untested`: unknown · `healthy`: it
 * answers · `timing-out`: each request may hold a slot for the whole timeout.
 */
export type ReceiverClass = 'untested' | 'healthy' | 'timing-out';

/**
 * The breaker of one webhook. Failures in a row open it for a while, longer each time. Then one request probes the
 * receiver, and with each answer the number of concurrent requests doubles until it is back.
 */
export interface BreakerState {
  readonly receiver: ReceiverClass;
  /** Timeouts since the last answer. */
  readonly timeouts: number;
  /** Failures of the receiver as a whole since it last took a push. */
  readonly failures: number;
  /** No request begins before this, monotonic milliseconds. */
  readonly closedUntil: number;
  /** Concurrent requests while it recovers. */
  readonly ramp: number;
}

const untouched = { timeouts: 0, failures: 0, closedUntil: 0, ramp: Number.POSITIVE_INFINITY };

export const untestedBreaker: BreakerState = { receiver: 'untested', ...untouched };

/** Timeouts in a row that make a healthy receiver `timing-out`. One is enough for an untested one. */
const timeoutsMax = 3;
/** Failures in a row that open it. */
const failuresMax = 5;
/** The first and the longest time that it stays open; it doubles in between. */
const closedFirstMs = 1_000;
const closedMaxMs = 60_000;
/** Beyond this many concurrent requests it is back. */
const rampMax = 64;
/** Concurrent requests. */
const inFlightMax: Readonly<Record<ReceiverClass, number>> = {
  untested: 1,
  healthy: Number.POSITIVE_INFINITY,
  'timing-out': 2,
};

/**
 * @param now monotonic milliseconds.
 * @param retryAfterSeconds of the receiver, with a 429 or a 503.
 */
export function breakerAfter(
  breaker: BreakerState,
  outcome: Outcome,
  now: number,
  retryAfterSeconds = 0,
): BreakerState {
  const next = closedAfter(classAfter(breaker, outcome), outcome, now);
  if (outcome.statusCode !== 429 && outcome.statusCode !== 503) return next;
  return { ...next, closedUntil: Math.max(next.closedUntil, now + Math.min(retryAfterSeconds * 1000, closedMaxMs)) };
}

/**
 * A replay is beside the traffic: its failures close nothing for new events. It counts as an answer when it was taken,
 * and as the probe where the breaker is open already.
 */
export function breakerAfterReplay(breaker: BreakerState, outcome: Outcome, now: number): BreakerState {
  const counts = outcome.state === 'delivered' || breaker.failures >= failuresMax;
  return counts ? breakerAfter(breaker, outcome, now) : breaker;
}

/** The number of requests that may be in flight to a webhook. */
export function inFlightAllowed(breaker: BreakerState, maxInFlight: number, now: number): number {
  if (now < breaker.closedUntil) return 0;
  if (breaker.failures >= failuresMax) return 1;
  return Math.min(maxInFlight, inFlightMax[breaker.receiver], breaker.ramp);
}

/** By the usual names: open = nothing is sent; half open = requests probe the receiver, fewer than it may take. */
export type BreakerPhase = 'closed' | 'half-open' | 'open';

/** For those who look at it. */
export interface BreakerView {
  readonly receiver: ReceiverClass;
  readonly phase: BreakerPhase;
  /** Unix milliseconds; 0 = it sends. */
  readonly closedUntil: number;
}

export function viewOf(breaker: BreakerState, clock: Clock): BreakerView {
  const now = clock.monotonic();
  const left = breaker.closedUntil - now;
  return {
    receiver: breaker.receiver,
    phase: phaseOf(breaker, now),
    closedUntil: left > 0 ? clock.now() + Math.ceil(left) : 0,
  };
}

export function phaseOf(breaker: BreakerState, now: number): BreakerPhase {
  if (now < breaker.closedUntil) return 'open';
  return breaker.failures >= failuresMax || Number.isFinite(breaker.ramp) ? 'half-open' : 'closed';
}

function classAfter(breaker: BreakerState, outcome: Outcome): BreakerState {
  if (outcome.statusCode !== 0) return { ...breaker, receiver: 'healthy', timeouts: 0 };
  // A request that fails at once holds no slot, and says nothing about the duration of the next.
  if (outcome.reason !== 'timeout_connect' && outcome.reason !== 'timeout_response') return breaker;
  const timeouts = breaker.timeouts + 1;
  const slow = breaker.receiver !== 'healthy' || timeouts >= timeoutsMax;
  return { ...breaker, receiver: slow ? 'timing-out' : 'healthy', timeouts };
}

/** Outages of the receiver as a whole; a refusal of one push says nothing about the next. */
export const outages: ReadonlySet<Reason> = new Set([
  'throttled',
  'server_error',
  'timeout_connect',
  'timeout_response',
  'connection_lost',
  'dns',
  'connect',
  'tls',
]);

function closedAfter(breaker: BreakerState, outcome: Outcome, now: number): BreakerState {
  if (outages.has(outcome.reason)) {
    // Requests in flight when it opened fail with it and do not count again: one burst would open it for a minute.
    if (now < breaker.closedUntil) return breaker;
    const failures = breaker.failures + 1;
    if (failures < failuresMax) return { ...breaker, failures };
    const closedMs = Math.min(closedFirstMs * 2 ** (failures - failuresMax), closedMaxMs);
    return { ...breaker, failures, closedUntil: now + closedMs, ramp: 1 };
  }
  if (outcome.statusCode === 0) return breaker;
  const ramp = breaker.ramp >= rampMax ? Number.POSITIVE_INFINITY : breaker.ramp * 2;
  return { ...breaker, failures: 0, closedUntil: 0, ramp };
}
