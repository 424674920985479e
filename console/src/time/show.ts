/** How times and durations are written. Pure: the zone, the language and the present come in. */

export interface TimeStyle {
  readonly locale: string;
  readonly zone: string;
  readonly now: number;
  /** Absolute, in UTC. */
  readonly utc: boolean;
  readonly justNow: string;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Up to this age a time is written as an age. */
const relativeMaxMs = 24 * hourMs;

/** Short: an age up to a day, the date after. */
export function showTime(ms: number, style: TimeStyle): string {
  const age = style.now - ms;
  if (style.utc || age >= relativeMaxMs || age < -relativeMaxMs) return showMoment(ms, style);
  if (Math.abs(age) < minuteMs) return style.justNow;
  const [amount, unit] = Math.abs(age) < hourMs ? [age / minuteMs, 'minute'] : [age / hourMs, 'hour'];
  const formatter = relative(style.locale);
  return formatter.format(-Math.trunc(amount), unit as 'minute' | 'hour');
}

/** Date and time of day, without the year if it is the present one. */
export function showMoment(ms: number, style: TimeStyle): string {
  const zone = style.utc ? 'UTC' : style.zone;
  const thisYear = yearOf(ms, zone) === yearOf(style.now, zone);
  const text = dates(style.locale, zone, thisYear).format(ms);
  return style.utc ? `${text} UTC` : text;
}

/** The time of day, for something that is about to happen. */
export function showClock(ms: number, style: TimeStyle): string {
  const zone = style.utc ? 'UTC' : style.zone;
  return clocks(style.locale, zone).format(ms);
}

/** All there is to say: ISO with milliseconds, in the viewer's zone with its offset. */
export function showExact(ms: number, style: TimeStyle): string {
  const zone = style.utc ? 'UTC' : style.zone;
  const parts = new Map(
    exact(zone)
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  const of = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  const offset = of('timeZoneName').replace('GMT', '') || '+00:00';
  const day = `${of('year')}-${of('month')}-${of('day')}`;
  return `${day}T${of('hour')}:${of('minute')}:${of('second')}.${of('fractionalSecond')}${offset} ${zone}`;
}

/** "84 ms", "1.2 s", "2 min 5 s", "3 h 10 min", "2 d 4 h"; a thin space before the unit. */
export function showDuration(ms: number, locale: string): string {
  if (Math.round(ms) < 1000) return unit(locale, Math.round(ms), 'millisecond');
  if (ms < 10_000) return unit(locale, Math.round(ms / 100) / 10, 'second');
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return unit(locale, seconds, 'second');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(locale, [minutes, 'minute'], [seconds % 60, 'second']);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(locale, [hours, 'hour'], [minutes % 60, 'minute']);
  return pair(locale, [Math.floor(hours / 24), 'day'], [hours % 24, 'hour']);
}

/** The same in its biggest unit alone, for a column: "20 min". */
export function showAge(ms: number, locale: string): string {
  const unitMs = ms < minuteMs ? 1000 : ms < hourMs ? minuteMs : ms < 24 * hourMs ? hourMs : 24 * hourMs;
  return showDuration(Math.max(unitMs, Math.floor(ms / unitMs) * unitMs), locale);
}

type Unit = 'millisecond' | 'second' | 'minute' | 'hour' | 'day';

function pair(locale: string, big: [number, Unit], small: [number, Unit]): string {
  const first = unit(locale, ...big);
  return small[0] === 0 ? first : `${first} ${unit(locale, ...small)}`;
}

function unit(locale: string, amount: number, name: Unit): string {
  return units(locale, name)
    .format(amount)
    .replace(/(\d)\s?([^\d.,\s]+)$/u, '$1\u2009$2');
}

/** "99.98 %", with a thin space where the language has a space. */
export function showShare(share: number, locale: string): string {
  return percents(locale).format(share).replace(/\s/u, '\u2009');
}

/** Bytes in thousands: "14 kB". */
export function showBytes(bytes: number, locale: string): string {
  const [amount, name] =
    bytes < 1000 ? [bytes, 'byte'] : bytes < 1_000_000 ? [bytes / 1000, 'kilobyte'] : [bytes / 1e6, 'megabyte'];
  const formatter = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: amount < 10 && name !== 'byte' ? 1 : 0,
  });
  return formatter.format(amount);
}

/** One formatter per kind: to make one costs more than to use it a thousand times. */
function kept<T>(make: (...key: never[]) => T): (...key: (string | boolean)[]) => T {
  const made = new Map<string, T>();
  return (...key) => {
    const name = key.join('|');
    const known = made.get(name);
    if (known !== undefined) return known;
    const fresh = (make as (...key: unknown[]) => T)(...key);
    made.set(name, fresh);
    return fresh;
  };
}

const relative = kept((locale: string) => new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'always' }));
const dates = kept(
  (locale: string, zone: string, thisYear: boolean) =>
    new Intl.DateTimeFormat(locale, {
      timeZone: zone,
      ...(thisYear ? {} : { year: 'numeric' }),
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
);
const years = kept((zone: string) => new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric' }));
const exact = kept(
  (zone: string) =>
    new Intl.DateTimeFormat('en', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    }),
);
const units = kept(
  (locale: string, name: string) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      // English shortens a second to "sec" and a minute to "m", where we want "s" and "min".
      unitDisplay: name === 'minute' ? 'short' : 'narrow',
      maximumFractionDigits: 1,
    }),
);

const clocks = kept(
  (locale: string, zone: string) =>
    new Intl.DateTimeFormat(locale, {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
);
const percents = kept(
  (locale: string) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }),
);

function yearOf(ms: number, zone: string): string {
  return years(zone).format(ms);
}
