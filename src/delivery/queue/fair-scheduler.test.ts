import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDelivery, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { MemoryBudget } from './memory-budget.ts';
import { LaneQueue } from './lane-queue.ts';
import type { Outcome } from '../store/outcome.ts';
import { FairScheduler, perBatchMax, shareMax, type InFlight, type WebhookQueue } from './fair-scheduler.ts';

const answered: Outcome = { state: 'delivered', reason: 'ok', statusCode: 200, message: '' };
const timeout: Outcome = { state: 'unknown', reason: 'timeout_response', statusCode: 0, message: '' };

test('1,000 webhooks that hang hold no more than their share, and the good ones go on', () => {
  const turns = new FairScheduler();
  const hung = Array.from({ length: 1_000 }, () => queue(20));
  const good = Array.from({ length: 20 }, () => queue(20));
  for (const one of good) pass(turns, one, answered);
  for (const one of [...hung, ...good]) turns.enlist(one, 0);

  const first = pickAll(turns);
  const ofFirst = count(first);
  assert.equal(ofFirst(hung), shareMax.untested);
  assert.equal(ofFirst(good), 20 * 8);
  // The hung ones time out, and others take their places until all of them are known to be slow.
  let inFlight = first;
  for (let round = 0; round < 4; round += 1) {
    for (const request of inFlight.filter((request) => hung.includes(request.queue))) {
      turns.requestEnded(request, timeout, 0, undefined);
      turns.released(request);
      turns.enlist(request.queue, 0);
    }
    inFlight = pickAll(turns);
  }
  assert.ok(hung.every((one) => one.breaker.receiver === 'timing-out'));
  assert.equal(count(inFlight)(hung), shareMax['timing-out']);
  // And whatever a good one ends, it begins anew at once.
  for (const request of first.filter((request) => good.includes(request.queue))) {
    turns.requestEnded(request, answered, 0, undefined);
    turns.released(request);
    turns.enlist(request.queue, 0);
  }
  assert.equal(count(pickAll(turns))(good), 20 * 8);
});

test('webhooks take turns, one head each', () => {
  const turns = new FairScheduler();
  const [busy, calm] = [queue(20), queue(2)];
  for (const one of [busy, calm]) {
    pass(turns, one, answered);
    turns.enlist(one, 0);
  }
  const order = [...turns.pick(5, 0).keys()].map((delivery) => delivery.webhookId);
  const [first, second] = [busy.lanes.webhookId, calm.lanes.webhookId];
  assert.deepEqual(order, [first, second, first, first, first]);
});

test('webhooks that may hang take little of a turn, and go after those that answer', () => {
  const turns = new FairScheduler();
  const [slow, untested, good] = [100, 100, 20].map((webhooks) => Array.from({ length: webhooks }, () => queue(20)));
  assert.ok(slow !== undefined && untested !== undefined && good !== undefined);
  for (const one of slow) pass(turns, one, timeout);
  for (const one of good) pass(turns, one, answered);
  for (const one of [...slow, ...untested, ...good]) turns.enlist(one, 0);

  const picked = [...turns.pick(50, 0).values()];
  const standings = picked.map((request) => request.receiver);
  const expected = { healthy: 50, untested: perBatchMax.untested, 'timing-out': perBatchMax['timing-out'] };
  assert.deepEqual(
    standings,
    Object.entries(expected).flatMap(([receiver, many]) => Array<string>(many).fill(receiver)),
  );
});

test('a webhook has no more in request than it may, and less while nothing good is known of it', () => {
  const turns = new FairScheduler();
  const one = queue(20, 3);
  turns.enlist(one, 0);
  const [request, ...more] = pickAll(turns);
  assert.ok(request !== undefined);
  assert.equal(more.length, 0);
  turns.requestEnded(request, answered, 0, undefined);
  turns.enlist(one, 0);
  // The request has ended, though its result is not written: the receiver can take another.
  assert.equal(pickAll(turns).length, 3);
  assert.equal(turns.inFlight, 4);
});

test('a successor follows out of turn only to a healthy webhook, within its room, and while all that wait have a slot', () => {
  const turns = new FairScheduler();
  const good = queue(1, 1);
  pass(turns, good, answered);
  const follows = () => {
    const webhook = testWebhook({ webhookId: good.lanes.webhookId });
    for (const sequence of [1, 2]) good.lanes.enqueue(testDelivery(testEvent('lane', sequence), webhook));
    turns.enlist(good, 0);
    const [request] = turns.pick(1, 0).values();
    assert.ok(request !== undefined);
    // As long as its request lasts, it has the only place.
    assert.equal(turns.follow(request, 0), undefined);
    return request;
  };
  const request = follows();
  turns.requestEnded(request, answered, 0, undefined);
  good.breaker = { ...good.breaker, closedUntil: 10 };
  assert.equal(turns.follow(request, 0), undefined);
  const [, next] = turns.follow(request, 10) ?? [];
  assert.ok(next !== undefined);
  assert.equal(turns.inFlight, 2);
  for (const one of [request, next]) turns.released(one);
  assert.equal(turns.inFlight, 0);
});

test('a successor waits for its turn when those that wait would take every slot', () => {
  const turns = new FairScheduler();
  const [good, others] = [queue(0, 1), queue(shareMax.healthy, shareMax.healthy)];
  const webhook = testWebhook({ webhookId: good.lanes.webhookId });
  for (const one of [good, others]) one.breaker = { ...one.breaker, receiver: 'healthy' };
  for (const sequence of [1, 2]) good.lanes.enqueue(testDelivery(testEvent('lane', sequence), webhook));
  turns.enlist(good, 0);
  const [request] = turns.pick(1, 0).values();
  assert.ok(request !== undefined);
  turns.requestEnded(request, answered, 0, undefined);
  turns.enlist(others, 0);
  turns.pick(shareMax.healthy - 2, 0);
  assert.equal(turns.follow(request, 0), undefined);
  turns.pick(1, 0);
  assert.equal(turns.follow(request, 0), undefined);
  turns.released(request);
  assert.equal(turns.inFlight, shareMax.healthy - 1);
});

function queue(lanes: number, maxInFlight = 8): WebhookQueue {
  const webhook = testWebhook();
  const known = new LaneQueue(webhook.webhookId, new MemoryBudget(), false);
  for (let lane = 0; lane < lanes; lane += 1) known.enqueue(testDelivery(testEvent(`lane${lane}`, 1), webhook));
  return FairScheduler.queueFor(known, { maxInFlight, rateLimitPerSecond: 0 });
}

/** Lets one of its deliveries pass with an outcome. */
function pass(turns: FairScheduler, one: WebhookQueue, outcome: Outcome): void {
  turns.enlist(one, 0);
  for (const request of turns.pick(1, 0).values()) {
    turns.requestEnded(request, outcome, 0, undefined);
    turns.released(request);
  }
}

/** Turn after turn, until nothing is left that may begin. */
function pickAll(turns: FairScheduler): InFlight[] {
  const all: InFlight[] = [];
  for (let picked = turns.pick(256, 0); picked.size > 0; picked = turns.pick(256, 0)) all.push(...picked.values());
  return all;
}

function count(inFlight: readonly InFlight[]) {
  return (queues: readonly WebhookQueue[]) => inFlight.filter((request) => queues.includes(request.queue)).length;
}
