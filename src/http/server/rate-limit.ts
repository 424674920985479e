import ipaddr from 'ipaddr.js';
import type { Clock } from '../../runtime/clock.ts';
import { freshPace, tokensIn, type Pace } from '../../runtime/token-bucket.ts';

/** The answer of a key's bucket to one request. */
export interface Allowance {
  readonly allowed: boolean;
  /** The size of the bucket: requests that may come at once. */
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the next request is allowed; 0 = now. */
  readonly retryAfterSeconds: number;
  /** Seconds until the bucket is full again. */
  readonly resetSeconds: number;
}

export interface RateLimiter {
  take(key: string): Allowance;
  /** A request that was let through costs so many more. They may be lacking then, up to a full bucket. */
  charge(key: string, requests: number): void;
}

/** A flood of made-up keys must not fill the memory: past this number the oldest bucket is forgotten, which only fills it. */
const bucketsMax = 10_000;

/** A bucket holds two seconds of requests, so that an uneven sender is not refused. */
const burstSeconds = 2;

/**
 * One token bucket per key, refilled at `perSecond`. 0 = no limit, which is `undefined` here so that nothing is counted.
 * The count is this process's own: n nodes allow n times as much.
 */
export function rateLimiter(perSecond: number, clock: Clock): RateLimiter | undefined {
  if (perSecond <= 0) return undefined;
  const limit = Math.max(1, Math.ceil(perSecond * burstSeconds));
  const buckets = new Map<string, Pace>();
  const tokensOf = (key: string, now: number): number => {
    const before = buckets.get(key);
    if (before === undefined) makeRoom(buckets);
    return tokensIn(before ?? freshPace, perSecond, now, limit);
  };
  return {
    charge(key, requests) {
      const now = clock.monotonic();
      buckets.set(key, { tokens: Math.max(-limit, tokensOf(key, now) - requests), at: now });
    },
    take(key) {
      const now = clock.monotonic();
      const found = tokensOf(key, now);
      const allowed = found >= 1;
      const left = allowed ? found - 1 : found;
      buckets.set(key, { tokens: left, at: now });
      return {
        allowed,
        limit,
        remaining: Math.max(0, Math.floor(left)),
        retryAfterSeconds: allowed ? 0 : (1 - left) / perSecond,
        resetSeconds: (limit - left) / perSecond,
      };
    },
  };
}

function makeRoom(buckets: Map<string, Pace>): void {
  if (buckets.size < bucketsMax) return;
  const oldest = buckets.keys().next();
  if (oldest.done !== true) buckets.delete(oldest.value);
}

/** The owner of an address of version 6 has the whole network of 64 bits, and counts once. */
const networkParts = 4;

/** What requests without a key are counted by. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const read = ipaddr.process(address);
  return read instanceof ipaddr.IPv6 ? `${read.parts.slice(0, networkParts).join(':')}/64` : read.toString();
}
