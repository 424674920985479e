import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from './fixtures/fixture.ts';
import { believedInstant, eventTimeOf, readInstant } from './instant.ts';

describe('a time in any of the ways that senders write it', () => {
  const at = Date.UTC(2026, 10, 28, 13, 0, 0);
  const rows: readonly [value: unknown, instant: number | undefined][] = [
    [at / 1000, at],
    [at / 1000 + 0.25, at + 250],
    [at, at],
    [at * 1000, at],
    [at * 1_000_000, at],
    ['1795870800', at],
    ['1795870800.123', at + 123],
    ['1.795870800123e+09', at + 123],
    ['1.7958708e+12', at],
    ['1.7958708E9', at],
    [' 1795870800 ', at],
    ['2026-11-28T13:00:00Z', at],
    ['2026-11-28T13:00:00.123456789Z', at + 123],
    ['2026-11-28T15:00:00+02:00', at],
    ['2026-11-28T15:00:00+0200', at],
    ['2026-11-28T21:00:00+08', at],
    ['2026-11-28 21:00:00+08', at],
    ['2026-11-28 13:00:00', at],
    ['2026-11-28T13:00', at],
    ['2026-11-28T13:00:00', at],
    ['2026-11-28 13:00:00 UTC', at],
    ['2026-11-28 13:00:00,123', at + 123],
    ['2026-11-28 13:00:00.123 +0000 UTC', at + 123],
    ['2026-11-28 21:00:00.5 +0800 CST', at + 500],
    ['2026-11-28 18:30:00 +0530 +0530', at],
    ['2026-11-28 13:00:00.123456789 +0000 UTC m=+0.012345678', at + 123],
    ['yesterday', undefined],
    ['2026-13-45T13:00:00Z', undefined],
    ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z')],
    ['', undefined],
    [0, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['1'.repeat(100), undefined],
    [null, undefined],
    [{}, undefined],
    [true, undefined],
  ];
  for (const [value, instant] of rows)
    test(JSON.stringify(value) ?? '', () => assert.equal(readInstant(value), instant));
});

describe('a time is believed as far as clocks go', () => {
  const minute = 60_000;
  const arrival = { eventTime: now, isSenderTime: false, isAhead: false };
  const rows: readonly [name: string, value: unknown, want: object][] = [
    ['an hour ago', now - 60 * minute, { eventTime: now - 60 * minute, isSenderTime: true, isAhead: false }],
    ['in five minutes', now + 5 * minute, { eventTime: now + 5 * minute, isSenderTime: true, isAhead: false }],
    ['in five minutes and a second', now + 5 * minute + 1000, { ...arrival, isAhead: true }],
    ['in eight hours, as a local time without a zone is', '2026-11-24T20:00:00', { ...arrival, isAhead: true }],
    ['in 40 days', now / 1000 + 3_456_000, { ...arrival, isAhead: true }],
    ['in eleven years', now / 1000 + 11 * 365 * 86_400, { ...arrival, isAhead: true }],
    ['eleven years ago', now / 1000 - 11 * 365 * 86_400, arrival],
    ['no time', 'x', arrival],
    ['none', undefined, arrival],
  ];
  for (const [name, value, want] of rows) test(name, () => assert.deepEqual(eventTimeOf(value, now), want));

  test('else there is none', () => {
    assert.equal(believedInstant(now - minute, now), now - minute);
    assert.equal(believedInstant('0001-01-01T00:00:00Z', now), undefined);
    assert.equal(believedInstant(now + 10 * minute, now), undefined);
  });
});
