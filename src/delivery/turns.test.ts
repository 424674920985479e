import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDelivery, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { Held } from './held.ts';
import { WebhookLanes } from './lanes.ts';
import type { Outcome } from './outcome.ts';
import { Turns, perTurnMax, shareMax, type Flight, type Lineup } from './turns.ts';

const answered: Outcome = { state: 'delivered', reason: 'ok', statusCode: 200, message: '' };
const timeout: Outcome = { state: 'unknown', reason: 'timeout_response', statusCode: 0, message: '' };

test('1,000 webhooks that hang hold no more than their share, and the good ones go on', () => {
  const turns = new Turns();
  const hung = Array.from({ length: 1_000 }, () => lineup(20));
  const good = Array.from({ length: 20 }, () => lineup(20));
  for (const one of good) pass(turns, one, answered);
  for (const one of [...hung, ...good]) turns.enlist(one, 0);

  const first = pickAll(turns);
  const ofFirst = count(first);
  assert.equal(ofFirst(hung), shareMax.fresh);
  assert.equal(ofFirst(good), 20 * 8);
  // The hung ones time out, and others take their places until all of them are known to be slow.
  let flights = first;
  for (let round = 0; round < 4; round += 1) {
    for (const flight of flights.filter((flight) => hung.includes(flight.lineup))) {
      turns.answered(flight, timeout, 0, undefined);
      turns.left(flight);
      turns.enlist(flight.lineup, 0);
    }
    flights = pickAll(turns);
  }
  assert.ok(hung.every((one) => one.health.standing === 'slow'));
  assert.equal(count(flights)(hung), shareMax.slow);
  // And whatever a good one ends, it begins anew at once.
  for (const flight of first.filter((flight) => good.includes(flight.lineup))) {
    turns.answered(flight, answered, 0, undefined);
    turns.left(flight);
    turns.enlist(flight.lineup, 0);
  }
  assert.equal(count(pickAll(turns))(good), 20 * 8);
});

test('webhooks take turns, one head each', () => {
  const turns = new Turns();
  const [busy, calm] = [lineup(20), lineup(2)];
  for (const one of [busy, calm]) {
    pass(turns, one, answered);
    turns.enlist(one, 0);
  }
  const order = [...turns.pick(5, 0).keys()].map((delivery) => delivery.webhookId);
  const [first, second] = [busy.lanes.webhookId, calm.lanes.webhookId];
  assert.deepEqual(order, [first, second, first, first, first]);
});

test('what may hang takes little of a turn, and goes after what is answered', () => {
  const turns = new Turns();
  const [slow, fresh, good] = [100, 100, 20].map((webhooks) => Array.from({ length: webhooks }, () => lineup(20)));
  assert.ok(slow !== undefined && fresh !== undefined && good !== undefined);
  for (const one of slow) pass(turns, one, timeout);
  for (const one of good) pass(turns, one, answered);
  for (const one of [...slow, ...fresh, ...good]) turns.enlist(one, 0);

  const picked = [...turns.pick(50, 0).values()];
  const standings = picked.map((flight) => flight.standing);
  const expected = { good: 50, fresh: perTurnMax.fresh, slow: perTurnMax.slow };
  assert.deepEqual(
    standings,
    Object.entries(expected).flatMap(([standing, many]) => Array<string>(many).fill(standing)),
  );
});

test('a webhook has no more in flight than it may, and less while nothing good is known of it', () => {
  const turns = new Turns();
  const one = lineup(20, 3);
  turns.enlist(one, 0);
  const [flight, ...more] = pickAll(turns);
  assert.ok(flight !== undefined);
  assert.equal(more.length, 0);
  turns.answered(flight, answered, 0, undefined);
  turns.enlist(one, 0);
  // The request has ended, though its result is not written: the receiver can take another.
  assert.equal(pickAll(turns).length, 3);
  assert.equal(turns.inFlight, 4);
});

function lineup(lanes: number, maxInFlight = 8): Lineup {
  const webhook = testWebhook();
  const known = new WebhookLanes(webhook.webhookId, new Held(), false);
  for (let lane = 0; lane < lanes; lane += 1) known.offer(testDelivery(testEvent(`lane${lane}`, 1), webhook));
  return Turns.lineup(known, { maxInFlight, rateLimitPerSecond: 0 });
}

/** Lets one of its deliveries pass with an outcome. */
function pass(turns: Turns, one: Lineup, outcome: Outcome): void {
  turns.enlist(one, 0);
  for (const flight of turns.pick(1, 0).values()) {
    turns.answered(flight, outcome, 0, undefined);
    turns.left(flight);
  }
}

/** Turn after turn, until nothing is left that may begin. */
function pickAll(turns: Turns): Flight[] {
  const all: Flight[] = [];
  for (let picked = turns.pick(256, 0); picked.size > 0; picked = turns.pick(256, 0)) all.push(...picked.values());
  return all;
}

function count(flights: readonly Flight[]) {
  return (lineups: readonly Lineup[]) => flights.filter((flight) => lineups.includes(flight.lineup)).length;
}
