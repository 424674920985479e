import type { Clock } from '../runtime/clock.ts';

/** What the bucket of one key says to one request. */
export interface Allowance {
  readonly allowed: boolean;
  /** The size of the bucket: how many requests may come at once. */
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until one more request is allowed; 0 when it is now. */
  readonly retryAfterSeconds: number;
  /** Seconds until the bucket is full again. */
  readonly resetSeconds: number;
}

export interface RateLimiter {
  take(key: string): Allowance;
}

/** A flood of made-up keys must not fill the memory: past this number the oldest bucket is forgotten, which only fills it. */
const bucketsMax = 10_000;

/** A bucket holds two seconds' worth, so that a steady sender may stumble without being refused. */
const burstSeconds = 2;

interface Bucket {
  tokens: number;
  /** Monotonic milliseconds. */
  filledAt: number;
}

/**
 * One token bucket per key, refilled at `perSecond`. 0 = no limit, which is `undefined` here so that nothing is counted.
 * The count is this process's own: n nodes allow n times as much.
 */
export function rateLimiter(perSecond: number, clock: Clock): RateLimiter | undefined {
  if (perSecond <= 0) return undefined;
  const limit = Math.max(1, Math.ceil(perSecond * burstSeconds));
  const buckets = new Map<string, Bucket>();
  return {
    take(key) {
      const now = clock.monotonic();
      const bucket = bucketOf(buckets, key, limit, now);
      bucket.tokens = Math.min(limit, bucket.tokens + ((now - bucket.filledAt) / 1000) * perSecond);
      bucket.filledAt = now;
      const allowed = bucket.tokens >= 1;
      if (allowed) bucket.tokens -= 1;
      return {
        allowed,
        limit,
        remaining: Math.floor(bucket.tokens),
        retryAfterSeconds: allowed ? 0 : (1 - bucket.tokens) / perSecond,
        resetSeconds: (limit - bucket.tokens) / perSecond,
      };
    },
  };
}

function bucketOf(buckets: Map<string, Bucket>, key: string, limit: number, now: number): Bucket {
  const known = buckets.get(key);
  if (known !== undefined) return known;
  if (buckets.size >= bucketsMax) {
    const oldest = buckets.keys().next();
    if (oldest.done !== true) buckets.delete(oldest.value);
  }
  const fresh = { tokens: limit, filledAt: now };
  buckets.set(key, fresh);
  return fresh;
}
