import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showAge, showBytes, showDuration, showExact, showMoment, showTime, type TimeStyle } from './show.ts';

const now = Date.UTC(2026, 2, 29, 12, 0, 0);
const style = (some: Partial<TimeStyle> = {}): TimeStyle => ({
  locale: 'en',
  zone: 'Asia/Shanghai',
  now,
  utc: false,
  justNow: 'just now',
  ...some,
});

test('a time is an age up to a day, and a date after', () => {
  assert.equal(showTime(now - 59_999, style()), 'just now');
  assert.equal(showTime(now - 60_000, style()), '1 min. ago');
  assert.equal(showTime(now - 23 * 3_600_000, style()), '23 hr. ago');
  assert.equal(showTime(now - 24 * 3_600_000, style()), 'Mar 28, 20:00:00');
  assert.equal(showTime(now + 5 * 60_000, style()), 'in 5 min.');
});

test('in UTC every time is absolute, and says so', () => {
  assert.equal(showTime(now, style({ utc: true })), 'Mar 29, 12:00:00 UTC');
});

test('the year is written where it is not the present one', () => {
  assert.equal(showMoment(Date.UTC(2025, 11, 31, 16, 0), style()), 'Jan 1, 00:00:00');
  assert.equal(showMoment(Date.UTC(2025, 11, 31, 15, 59), style()), 'Dec 31, 2025, 23:59:00');
});

test('the exact time holds milliseconds and the offset, on both sides of summer time and in odd zones', () => {
  const before = Date.UTC(2026, 2, 29, 0, 59, 59, 999);
  assert.equal(showExact(before, style({ zone: 'Europe/Berlin' })), '2026-03-29T01:59:59.999+01:00 Europe/Berlin');
  assert.equal(showExact(before + 1, style({ zone: 'Europe/Berlin' })), '2026-03-29T03:00:00.000+02:00 Europe/Berlin');
  assert.equal(showExact(now, style({ zone: 'America/St_Johns' })), '2026-03-29T09:30:00.000-02:30 America/St_Johns');
  assert.equal(showExact(now, style({ utc: true })), '2026-03-29T12:00:00.000+00:00 UTC');
});

test('durations have at most two units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [84, '84 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [1234, '1.2 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [11_400_000, '3 h 10 min'],
    [187_200_000, '2 d 4 h'],
  ];
  for (const [ms, text] of cases) assert.equal(showDuration(ms, 'en').replaceAll('\u2009', ' '), text);
});

test('an age in a column has its biggest unit alone', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '1 s'],
    [59_999, '59 s'],
    [1_244_000, '20 min'],
    [11_400_000, '3 h'],
    [187_200_000, '2 d'],
  ];
  for (const [ms, text] of cases) assert.equal(showAge(ms, 'en').replaceAll('\u2009', ' '), text);
});

test('bytes in thousands', () => {
  assert.deepEqual(
    [0, 999, 1000, 14_230, 5_000_000].map((bytes) => showBytes(bytes, 'en')),
    ['0 byte', '999 byte', '1 kB', '14 kB', '5 MB'],
  );
});
