import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testDelivery, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { precedes, urgencyOf, type Delivery, type Urgency } from '../store/delivery.ts';
import type { Head, Place } from '../store/backlog-store.ts';
import { headOf, idOf, lanesOf, numbered, pass, placeOf, readAll, urgent } from '../../../test/support/lanes.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { Page } from './lane.ts';
import { LaneQueue } from './lane-queue.ts';

/** What may happen, in any order: each step is one of these; the numbers say to whom, and how urgent what is committed is. */
const step = fc.tuple(
  fc.constantFrom(
    'commit',
    'again',
    'hint',
    'happen',
    'take',
    'end',
    'putBack',
    'follow',
    'unfollow',
    'readLanes',
    'readPage',
    'answer',
    'resume',
    'pause',
    'lose',
    'regain',
  ),
  fc.nat(2),
  fc.nat(2),
);

test('whatever happens in whatever order, a lane goes in order, and in the end nothing is left lying', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), fc.boolean(), fc.nat(3), (steps, behind, room) => {
      const world = new World(behind, 1 + room);
      for (const [what, whom, urgency] of steps) world.step(what, whom, urgency as Urgency);
      world.finish();
    }),
    { numRuns: 3_000 },
  );
});

test('a lane that was in a class for something that has gone is found again after it left memory for an older one', () => {
  const world = new World(false, 1);
  const before = 'happen2.0 take commit0.0 resume commit2.1 commit2.2 hint commit0.0 commit0.0 hint putBack hint hint';
  for (const [, what = '', whom, urgency] of before.matchAll(/([a-zA-Z]+)(?:(\d)\.(\d))?/g)) {
    world.step(what, Number(whom ?? 0), Number(urgency ?? 0) as Urgency);
  }
  world.finish();
});

test('lanes in memory are bounded, and those over the bound are found in the database', () => {
  const held = new MemoryBudget();
  const lanes = new LaneQueue(1, held, false);
  const deliveries = numbered('w', 7_000).map((entityId) => urgent(entityId));
  for (const delivery of deliveries) lanes.enqueue(delivery);
  assert.deepEqual([held.count, lanes.readyCount, lanes.nextPage()], [5_000, 5_000, undefined]);
  while (lanes.readyCount > 10) pass(lanes);
  const page = lanes.nextPage();
  assert.ok(page?.urgency === 1 && page.after > idOf(deliveries[4_998]) && page.after < idOf(deliveries[5_000]));
});

test('while the memory for all webhooks is half used, each holds a fifth of what it may hold before', () => {
  const held = new MemoryBudget();
  const queues = Array.from({ length: 5 }, (_, index) => new LaneQueue(index, held, false));
  const counts = queues.map((lanes) => {
    for (const entityId of numbered('w', 6_000)) lanes.enqueue(urgent(entityId));
    return lanes.readyCount;
  });
  assert.deepEqual([counts, held.count], [[5_000, 5_000, 1_000, 1_000, 1_000], 13_000]);
});

test('the most urgent go first, in the order in which they came, and every eighth is the one that has waited longest', () => {
  const lanes = lanesOf(['i1', 'w1', 'c1', 'i2', 'w2', 'c2', 'c3', 'i3', 'w3', 'c4', 'c5', 'c6', 'c7', 'c8']);
  const order = Array.from({ length: 14 }, () => pass(lanes)?.entityId);
  assert.deepEqual(order, ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'i1', 'c8', 'w1', 'w2', 'w3', 'i2', 'i3']);
});

