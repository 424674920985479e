import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testDelivery, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { urgencyOf, type Delivery, type Urgency } from './delivery.ts';
import type { Head } from './lane-store.ts';
import { Held } from './held.ts';
import { WebhookLanes } from './lanes.ts';

/** What may happen, in any order: each step is one of these; the numbers say to whom, and how urgent what is committed is. */
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
  fc.nat(2),
);

test('whatever happens in whatever order, a lane goes in order, and in the end nothing is left lying', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), fc.boolean(), (steps, behind) => {
      const world = new World(behind);
      for (const [what, whom, urgency] of steps) world.step(what, whom, urgency as Urgency);
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
  while (lanes.readyCount > 10) pass(lanes);
  assert.deepEqual(lanes.nextPage(), { critical: false, after: '' });
});

test('the most urgent go first, in the order in which they came, and every eighth is the one that has waited longest', () => {
  const lanes = lanesOf(['i1', 'w1', 'c1', 'i2', 'w2', 'c2', 'c3', 'i3', 'w3', 'c4', 'c5', 'c6', 'c7', 'c8']);
  const order = Array.from({ length: 14 }, () => pass(lanes)?.entityId);
  assert.deepEqual(order, ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'i1', 'c8', 'w1', 'w2', 'w3', 'i2', 'i3']);
});

test('nothing waits for ever, however many more urgent ones come in classes above and below it', () => {
  for (const [patient, others] of [
    ['i', ['c', 'w']],
    ['w', ['c', 'i']],
  ] as const) {
    const lanes = lanesOf([...Array.from({ length: 20 }, (_, index) => `${others[index % 2]}${index}`), `${patient}!`]);
    let taken = 0;
    for (let came = 100; pass(lanes)?.entityId !== `${patient}!`; came += 1) {
      taken += 1;
      for (const other of others) lanes.offer(urgent(`${other}${came}`));
    }
    assert.ok(taken < 8 * 21, `${taken} went before it`);
    assert.ok(taken >= 20 - 1, 'nothing more urgent went before it, so the test shows nothing');
  }
});

test('a lane goes for the most urgent that waits in it, while that waits', () => {
  const lanes = lanesOf(['w1', 'w2', 'i1', 'i2']);
  // Behind its head, while it is ready.
  lanes.offer(urgent('i2', 2, 'c'));
  lanes.offer(urgent('i2', 3, 'i'));
  const order = [pass(lanes), pass(lanes), pass(lanes), pass(lanes), pass(lanes), pass(lanes)];
  assert.deepEqual(
    order.map((delivery) => `${delivery?.entityId} ${delivery?.sequence}`),
    ['i2 1', 'i2 2', 'w1 1', 'w2 1', 'i1 1', 'i2 3'],
  );
  // And while it is in flight.
  for (const entityId of ['i3', 'w3']) lanes.offer(urgent(entityId));
  assert.equal(lanes.take()?.entityId, 'w3');
  lanes.offer(urgent('w3', 2, 'c'));
  lanes.offer(urgent('w4'));
  lanes.ended('w3');
  // This is the eighth turn: it is the longest waiting that goes.
  assert.equal(lanes.take()?.entityId, 'i3');
  assert.equal(lanes.take()?.sequence, 2);
});

test('what could not be claimed is as urgent as before', () => {
  const lanes = lanesOf(['c1', 'w1']);
  const delivery = lanes.take();
  assert.equal(delivery?.entityId, 'c1');
  lanes.offer(urgent('w2'));
  if (delivery !== undefined) lanes.putBack(delivery);
  assert.deepEqual([pass(lanes)?.entityId, pass(lanes)?.entityId], ['c1', 'w1']);
});

test('what is no longer ours takes no turn, in whatever class it was', () => {
  const others = new Set<string>();
  const lanes = new WebhookLanes(1, new Held(), false, (entityId) => !others.has(entityId));
  for (const entityId of ['c1', 'w1', 'i1', 'c2', 'w2', 'i2']) lanes.offer(urgent(entityId));
  for (const entityId of ['c1', 'w2', 'i1']) others.add(entityId);
  lanes.leaveOthers();
  assert.equal(lanes.readyCount, 3);
  assert.deepEqual([pass(lanes)?.entityId, pass(lanes)?.entityId, pass(lanes)?.entityId], ['c2', 'w1', 'i2']);
});

