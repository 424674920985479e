import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDuring, isTimeZone, recurrenceFaults, type Recurrence } from './recurrence.ts';

const day: Recurrence = { start: '09:00', end: '17:30', repeat: [1] };
const night: Recurrence = { start: '22:00', end: '06:00', repeat: [5] };
const sunday: Recurrence = { start: '00:00', end: '23:59', repeat: [0] };

/** 2026-06-01 is a Monday. */
const rows: [string, Recurrence, string, string, boolean][] = [
  ['at its start', day, 'UTC', '2026-06-01T09:00:00Z', true],
  ['just before its start', day, 'UTC', '2026-06-01T08:59:59.999Z', false],
  ['just before its end', day, 'UTC', '2026-06-01T17:29:59.999Z', true],
  ['at its end', day, 'UTC', '2026-06-01T17:30:00Z', false],
  ['on another day', day, 'UTC', '2026-06-02T12:00:00Z', false],
  ['by the clock of a zone', day, 'Asia/Shanghai', '2026-06-01T01:00:00Z', true],
  ['by the clock of a zone where it is already tomorrow', day, 'Asia/Shanghai', '2026-06-01T16:30:00Z', false],
  ['in the night that begins on the day', night, 'UTC', '2026-06-05T23:00:00Z', true],
  ['in the morning after', night, 'UTC', '2026-06-06T05:59:00Z', true],
  ['when the night is over', night, 'UTC', '2026-06-06T06:00:00Z', false],
  ['in the morning before', night, 'UTC', '2026-06-05T05:00:00Z', false],
  ['in the last minute of the day', sunday, 'UTC', '2026-06-07T23:59:30Z', true],
];

for (const [name, recurrence, zone, at, expected] of rows) {
  test(`a recurrence holds or not ${name}`, () => assert.equal(isDuring([recurrence], zone, Date.parse(at)), expected));
}

test('no recurrence is at no time', () => assert.equal(isDuring([], 'UTC', 0), false));

test('a recurrence that cannot be read is refused with every fault', () => {
  const faults = recurrenceFaults({ start: '24:00', end: '9:00', repeat: [7] }, 'time_filters[0]');
  assert.deepEqual(
    faults.map((fault) => fault.field),
    ['time_filters[0].start', 'time_filters[0].end', 'time_filters[0].repeat'],
  );
  assert.equal(recurrenceFaults({ ...day, repeat: [] }, 'x').length, 1);
  assert.deepEqual(recurrenceFaults(day, 'x'), []);
});

test('a time zone is one that the runtime knows', () => {
  assert.equal(isTimeZone('Europe/Berlin'), true);
  assert.equal(isTimeZone('Mars/Olympus'), false);
});