test('a successor follows at once unless another lane of the webhook goes first, or what is older waits in the database', () => {
  const two = (lanes: LaneQueue, ...urgencies: readonly Urgency[]) => {
    const webhook = testWebhook({ webhookId: lanes.webhookId });
    for (const [index, urgency] of urgencies.entries())
      lanes.enqueue(testDelivery(testEvent('a', index + 1), webhook, { urgency }));
    assert.equal(lanes.take()?.sequence, 1);
  };
  const alone = lanesOf([]);
  two(alone, 1, 1);
  assert.equal(alone.follow('a')?.sequence, 2);
  assert.equal(alone.follow('a'), undefined);
  const beside = lanesOf([]);
  two(beside, 1, 1);
  beside.enqueue(urgent('c1', 0));
  assert.equal(beside.follow('a'), undefined);
  assert.equal(pass(beside)?.entityId, 'c1');
  const followed = beside.follow('a');
  assert.equal(followed?.sequence, 2);
  beside.unfollowed(followed);
  beside.ended('a');
  assert.equal(beside.take()?.sequence, 2);
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
      for (const other of others) lanes.enqueue(urgent(`${other}${came}`));
    }
    assert.ok(taken < 8 * 21, `${taken} went before it`);
    assert.ok(taken >= 20 - 1, 'nothing more urgent went before it, so the test shows nothing');
  }
});

test('a lane goes for the most urgent that waits in it, while that waits', () => {
  const lanes = lanesOf(['w1', 'w2', 'i1', 'i2']);
  // Behind its head, while it is ready.
  lanes.enqueue(urgent('i2', 2, 'c'));
  lanes.enqueue(urgent('i2', 3, 'i'));
  const order = [pass(lanes), pass(lanes), pass(lanes), pass(lanes), pass(lanes), pass(lanes)];
  assert.deepEqual(
    order.map((delivery) => `${delivery?.entityId} ${delivery?.sequence}`),
    ['i2 1', 'i2 2', 'w1 1', 'w2 1', 'i1 1', 'i2 3'],
  );
  // And while it is in flight.
  for (const entityId of ['i3', 'w3']) lanes.enqueue(urgent(entityId));
  assert.equal(lanes.take()?.entityId, 'w3');
  lanes.enqueue(urgent('w3', 2, 'c'));
  lanes.enqueue(urgent('w4'));
  lanes.ended('w3');
  // This is the eighth turn: it is the longest waiting that goes.
  assert.equal(lanes.take()?.entityId, 'i3');
  assert.equal(lanes.take()?.sequence, 2);
});

test('what could not be claimed is as urgent as before', () => {
  const lanes = lanesOf(['c1', 'w1']);
  const delivery = lanes.take();
  assert.equal(delivery?.entityId, 'c1');
  lanes.enqueue(urgent('w2'));
  if (delivery !== undefined) lanes.unclaimed(delivery);
  assert.deepEqual([pass(lanes)?.entityId, pass(lanes)?.entityId], ['c1', 'w1']);
});

test('a delivery that comes back to a webhook that may no longer send takes no memory and no turn', () => {
  const held = new MemoryBudget();
  const [first, second] = [urgent('c'), urgent('c', 2)];
  const lanes = new LaneQueue(1, held, false);
  for (const delivery of [first, second]) lanes.enqueue(delivery);
  assert.equal(lanes.take(), first);
  lanes.suspend();
  lanes.unclaimed(first);
  assert.deepEqual([held.count, lanes.readyCount], [0, 0]);
  lanes.resume();
  readAll(lanes, [first]);
  assert.equal(lanes.take()?.deliveryId, first.deliveryId);
  lanes.enqueue(second);
  lanes.suspend();
  lanes.unfollowed(second);
  lanes.ended('c');
  assert.deepEqual([held.count, lanes.readyCount], [0, 0]);
});

test('a lane that is no longer ours takes no turn, in whatever class it was', () => {
  const others = new Set<string>();
  const lanes = new LaneQueue(1, new MemoryBudget(), false, (entityId) => !others.has(entityId));
  for (const entityId of ['c1', 'w1', 'i1', 'c2', 'w2', 'i2']) lanes.enqueue(urgent(entityId));
  for (const entityId of ['c1', 'w2', 'i1']) others.add(entityId);
  lanes.leaveOthers();
  assert.equal(lanes.readyCount, 3);
  assert.deepEqual([pass(lanes)?.entityId, pass(lanes)?.entityId, pass(lanes)?.entityId], ['c2', 'w1', 'i2']);
});

