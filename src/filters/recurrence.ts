import type { Fault } from '../runtime/failure.ts';

/** A span of time that repeats on some days of every week, by the wall clock of a time zone. */
export interface Recurrence {
  /** `HH:MM`. */
  readonly start: string;
  /** `HH:MM`, exclusive; `23:59` means midnight. An end that is not after the start is on the next day. */
  readonly end: string;
  /** The days on which it starts: 0 = Sunday to 6 = Saturday. */
  readonly repeat: readonly number[];
}

export const recurrencesMax = 20;

/** Whether an instant, in Unix milliseconds, lies in one of them. */
export function isDuring(recurrences: readonly Recurrence[], timeZone: string, now: number): boolean {
  if (recurrences.length === 0) return false;
  const { day, minute } = wallClock(timeZone, now);
  return recurrences.some(({ start, end, repeat }) => {
    const from = minuteOf(start);
    const to = end === '23:59' ? minutesPerDay : minuteOf(end);
    if (from < to) return repeat.includes(day) && minute >= from && minute < to;
    const yesterday = (day + 6) % 7;
    return (repeat.includes(day) && minute >= from) || (repeat.includes(yesterday) && minute < to);
  });
}

/** The longest time until the next check: wall clocks are put forward and back. */
const endReachMinutes = 15;

/** The first moment after `now` at which the span that holds may have ended; 0 when none holds. */
export function endOfRecurrence(recurrences: readonly Recurrence[], timeZone: string, now: number): number {
  const { minute } = wallClock(timeZone, now);
  if (!isDuring(recurrences, timeZone, now)) return 0;
  const remaining = recurrences.map(({ end }) => {
    const to = end === '23:59' ? minutesPerDay : minuteOf(end);
    return to > minute ? to - minute : to + minutesPerDay - minute;
  });
  const wait = Math.min(endReachMinutes, ...remaining);
  return (Math.floor(now / 60_000) + wait) * 60_000;
}

export function recurrenceFaults({ start, end, repeat }: Recurrence, field: string): Fault[] {
  const faults: Fault[] = [];
  if (!timeForm.test(start)) faults.push({ field: `${field}.start`, message: 'must be a time such as 09:30' });
  if (!timeForm.test(end)) faults.push({ field: `${field}.end`, message: 'must be a time such as 18:00' });
  if (repeat.length === 0) faults.push({ field: `${field}.repeat`, message: 'must name a day: 0 = Sunday to 6' });
  if (repeat.some((day) => !Number.isInteger(day) || day < 0 || day > 6)) {
    faults.push({ field: `${field}.repeat`, message: 'must have days from 0 (Sunday) to 6 (Saturday) only' });
  }
  return faults;
}

/** Whether the runtime knows the zone, such as `Asia/Shanghai`. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

const timeForm = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const minutesPerDay = 24 * 60;
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Cached, because making one is slow; there are a few hundred zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, format);
  return format;
}

function wallClock(timeZone: string, now: number): { day: number; minute: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(now)
      .map((part) => [part.type, part.value]),
  );
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  return { day: days.indexOf(parts.get('weekday') ?? ''), minute };
}
