import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionNames, applies } from './incident-rules.ts';

const me = 7;
const now = 1_780_000_000_000;
const open = { progress: 'Triggered' as const, snoozed_before: 0, responders: [] };
const of = (acknowledged_at: number, person_id = me) => ({
  person_id,
  person_name: 'Ada',
  email: 'ada@example.org',
  assigned_at: 1,
  acknowledged_at,
});
const what = (incident: Parameters<typeof applies>[1]) =>
  actionNames.filter((action) => applies(action, incident, me, now)).join(' ');

test('an open incident can be acknowledged, and no longer by who has done so', () => {
  assert.equal(what(open), 'ack snooze resolve assign merge severity remove');
  assert.equal(what({ ...open, responders: [of(0)] }), 'ack snooze resolve assign merge severity remove');
  assert.equal(what({ ...open, responders: [of(5)] }), 'unack snooze resolve assign merge severity remove');
  assert.equal(what({ ...open, responders: [of(5, 8)] }), 'ack snooze resolve assign merge severity remove');
});

test('a snoozed one can be woken until its time is over', () => {
  const until = (seconds: number) => what({ ...open, snoozed_before: now / 1000 + seconds });
  assert.match(until(60), /wake/);
  assert.doesNotMatch(until(0), /wake/);
});

test('a closed one can be reopened, and what concerns open ones cannot be done', () => {
  assert.equal(what({ ...open, progress: 'Closed', responders: [of(5)] }), 'reopen merge severity remove');
});