test('each class has its own room: a Critical lane goes next when it comes while thousands of lanes wait', () => {
  const held = new MemoryBudget();
  const lanes = lanesOf(numbered('w', 5_500), held);
  assert.equal(lanes.readyCount, 5_000);
  lanes.enqueue(urgent('c'));
  // It is not all in memory any more, so the database must say whether it is the head.
  assert.deepEqual(lanes.wanted(10), ['c']);
  lanes.foundHeads(['c'], [headOf(urgent('c'))]);
  assert.equal(lanes.take()?.entityId, 'c');
  for (const entityId of numbered('c', 2_000)) lanes.enqueue(urgent(entityId));
  const wanted = lanes.wanted(10_000);
  assert.equal(wanted.length, 1_000);
  lanes.foundHeads(
    wanted,
    wanted.map((entityId) => headOf(urgent(entityId))),
  );
  assert.deepEqual([lanes.readyCount, held.count], [6_000, 6_000]);
});

test('a backlog in the database alone goes out by class and age, and nothing before the cursor has got to it', () => {
  const backlog = ['w1', 'c1', 'i1', 'c2', 'w2', 'i2', 'c3'].map((entityId) => urgent(entityId));
  const lanes = new LaneQueue(1, new MemoryBudget(), true);
  // It is committed after the start, and is the newest.
  lanes.enqueue(urgent('c4'));
  assert.equal(lanes.take(), undefined);
  const rows = [...backlog, urgent('c4')];
  readAll(lanes, rows);
  const order = Array.from({ length: 8 }, () => pass(lanes)?.entityId);
  assert.deepEqual(order, ['c1', 'c2', 'c3', 'c4', 'w1', 'w2', 'i1', 'i2']);
});

test('a lane that comes up while older ones wait in the database stays behind them, however much room there is', () => {
  const rows = numbered('c', 1_200).map((entityId) => urgent(entityId));
  const lanes = new LaneQueue(1, new MemoryBudget(), false);
  for (const delivery of rows) lanes.enqueue(delivery);
  const sent: string[] = [];
  for (let came = 1_200; sent.length < 3_000; came += 1) {
    // Two come while one goes.
    for (const more of [0, 1]) {
      const delivery = urgent(`c${String(2 * came + more).padStart(5, '0')}`);
      rows.push(delivery);
      lanes.enqueue(delivery);
    }
    readAll(lanes, rows);
    const delivery = pass(lanes);
    if (delivery === undefined) continue;
    sent.push(delivery.deliveryId);
    rows.splice(rows.indexOf(delivery), 1);
  }
  assert.deepEqual(sent, sent.toSorted());
});

test('an old lane that may go again comes before all newer ones, also when memory is full of these', () => {
  const old = urgent('c-old');
  const rows = numbered('c', 1_400).map((entityId) => urgent(entityId));
  const limits = { lanesPerClassMax: 100, heldMax: 100, readyLow: 8 };
  const lanes = new LaneQueue(1, new MemoryBudget(), false, () => true, limits);
  for (const delivery of rows) lanes.enqueue(delivery);
  assert.equal(lanes.readyCount, 100);
  lanes.due('c-old');
  readAll(lanes, [old, ...rows]);
  assert.equal(lanes.take()?.entityId, 'c-old');
  // Nothing is known of this one but that it may be there.
  lanes.resume();
  readAll(lanes, [urgent('c-older', 1, 'c', '20231113'), ...rows]);
  assert.equal(lanes.take()?.entityId, 'c-older');
  assert.equal(lanes.readyCount, 99);
});

