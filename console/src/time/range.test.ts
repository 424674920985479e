import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromWallClock, isSpan, reachesBeyond, shifted, spanOf, toWallClock, within, type Range } from './range.ts';

const now = Date.UTC(2026, 10, 29, 12, 0, 0);
const hourMs = 3_600_000;
const last: Range = { range: '6h', from: 0, to: 0 };

test('a range by name ends now, a span is what it says, and a span that ends before it begins is none', () => {
  assert.deepEqual(spanOf(last, now), { from: now - 6 * hourMs, to: now });
  assert.deepEqual(spanOf({ range: '6h', from: 5, to: 9 }, now), { from: 5, to: 9 });
  assert.equal(isSpan({ range: '6h', from: 9, to: 9 }), false);
});

test('arrows move by one range and never past now', () => {
  const earlier = shifted(last, -1, now);
  assert.deepEqual([earlier.from, earlier.to], [now - 12 * hourMs, now - 6 * hourMs]);
  const back = shifted(earlier, 1, now);
  assert.deepEqual([back.from, back.to], [now - 6 * hourMs, now]);
  assert.equal(shifted(back, 1, now).to, now);
});

test('a range beyond the history is cut off', () => {
  const span = { from: now - 40 * 24 * hourMs, to: now };
  assert.equal(reachesBeyond(span, 30, now), true);
  assert.deepEqual(within(span, 30, now), { from: now - 30 * 24 * hourMs, to: now });
  assert.ok(within({ from: 0, to: 1 }, 30, now).to > within({ from: 0, to: 1 }, 30, now).from);
});

test('a wall clock and the moment it means, in every zone and across changes of summer time', () => {
  for (const zone of ['UTC', 'Asia/Shanghai', 'America/St_Johns', 'Europe/Berlin', 'Australia/Lord_Howe']) {
    for (let day = 0; day < 365; day += 1) {
      const moment = Date.UTC(2026, 0, 1, 7, 23) + day * 24 * hourMs;
      assert.equal(fromWallClock(toWallClock(moment, zone), zone), moment, `${zone}, day ${day}`);
    }
  }
  assert.equal(fromWallClock('', 'UTC'), undefined);
  assert.equal(fromWallClock('2026-13-40T00:00', 'UTC'), undefined);
  // 02:30 does not exist on that day: the clock goes from 02:00 to 03:00.
  const skipped = fromWallClock('2026-03-29T02:30', 'Europe/Berlin') ?? 0;
  assert.ok(Math.abs(skipped - Date.UTC(2026, 2, 29, 1, 0)) <= hourMs);
});
