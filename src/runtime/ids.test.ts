import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemIds } from './ids.ts';
import type { Random } from './random.ts';

const clock = { now: () => Date.UTC(2026, 10, 23), monotonic: () => 0 };

test('every kind of id has its shape, and those that rise with time rise within a millisecond too', () => {
  let asked = 0;
  const random: Random = {
    bytes: (count) => {
      asked += 1;
      return Uint8Array.from({ length: count }, (_, index) => (index * 37 + asked * 11) % 256);
    },
    fraction: () => 0,
  };
  const ids = systemIds(clock, random);
  const shapes = [
    [ids.object, /^[0-9a-f]{24}$/],
    [ids.event, /^[0-9a-f]{32}$/],
    [ids.record, /^20261123[2-9A-HJ-NP-Za-km-z]{22}$/],
    [ids.short, /^[2-9A-HJ-NP-Za-km-z]{22}$/],
  ] as const;
  for (const [make, shape] of shapes) {
    const made = Array.from({ length: 3_000 }, () => make());
    for (const id of made) assert.match(id, shape);
    assert.deepEqual(made.toSorted(), made);
    assert.equal(new Set(made).size, made.length);
  }
  assert.match(String(ids.number()), /^[1-9]\d{13}$/);
  assert.ok(asked < 50, `${asked} times random bytes were asked for`);
});

test('a record is its number in base 57: the text sorts as the number does', () => {
  const digits = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const zeros: Random = { bytes: (count) => new Uint8Array(count), fraction: () => 0 };
  const { event, short } = systemIds(clock, zeros);
  const [first, second] = [BigInt(`0x${event()}`), short()];
  const value = Array.from(second).reduce((sum, character) => sum * 57n + BigInt(digits.indexOf(character)), 0n);
  // Both are of one generator, in the same millisecond: the counter in their middle has risen in between.
  assert.ok(value > first && value >> 80n === first >> 80n, `${value} ${first}`);
});