test('what may be tried again goes before all newer ones, though something newer of its lane came up meanwhile', () => {
  const lanes = lanesOf(['c1', 'c2']);
  const first = lanes.take();
  assert.ok(first !== undefined);
  lanes.waitsForRetry('c1');
  lanes.enqueue(urgent('c1', 2));
  lanes.due('c1');
  assert.deepEqual(lanes.wanted(9), ['c1']);
  lanes.foundHeads(['c1'], [headOf(first)]);
  assert.deepEqual([pass(lanes), pass(lanes)?.entityId], [first, 'c2']);
});

test('a resend goes before what waited in memory behind it, and nothing newer goes while the lane is read again', () => {
  const lanes = lanesOf([]);
  const second = urgent('c1', 2);
  for (const delivery of [second, urgent('c1', 3), urgent('c2')]) lanes.enqueue(delivery);
  const again = { ...urgent('c1', 1, 'i'), generation: 1 };
  lanes.enqueue(again);
  assert.equal(lanes.take(), undefined);
  assert.deepEqual(lanes.wanted(9), ['c1']);
  lanes.foundHeads(['c1'], [{ ...headOf(again), urgency: 0, since: idOf(second) }]);
  assert.deepEqual([pass(lanes), lanes.wanted(9)], [again, ['c1']]);
  lanes.foundHeads(['c1'], [headOf(second)]);
  assert.deepEqual([pass(lanes), pass(lanes)?.entityId], [second, 'c2']);
});

test('a resend between two that wait in memory goes between them', () => {
  const lanes = lanesOf([]);
  const [first, third] = [{ ...urgent('c1', 1), generation: 1 }, urgent('c1', 3)];
  const second = { ...urgent('c1', 2), generation: 1 };
  for (const delivery of [first, third, second]) lanes.enqueue(delivery);
  assert.deepEqual([pass(lanes), pass(lanes), lanes.wanted(9)], [first, undefined, ['c1']]);
});

test('a resend that is made while the head of its lane is read goes before that head', () => {
  const lanes = lanesOf(['c1']);
  const second = urgent('c1', 2);
  assert.equal(lanes.take()?.entityId, 'c1');
  lanes.notClaimed('c1');
  assert.deepEqual(lanes.wanted(9), ['c1']);
  const again = { ...urgent('c1', 1, 'i'), generation: 1 };
  // Later ones make no further read.
  lanes.enqueue(urgent('c1', 3));
  lanes.enqueue(again);
  lanes.foundHeads(['c1'], [headOf(second)]);
  assert.deepEqual([lanes.take(), lanes.wanted(9)], [undefined, ['c1']]);
  lanes.enqueue(urgent('c1', 4));
  lanes.foundHeads(['c1'], [{ ...headOf(again), urgency: 0, since: idOf(second) }]);
  assert.deepEqual([lanes.take(), lanes.wanted(9)], [again, []]);
});

test('what left memory for an older one is found again, also when the page that brought that one was the last', () => {
  const limits = { lanesPerClassMax: 3, heldMax: 3, readyLow: 3 };
  const lanes = new LaneQueue(1, new MemoryBudget(), false, () => true, limits);
  const [older, ...rest] = ['c1', 'c2', 'c3', 'c4'].map((entityId) => urgent(entityId));
  assert.ok(older !== undefined);
  for (const delivery of rest) lanes.enqueue(delivery);
  lanes.resume();
  let page = lanes.nextPage();
  while (page !== undefined && page.urgency !== 0) page = lanes.nextPage();
  assert.ok(page !== undefined);
  lanes.foundPage(page, [placeOf(older)], true);
  const sent = new Set<string | undefined>();
  const rows = [older, ...rest];
  for (let turn = 0; turn < 20; turn += 1) {
    readAll(
      lanes,
      rows.filter(({ entityId }) => !sent.has(entityId)),
    );
    sent.add(pass(lanes)?.entityId);
  }
  assert.deepEqual([...sent].slice(0, 4), ['c1', 'c2', 'c3', 'c4']);
});