test('what is Critical has room of its own, and goes next when it comes while a thousand lanes wait', () => {
  const held = new Held();
  const lanes = lanesOf(numbered('w', 1_500), held);
  assert.equal(lanes.readyCount, 1_000);
  lanes.offer(urgent('c'));
  // It is not all in memory any more, so the database must say whether it is the head.
  assert.deepEqual(lanes.wanted(10), ['c']);
  lanes.foundHeads(['c'], [headOf(urgent('c'))]);
  assert.equal(lanes.take()?.entityId, 'c');
  for (const entityId of numbered('c', 2_000)) lanes.offer(urgent(entityId));
  const wanted = lanes.wanted(10_000);
  assert.equal(wanted.length, 255);
  const heads = wanted.map((entityId) => headOf(urgent(entityId)));
  lanes.foundHeads(wanted, heads);
  assert.deepEqual([lanes.readyCount, held.count], [1_255, 1_255]);
});

test('a backlog is read from the lanes with something Critical on, and these do not crowd out all others', () => {
  const lanes = new WebhookLanes(1, new Held(), true);
  const page = (prefix: string, from: number) =>
    numbered(prefix, from + 64)
      .slice(from)
      .map((entityId) => headOf(urgent(entityId)));
  assert.deepEqual(lanes.nextPage(), { critical: true, after: '' });
  // Heads that are not Critical themselves, of lanes that have something Critical behind them.
  lanes.foundPage(
    page('i', 0).map((head) => ({ ...head, urgency: urgencyOf.Critical })),
    false,
  );
  assert.deepEqual(lanes.nextPage(), { critical: false, after: '' });
  lanes.foundPage(page('w', 0), false);
  assert.equal(lanes.nextPage(), undefined);
  // Those came before the others, so the eighth turn is theirs as well.
  for (let turn = 0; turn < 40; turn += 1) assert.equal(pass(lanes)?.entityId[0], 'i');
  assert.deepEqual(lanes.nextPage(), { critical: true, after: 'i00063' });
  assert.equal(lanes.nextPage(), undefined);
  lanes.foundPage([], true);
  // Then everything else, where what is Critical is no longer left to the other scan.
  while (lanes.readyCount > 0) pass(lanes);
  assert.deepEqual(lanes.nextPage(), { critical: false, after: 'w00063' });
  lanes.foundPage([headOf(urgent('x1')), headOf(urgent('c1'))], true);
  assert.deepEqual([pass(lanes)?.entityId, pass(lanes)?.entityId], ['c1', 'x1']);
});

test('what is Critical and came up where its scan has passed is left to its next round, not to the scan of all', () => {
  const lanes = new WebhookLanes(1, new Held(), true);
  const answer = (entityIds: readonly string[], last: boolean) => {
    const page = lanes.nextPage();
    lanes.foundPage(
      entityIds.map((entityId) => headOf(urgent(entityId))),
      last,
    );
    return page;
  };
  answer(numbered('c', 64), false);
  assert.equal(lanes.readyCount, 64);
  assert.deepEqual(answer(['c!', 'w1'], true), { critical: false, after: '' });
  assert.equal(lanes.readyCount, 65);
  while (lanes.readyCount > 10) pass(lanes);
  assert.deepEqual(answer([], true), { critical: true, after: 'c00063' });
  assert.deepEqual(answer(['c!'], true), { critical: true, after: '' });
  assert.deepEqual([lanes.readyCount, lanes.nextPage()], [11, undefined]);
});

test('what is Critical and found no room is looked for before all else', () => {
  const lanes = lanesOf([...numbered('w', 1_000), ...numbered('c', 300)]);
  while (lanes.readyCount > 1_000 - 36) pass(lanes);
  assert.deepEqual(lanes.nextPage(), { critical: true, after: '' });
});

