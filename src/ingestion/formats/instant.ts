/** A sender's time is accepted up to this far in the past: 10 years. */
export const timeReachMs = 10 * 365 * 24 * 3_600_000;

/** And up to this far in the future, the usual difference of clocks. */
const aheadMaxMs = 5 * 60_000;

/** Longer texts are not times. */
const timeMaxChars = 64;

/** Unix seconds reach it in the year 5138; larger numbers are milliseconds, microseconds or nanoseconds. */
const secondsMax = 100_000_000_000;

const unixTime = /^[+-]?\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?$/i;

/** RFC 3339 and its loose forms, and what Go prints, with or without `m=+0.01` at its end. */
const dateAndTime =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)([.,]\d{1,12})?\s*(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d)?(?:\s[A-Z]{1,5}|\s[+-]\d{2,4})?)?(?:\sm=[+-][\d.]+)?$/i;

/** Parses an instant to Unix milliseconds, else undefined. A time without a zone is UTC, on every machine. */
export function readInstant(value: unknown): number | undefined {
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'string' || value.length > timeMaxChars) return undefined;
  const text = value.trim();
  if (unixTime.test(text)) return ofNumber(Number(text));
  const found = dateAndTime.exec(text);
  if (found === null) return undefined;
  const [, date = '', clock = '', fraction = '', , hours, minutes = '00'] = found;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const instant = Date.parse(`${date}T${clock}${clock.length === 5 ? ':00' : ''}${millis(fraction)}${zone}`);
  return Number.isNaN(instant) ? undefined : instant;
}

/** Senders without a time write zero. */
function ofNumber(value: number): number | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined;
  let milliseconds = value;
  if (value <= secondsMax) milliseconds = value * 1000;
  else while (milliseconds > secondsMax * 1000) milliseconds /= 1000;
  return Math.floor(milliseconds);
}

function millis(fraction: string): string {
  return fraction === '' ? '' : `.${fraction.slice(1, 4)}`;
}

/** The time of a report, from its sender where acceptable. */
export interface EventTime {
  /** Unix milliseconds. */
  readonly eventTime: number;
  /** Whether it is the sender's; else it is the time of arrival. */
  readonly isSenderTime: boolean;
  /** The sender's clock or zone is ahead of ours: the time of arrival is used. */
  readonly isAhead: boolean;
}

export function eventTimeOf(value: unknown, now: number): EventTime {
  const instant = readInstant(value);
  if (instant === undefined || now - instant > timeReachMs)
    return { eventTime: now, isSenderTime: false, isAhead: false };
  if (instant - now > aheadMaxMs) return { eventTime: now, isSenderTime: false, isAhead: true };
  return { eventTime: instant, isSenderTime: true, isAhead: false };
}

/** The instant when acceptable, else undefined. */
export function believedInstant(value: unknown, now: number): number | undefined {
  const { eventTime, isSenderTime } = eventTimeOf(value, now);
  return isSenderTime ? eventTime : undefined;
}