test('an old lane that may go again comes before all newer ones, also after a look for another one that found no room', () => {
  const [lanes, old, rows] = full();
  lanes.due('gone');
  readAll(lanes, rows);
  lanes.due('c-');
  readAll(lanes, [old, ...rows]);
  assert.deepEqual([lanes.take(), lanes.take()?.entityId], [old, 'c00000']);
});

test('an old lane that may go again comes before all newer ones, also when a page that is being read finds no room', () => {
  const [lanes, old, rows] = full();
  lanes.due('gone');
  const page = lanes.nextPage();
  assert.equal(page?.urgency, urgencyOf.Critical);
  lanes.due('c-');
  lanes.foundPage(page, rows.slice(0, 9).map(placeOf), true);
  readAll(lanes, [old, ...rows]);
  assert.deepEqual([lanes.take(), lanes.take()?.entityId], [old, 'c00000']);
});

/** Each class is full, and more of each waits in the database. @returns also an old Critical delivery, and all others. */
function full(): [lanes: LaneQueue, old: Delivery, rows: readonly Delivery[]] {
  const [old, ...rows] = ['c-', ...numbered('c', 9), ...numbered('w', 9), ...numbered('i', 9)].map((id) => urgent(id));
  assert.ok(old !== undefined);
  const limits = { lanesPerClassMax: 3, heldMax: 9, readyLow: 1 };
  const lanes = new LaneQueue(1, new MemoryBudget(), false, () => true, limits);
  for (const delivery of rows) lanes.enqueue(delivery);
  readAll(lanes, rows);
  return [lanes, old, rows];
}

test('a class full of lanes that are older than the next place lets them go, wherever the cursor has got to', () => {
  const limits = { lanesPerClassMax: 1, heldMax: 2, readyLow: 9 };
  const lanes = new LaneQueue(1, new MemoryBudget(), false, () => true, limits);
  const [first, second] = [urgent('a', 1, 'c'), urgent('a', 2, 'w')];
  const other = urgent('b', 1, 'c');
  const third = urgent('a', 3, 'c');
  // The third finds no room, so the lane stays in its class for what the database may hold of it.
  for (const delivery of [first, second, third]) lanes.enqueue(delivery);
  lanes.resume();
  const readCritical = (places: readonly Place[]) => {
    let page = lanes.nextPage();
    while (page !== undefined && page.urgency !== urgencyOf.Critical) {
      lanes.foundPage(page, [], true);
      page = lanes.nextPage();
    }
    if (page !== undefined) lanes.foundPage(page, places, false);
  };
  readCritical([placeOf(first)]);
  assert.equal(lanes.take(), first);
  lanes.ended('a');
  readCritical([placeOf(other), placeOf(third)]);
  assert.equal(lanes.take(), second);
});

/** A webhook's lanes beside the rows as the database would have them. */
class World {
  readonly #held = new MemoryBudget();
  readonly #lanes: LaneQueue;
  readonly #webhook = testWebhook();
  /** Open rows by lane, in order. */
  readonly #rows = new Map<string, Delivery[]>();
  readonly #sequences = new Map<string, number>();
  /** By lane: the newest that has ended. */
  readonly #ended = new Map<string, Delivery>();
  /** Lanes in which something was committed that was not offered. */
  readonly #untold = new Set<string>();
  /** Committed, but the hint has not come yet. */
  readonly #hints: Delivery[] = [];
  readonly #inFlight: Delivery[] = [];
  /** Reads that saw the rows and have not answered yet. */
  readonly #answers: (() => void)[] = [];
  #paused = false;
  /** The lease of the lanes' shard has not run out. */
  #ours = true;
  #committed = 0;

  /** @param room for so many lanes of a class. */
  constructor(behind: boolean, room: number) {
    const limits = { lanesPerClassMax: room, heldMax: room, readyLow: room };
    this.#lanes = new LaneQueue(this.#webhook.webhookId, this.#held, behind, () => this.#ours, limits);
    if (behind) for (const lane of [0, 1, 2] as const) this.#commit(`lane${lane}`, lane);
    // A row from before the start gives no hint.
    this.#hints.length = 0;
  }