test('a flood of what is Critical leaves the others their turns, even those that are only in the database', () => {
  const held = new Held();
  const lanes = lanesOf(numbered('c', 2_000), held);
  assert.deepEqual([lanes.readyCount, held.count], [1_256, 1_256]);
  assert.deepEqual(lanes.nextPage(), { critical: false, after: '' });
  lanes.foundPage(
    numbered('w', 64).map((entityId) => headOf(urgent(entityId))),
    false,
  );
  assert.equal(lanes.readyCount, 1_256 + 32);
  const passed = new Set<string | undefined>();
  const others = () => [...passed].filter((entityId) => entityId?.startsWith('w') === true).length;
  for (let came = 3_000; others() < 32 && came < 15_000; came += 1) {
    passed.add(pass(lanes)?.entityId);
    lanes.offer(urgent(`c${came}`));
    const wanted = lanes.wanted(64);
    const open = wanted.filter((entityId) => !passed.has(entityId));
    lanes.foundHeads(
      wanted,
      open.map((entityId) => headOf(urgent(entityId))),
    );
  }
  assert.equal(others(), 32);
  assert.deepEqual(lanes.nextPage(), { critical: false, after: 'w00031' });
});

const letters: Readonly<Record<string, Urgency>> = { c: 0, w: 1, i: 2 };

/** As urgent as its letter says: c, w or i; when none is given, the first of the lane's name. */
function urgent(entityId: string, sequence = 1, letter = entityId[0] ?? ''): Delivery {
  return testDelivery(testEvent(entityId, sequence), testWebhook(), { urgency: letters[letter] ?? 1 });
}

function headOf(delivery: Delivery): Head {
  return { delivery, state: 'pending', urgency: delivery.urgency };
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, '0')}`);
}

function lanesOf(entityIds: readonly string[], held = new Held()): WebhookLanes {
  const lanes = new WebhookLanes(1, held, false);
  for (const entityId of entityIds) lanes.offer(urgent(entityId));
  return lanes;
}

/** Takes the next and lets it end. */
function pass(lanes: WebhookLanes): Delivery | undefined {
  const delivery = lanes.take();
  if (delivery !== undefined) lanes.ended(delivery.entityId);
  return delivery;
}

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
    if (behind) for (const lane of [0, 1, 2] as const) this.#commit(`lane${lane}`, lane);
    // What was there before the start gives no hint.
    this.#hints.length = 0;
  }

  step(what: string, whom: number, urgency: Urgency = 1): void {
    if (what === 'commit' || what === 'happen') this.#commit(`lane${whom}`, urgency);
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

  #commit(entityId: string, urgency: Urgency): void {
    const sequence = (this.#sequences.get(entityId) ?? 0) + 1;
    this.#sequences.set(entityId, sequence);
    const delivery = testDelivery(testEvent(entityId, sequence), this.#webhook, { urgency });
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
    const page = this.#lanes.nextPage();
    if (page === undefined) return;
    const { critical, after } = page;
    const open = [...this.#rows].filter(([, rows]) => !critical || rows.some(({ urgency }) => urgency === 0));
    const entityIds = open
      .map(([entityId]) => entityId)
      .filter((entityId) => entityId > after)
      .sort();
    const heads = this.#heads(entityIds).slice(0, limit);
    this.#answers.push(() => this.#lanes.foundPage(heads, heads.length < limit));
  }

  #heads(entityIds: readonly string[]): Head[] {
    return entityIds.flatMap((entityId): Head[] => {
      const delivery = this.#rows.get(entityId)?.[0];
      if (delivery === undefined) return [];
      const sending = this.#inFlight.some((other) => other.deliveryId === delivery.deliveryId);
      const critical = this.#rows.get(entityId)?.some(({ urgency }) => urgency === 0);
      return [{ delivery, state: sending ? 'sending' : 'pending', urgency: critical === true ? 0 : delivery.urgency }];
    });
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#lanes.resume();
  }
}
