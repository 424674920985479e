import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDelivery, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { lanesKept, LastDelivered } from './last-delivered.ts';

const webhook = testWebhook();
const inLane = (entityId: string, sequence: number) => testDelivery(testEvent(entityId, sequence), webhook);

test('what was delivered last before an event of its lane is known, and nothing of what comes after it', () => {
  const last = new LastDelivered();
  assert.equal(last.before(inLane('a', 1)), undefined);
  last.note(inLane('a', 2));
  last.note(inLane('a', 1));
  assert.equal(last.before(inLane('a', 3)), 2);
  assert.equal(last.before(inLane('b', 3)), undefined);
  assert.equal(last.before(inLane('a', 2)), undefined, 'a resend');
  last.forget();
  assert.equal(last.before(inLane('a', 3)), undefined);
});

test('so many lanes are remembered, and not without end', () => {
  const last = new LastDelivered();
  last.note(inLane('first', 1));
  for (let lane = 1; lane < lanesKept; lane += 1) last.note(inLane(`lane${lane}`, 1));
  assert.equal(last.before(inLane('first', 2)), 1);
  last.note(inLane('first', 2));
  for (let lane = 0; lane < lanesKept - 1; lane += 1) last.note(inLane(`more${lane}`, 1));
  assert.equal(last.before(inLane('first', 3)), 2, 'it was not quiet for the longest');
  assert.equal(last.before(inLane('lane1', 2)), undefined);
});
