import type { Clock } from './clock.ts';

/** A reading of both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds from then to now, by the clock that counted more: a suspended machine may stop its monotonic clock, and a wall
 * clock may be set back.
 */
export function msBetween(then: Moment, now: Moment): number {
  return Math.max(now.monotonic - then.monotonic, now.wall - then.wall);
}

export function elapsedMs(clock: Clock, since: Moment): number {
  return msBetween(since, momentOf(clock));
}
