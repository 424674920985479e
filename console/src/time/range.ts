/** Time ranges of lists: the last so many hours, or a span in Unix milliseconds. */

export const ranges = { '1h': 1, '6h': 6, '24h': 24, '7d': 168, '30d': 720 } as const;
export type RangeName = keyof typeof ranges;
export const rangeNames = Object.keys(ranges) as RangeName[];

export interface Range {
  readonly range: RangeName;
  /** Unix milliseconds; both 0 = `range` counts. */
  readonly from: number;
  readonly to: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const hourMs = 3_600_000;

export function isSpan(range: Range): boolean {
  return range.from > 0 && range.to > range.from;
}

export function spanOf(range: Range, now: number): Span {
  if (isSpan(range)) return { from: range.from, to: range.to };
  return { from: now - ranges[range.range] * hourMs, to: now };
}

/** The range of the same length just before (-1) or after (1). One that would reach past now ends now. */
export function shifted(range: Range, by: -1 | 1, now: number): Range {
  const { from, to } = spanOf(range, now);
  const length = to - from;
  const end = Math.min(to + by * length, now);
  return { ...range, from: end - length, to: end };
}

/** The part of a span that the history still holds. */
export function within(span: Span, historyDays: number, now: number): Span {
  const oldest = now - historyDays * 24 * hourMs;
  return { from: Math.max(span.from, oldest), to: Math.max(span.to, oldest + 1) };
}

export function reachesBeyond(span: Span, historyDays: number, now: number): boolean {
  return span.from < now - historyDays * 24 * hourMs;
}

/** For `<input type="datetime-local">`, which knows no zone: the wall clock of `zone`. */
export function toWallClock(ms: number, zone: string): string {
  const parts = new Map(
    wallClock(zone)
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  const of = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`;
}

/** The moment at which the clock of `zone` shows this; undefined for a text that is no time. In a gap of summer time, after it. */
export function fromWallClock(text: string, zone: string): number | undefined {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // The offset is asked at the guess, and once more at what that gave: enough on both sides of a change.
  const first = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(first, zone);
}

function offsetAt(ms: number, zone: string): number {
  const minute = Math.floor(ms / 60_000) * 60_000;
  return Date.parse(`${toWallClock(minute, zone)}Z`) - minute;
}

const made = new Map<string, Intl.DateTimeFormat>();

function wallClock(zone: string): Intl.DateTimeFormat {
  const known = made.get(zone);
  if (known !== undefined) return known;
  const fresh = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  made.set(zone, fresh);
  return fresh;
}
