/** What a token bucket holds. Instants are monotonic milliseconds. */
export interface Pace {
  readonly tokens: number;
  readonly at: number;
}

export const freshPace: Pace = { tokens: Number.POSITIVE_INFINITY, at: 0 };

/** The pace after another request has begun; `perSecond` 0 = no limit. */
export function spend(pace: Pace, perSecond: number, now: number): Pace {
  if (perSecond === 0) return freshPace;
  return { tokens: tokensIn(pace, perSecond, now) - 1, at: now };
}

/** When the next request may begin; not after `now` = at once. */
export function opensAt(pace: Pace, perSecond: number, now: number): number {
  if (perSecond === 0) return 0;
  const missing = 1 - tokensIn(pace, perSecond, now);
  return missing <= 0 ? 0 : now + (missing * 1000) / perSecond;
}

/** @param capacity tokens that fit into the bucket; a second's worth unless said otherwise. */
export function tokensIn(pace: Pace, perSecond: number, now: number, capacity = perSecond): number {
  const refilled = pace.tokens + (Math.max(0, now - pace.at) * perSecond) / 1000;
  return Math.min(capacity, refilled);
}