  step(what: string, whom: number, urgency: Urgency = 1): void {
    if (what === 'commit' || what === 'happen') this.#commit(`lane${whom}`, urgency);
    if (what === 'again') this.#again(`lane${whom}`);
    if (what === 'hint' || what === 'happen') this.#hint();
    if (what === 'take') this.#take();
    if (what === 'end') this.#end(whom);
    if (what === 'putBack') this.#putBack(whom);
    if (what === 'follow') this.#follow(whom);
    if (what === 'unfollow') this.#unfollow(whom);
    if (what === 'readLanes') this.#readLanes();
    if (what === 'readPage') this.#readPage(1 + whom);
    if (what === 'answer') this.#answers.splice(whom % (this.#answers.length + 1), 1)[0]?.();
    if (what === 'resume') this.#pause(false);
    if (what === 'pause') this.#pause(true);
    if (what === 'lose') this.#ours = false;
    if (what === 'regain') this.#regain();
  }

  /** Lets everything go on until nothing moves: then nothing may be left. */
  finish(): void {
    this.#regain();
    if (this.#paused) this.#pause(false);
    // A hint may come for a row that was read and sent meanwhile; it is dropped once its claim is refused.
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
    const made = testDelivery(testEvent(entityId, sequence), this.#webhook, { urgency });
    this.#committed += 1;
    // Now and then the clock is set back, for one delivery.
    const setBack = this.#committed % 7 === 0 ? { deliveryId: `20231113${made.deliveryId.slice(8)}` } : {};
    const delivery = { ...made, ...setBack };
    this.#rows.set(entityId, [...(this.#rows.get(entityId) ?? []), delivery]);
    this.#hints.push(delivery);
  }

  /** A resend of the last that ended: it goes before all that wait, but none is made beside one in flight. */
  #again(entityId: string): void {
    const ended = this.#ended.get(entityId);
    const rows = this.#rows.get(entityId) ?? [];
    const [head] = rows;
    if (ended === undefined || (head !== undefined && this.#stateOf(head) === 'sending')) return;
    const { generation } = rows.findLast(({ sequence }) => sequence === ended.sequence) ?? ended;
    const event = testEvent(entityId, ended.sequence);
    const again = testDelivery(event, this.#webhook, { urgency: 2, generation: generation + 1 });
    this.#rows.set(
      entityId,
      [...rows, again].sort((one, other) => (precedes(one, other) ? -1 : 1)),
    );
    this.#hints.push(again);
  }

  #hint(): void {
    const delivery = this.#hints.shift();
    if (delivery === undefined) return;
    if (this.#ours) this.#lanes.enqueue(delivery);
    else {
      this.#untold.add(delivery.entityId);
      this.#lanes.laneChanged(delivery.entityId);
    }
  }

  /** The lease was renewed after it had run out, and nobody else had taken the shard. */
  #regain(): void {
    if (this.#ours) return;
    this.#ours = true;
    this.#lanes.resume();
  }

  #take(): void {
    const delivery = this.#lanes.take();
    if (delivery === undefined) return;
    const head = this.#rows.get(delivery.entityId)?.[0];
    assert.ok(!this.#inFlight.some((other) => other.entityId === delivery.entityId), 'two of one lane in flight');
    if (this.#paused) {
      this.#lanes.suspend();
      this.#lanes.ended(delivery.entityId);
    } else if (this.#ours && head?.deliveryId === delivery.deliveryId) {
      this.#inFlight.push(delivery);
    } else {
      if (this.#ours) this.#mayBeRefused(delivery);
      this.#lanes.notClaimed(delivery.entityId);
    }
  }

  /** It is not the head: it has gone, or what goes before it was not offered yet. */
  #mayBeRefused({ deliveryId, entityId }: Delivery): void {
    if (this.#rows.get(entityId)?.every((row) => row.deliveryId !== deliveryId) !== false) return;
    const isToldLater = this.#hints.some((hint) => hint.entityId === entityId);
    assert.ok(isToldLater || this.#untold.has(entityId), `${deliveryId} was taken before what goes before it`);
  }

  #end(whom: number): void {
    const [delivery] = this.#inFlight.splice(whom % (this.#inFlight.length + 1), 1);
    if (delivery === undefined) return;
    const rows = this.#rows.get(delivery.entityId) ?? [];
    assert.equal(rows[0]?.deliveryId, delivery.deliveryId);
    this.#rows.set(delivery.entityId, rows.slice(1));
    this.#ended.set(delivery.entityId, delivery);
    this.#lanes.ended(delivery.entityId);
  }

  #putBack(whom: number): void {
    const [delivery] = this.#inFlight.splice(whom % (this.#inFlight.length + 1), 1);
    if (delivery !== undefined) this.#lanes.unclaimed(delivery);
  }

  /** Its result and the claim of its successor are one commit. */
  #follow(whom: number): void {
    const index = whom % (this.#inFlight.length + 1);
    const ended = this.#inFlight[index];
    const successor = ended === undefined ? undefined : this.#lanes.follow(ended.entityId);
    if (ended === undefined || successor === undefined) return;
    this.#inFlight.splice(index, 1);
    const rows = (this.#rows.get(ended.entityId) ?? []).slice(1);
    this.#rows.set(ended.entityId, rows);
    this.#ended.set(ended.entityId, ended);
    if (rows[0]?.deliveryId === successor.deliveryId) this.#inFlight.push(successor);
    else this.#lanes.notClaimed(successor.entityId);
  }

  /** The commit failed. */
  #unfollow(whom: number): void {
    const ended = this.#inFlight[whom % (this.#inFlight.length + 1)];
    const successor = ended === undefined ? undefined : this.#lanes.follow(ended.entityId);
    if (successor !== undefined) this.#lanes.unfollowed(successor);
  }

  #readLanes(): void {
    const entityIds = this.#lanes.wanted(2);
    const heads = this.#heads(entityIds);
    if (entityIds.length > 0) this.#answers.push(() => this.#lanes.foundHeads(entityIds, heads));
  }

  #readPage(limit: number): void {
    const page: Page | undefined = this.#lanes.nextPage();
    if (page === undefined) return;
    const waiting = [...this.#rows.values()]
      .flat()
      .filter(({ urgency, deliveryId }) => urgency === page.urgency && deliveryId > page.after)
      .filter((delivery) => this.#stateOf(delivery) === 'pending')
      .sort((one, other) => (one.deliveryId < other.deliveryId ? -1 : 1));
    const places = waiting.slice(0, limit).map(({ deliveryId, entityId }): Place => {
      const head = this.#rows.get(entityId)?.[0];
      return { deliveryId, entityId, state: head === undefined ? 'pending' : this.#stateOf(head) };
    });
    this.#answers.push(() => this.#lanes.foundPage(page, places, places.length < limit));
  }

  #stateOf({ deliveryId }: Delivery): 'sending' | 'pending' {
    return this.#inFlight.some((other) => other.deliveryId === deliveryId) ? 'sending' : 'pending';
  }

  #heads(entityIds: readonly string[]): Head[] {
    return entityIds.flatMap((entityId): Head[] => {
      const rows = this.#rows.get(entityId) ?? [];
      const delivery = rows[0];
      if (delivery === undefined) return [];
      const critical = rows.find(({ urgency }) => urgency === urgencyOf.Critical);
      const { urgency, deliveryId: since } = critical ?? delivery;
      return [{ delivery, state: this.#stateOf(delivery), urgency, since }];
    });
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#lanes.resume();
  }
}
