import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testDelivery, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import type { Delivery } from './delivery.ts';
import type { Head } from './lane-store.ts';
import { Held, WebhookLanes } from './lanes.ts';

/** What may happen, in any order: each step is one of these, and the number says to whom. */
const step = fc.tuple(
  fc.constantFrom(
    'commit',
    'hint',
    'happen',
    'take',
    'end',
    'putBack',
    'readLanes',
    'readPage',
    'answer',
    'resume',
    'pause',
  ),
  fc.nat(2),
);

test('whatever happens in whatever order, a lane goes in order, and in the end nothing is left lying', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), fc.boolean(), (steps, behind) => {
      const world = new World(behind);
      for (const [what, whom] of steps) world.step(what, whom);
      world.finish();
    }),
    { numRuns: 3_000 },
  );
});

test('what waits in memory is bounded, and what is over the bound is found in the database', () => {
  const held = new Held();
  const lanes = new WebhookLanes(1, held, false);
  const webhook = testWebhook();
  const deliveries = Array.from({ length: 3_000 }, (_, index) => testDelivery(testEvent(`lane${index}`, 1), webhook));
  for (const delivery of deliveries) lanes.offer(delivery);
  assert.deepEqual([held.count, lanes.readyCount, lanes.nextPage()], [1_000, 1_000, undefined]);
  while (lanes.readyCount > 10) {
    const delivery = lanes.take();
    if (delivery !== undefined) lanes.ended(delivery.entityId);
  }
  assert.equal(lanes.nextPage(), '');
});

/** A webhook's lanes beside the rows as the database would have them. */
class World {
  readonly #held = new Held();
  readonly #lanes: WebhookLanes;
  readonly #webhook = testWebhook();
  /** Open rows by lane, in order. */
  readonly #rows = new Map<string, Delivery[]>();
  readonly #sequences = new Map<string, number>();
  /** Committed, but the hint has not come yet. */
  readonly #hints: Delivery[] = [];
  readonly #inFlight: Delivery[] = [];
  /** Reads that saw the rows and have not answered yet. */
  readonly #answers: (() => void)[] = [];
  #paused = false;

  constructor(behind: boolean) {
    this.#lanes = new WebhookLanes(this.#webhook.webhookId, this.#held, behind);
    if (behind) for (const lane of [0, 1, 2]) this.#commit(`lane${lane}`);
    // What was there before the start gives no hint.
    this.#hints.length = 0;
  }

  step(what: string, whom: number): void {
    if (what === 'commit' || what === 'happen') this.#commit(`lane${whom}`);
    if (what === 'hint' || what === 'happen') this.#hint();
    if (what === 'take') this.#take();
    if (what === 'end') this.#end(whom);
    if (what === 'putBack') this.#putBack(whom);
    if (what === 'readLanes') this.#readLanes();
    if (what === 'readPage') this.#readPage(1 + whom);
    if (what === 'answer') this.#answers.splice(whom % (this.#answers.length + 1), 1)[0]?.();
    if (what === 'resume') this.#pause(false);
    if (what === 'pause') this.#pause(true);
  }

  /** Lets everything go on until nothing moves: then nothing may be left. */
  finish(): void {
    if (this.#paused) this.#pause(false);
    // A hint may come for what was read and sent meanwhile; it is let go once its claim is refused.
    for (let round = 0; round < 1_000 && this.#open() + this.#hints.length + this.#held.count > 0; round += 1) {
      for (const what of ['hint', 'readLanes', 'readPage', 'answer', 'take', 'end']) this.step(what, 0);
    }
    assert.equal(this.#open(), 0);
    assert.equal(this.#held.count, 0);
  }

  #open(): number {
    return [...this.#rows.values()].reduce((sum, rows) => sum + rows.length, 0);
  }

  #commit(entityId: string): void {
    const sequence = (this.#sequences.get(entityId) ?? 0) + 1;
    this.#sequences.set(entityId, sequence);
    const delivery = testDelivery(testEvent(entityId, sequence), this.#webhook);
    this.#rows.set(entityId, [...(this.#rows.get(entityId) ?? []), delivery]);
    this.#hints.push(delivery);
  }

  #hint(): void {
    const delivery = this.#hints.shift();
    if (delivery !== undefined) this.#lanes.offer(delivery);
  }

  #take(): void {
    const delivery = this.#lanes.take();
    if (delivery === undefined) return;
    const head = this.#rows.get(delivery.entityId)?.[0];
    assert.ok(!this.#inFlight.some((other) => other.entityId === delivery.entityId), 'two of one lane in flight');
    if (this.#paused) {
      this.#lanes.suspend();
      this.#lanes.ended(delivery.entityId);
    } else if (head?.deliveryId === delivery.deliveryId) {
      this.#inFlight.push(delivery);
    } else {
      this.#lanes.refused(delivery.entityId);
    }
  }

  #end(whom: number): void {
    const [delivery] = this.#inFlight.splice(whom % (this.#inFlight.length + 1), 1);
    if (delivery === undefined) return;
    const rows = this.#rows.get(delivery.entityId) ?? [];
    assert.equal(rows[0]?.deliveryId, delivery.deliveryId);
    this.#rows.set(delivery.entityId, rows.slice(1));
    this.#lanes.ended(delivery.entityId);
  }

  #putBack(whom: number): void {
    const [delivery] = this.#inFlight.splice(whom % (this.#inFlight.length + 1), 1);
    if (delivery !== undefined) this.#lanes.putBack(delivery);
  }

  #readLanes(): void {
    const entityIds = this.#lanes.wanted(2);
    const heads = this.#heads(entityIds);
    if (entityIds.length > 0) this.#answers.push(() => this.#lanes.foundHeads(entityIds, heads));
  }

  #readPage(limit: number): void {
    const after = this.#lanes.nextPage();
    if (after === undefined) return;
    const entityIds = [...this.#rows.keys()].filter((entityId) => entityId > after).sort();
    const heads = this.#heads(entityIds).slice(0, limit);
    this.#answers.push(() => this.#lanes.foundPage(heads, heads.length < limit));
  }

  #heads(entityIds: readonly string[]): Head[] {
    return entityIds.flatMap((entityId): Head[] => {
      const delivery = this.#rows.get(entityId)?.[0];
      if (delivery === undefined) return [];
      const sending = this.#inFlight.some((other) => other.deliveryId === delivery.deliveryId);
      return [{ delivery, state: sending ? 'sending' : 'pending' }];
    });
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#lanes.resume();
  }
}
