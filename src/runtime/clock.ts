/** Two clocks, because neither is enough: a wall clock may be set, a monotonic one may stop in a suspended machine. */
export interface Clock {
  /** Wall time, Unix milliseconds. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
