import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDelivery, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import type { Outcome } from '../store/outcome.ts';
import { FairScheduler, type InFlight, type WebhookQueue } from './fair-scheduler.ts';
import { LaneQueue } from './lane-queue.ts';
import { MemoryBudget } from './memory-budget.ts';

const answered: Outcome = { state: 'delivered', reason: 'ok', statusCode: 200, message: '' };
const refused: Outcome = { state: 'failed', reason: 'connect', statusCode: 0, message: '' };

test('an origin that has not answered gets two requests, and one more with each answer, over all its webhooks', () => {
  const scheduler = new FairScheduler();
  const queues = Array.from({ length: 12 }, () => queueOf(5));
  const enlist = (list: readonly WebhookQueue[]) => list.forEach((queue) => scheduler.enlist(queue, 0));
  enlist(queues);
  const begun: InFlight[] = [];
  const begin = () => {
    let denied: InFlight[] = [];
    do {
      const picked = [...scheduler.pick(256, 0).values()];
      begun.push(...picked.filter((one) => scheduler.goesTo(one, 'http://small')));
      denied = picked.filter((one) => !begun.includes(one));
      for (const one of denied) enlist([...scheduler.released(one), one.queue]);
    } while (denied.length > 0);
  };
  begin();
  assert.equal(begun.length, 2);
  for (let allowed = 3; allowed <= 10; allowed += 1) {
    end(scheduler, begun.shift(), answered);
    begin();
    assert.equal(begun.length, allowed);
  }
  end(scheduler, begun.shift(), refused);
  begin();
  // Those in flight end as they end; nothing new begins before there are fewer than two.
  assert.equal(begun.length, 9);
  while (begun.length > 1) end(scheduler, begun.shift(), refused);
  begin();
  assert.equal(begun.length, 2);
});

test('an origin that answered often has no limit, and another one has its own', () => {
  const scheduler = new FairScheduler();
  const [busy, other] = [queueOf(500), queueOf(2)];
  scheduler.enlist(busy, 0);
  for (let count = 0; count < 63; count += 1) {
    for (const one of scheduler.pick(1, 0).values()) {
      assert.ok(scheduler.goesTo(one, 'http://busy'));
      end(scheduler, one, answered);
    }
  }
  const rest = [...scheduler.pick(300, 0).values()];
  assert.equal(rest.length, 300);
  scheduler.enlist(other, 0);
  const [one] = scheduler.pick(0, 0).values();
  assert.ok(one !== undefined && scheduler.goesTo(one, 'http://other'));
});

function queueOf(lanes: number): WebhookQueue {
  const webhook = testWebhook();
  const queue = new LaneQueue(webhook.webhookId, new MemoryBudget(), false);
  for (let lane = 0; lane < lanes; lane += 1) queue.enqueue(testDelivery(testEvent(`lane${lane}`, 1), webhook));
  return FairScheduler.queueFor(queue, { maxInFlight: 1_000, rateLimitPerSecond: 0 });
}

function end(scheduler: FairScheduler, request: InFlight | undefined, outcome: Outcome): void {
  assert.ok(request !== undefined);
  const woken = scheduler.requestEnded(request, outcome, 0, undefined);
  scheduler.released(request);
  for (const queue of [request.queue, ...woken]) scheduler.enlist(queue, 0);
}
