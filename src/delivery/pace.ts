/** How fast requests to one webhook may begin: a bucket that holds a second's worth. Instants are monotonic milliseconds. */
export interface Pace {
  readonly tokens: number;
  readonly at: number;
}

export const freshPace: Pace = { tokens: Number.POSITIVE_INFINITY, at: 0 };

/** The pace after another request has begun; `perSecond` 0 = no limit. */
export function spend(pace: Pace, perSecond: number, now: number): Pace {
  if (perSecond === 0) return freshPace;
  return { tokens: filled(pace, perSecond, now) - 1, at: now };
}

/** When the next request may begin; not after `now` = at once. */
export function opensAt(pace: Pace, perSecond: number, now: number): number {
  if (perSecond === 0) return 0;
  const missing = 1 - filled(pace, perSecond, now);
  return missing <= 0 ? 0 : now + (missing * 1000) / perSecond;
}

function filled(pace: Pace, perSecond: number, now: number): number {
  const refilled = pace.tokens + (Math.max(0, now - pace.at) * perSecond) / 1000;
  return Math.min(perSecond, refilled);
}
