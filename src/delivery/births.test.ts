import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { createDispatcherHarness, pushOf, quiet, soonOnly, to } from '../../test/support/dispatcher-harness.ts';
import { testEvent } from '../../test/support/deliveries.ts';
import { answer, ScriptedReceiver, type Script } from '../../test/support/scripted-receiver.ts';
import type { Transaction, TransactionEnd } from '../database/database.ts';
import { appendEvents } from '../events/event-store.ts';
import type { Event } from '../events/event.ts';
import type { Webhook } from '../webhooks/webhook.ts';

const ok: Script = (socket) => socket.write(answer(200));
type Rig = Awaited<ReturnType<typeof createDispatcherHarness>>;

for (const { name, open } of databases) {
  test(`${name}: a push is claimed by the transaction of its change, unless something goes before it`, async () => {
    await using receiver = await new ScriptedReceiver((socket, { body }) => {
      if (!body.includes('hangs')) socket.write(answer(200));
    }).listen();
    const known = to(receiver);
    const latest = to(receiver, { mode: 'at_least_once', orderPolicy: 'latest' });
    await using rig = await createDispatcherHarness(open, [known, latest], { timers: soonOnly });
    await answeredBy(rig, [known, latest]);
    const untested = to(receiver);
    const paused = to(receiver, { status: 'paused' });
    rig.webhooks.set([known, latest, untested, paused]);
    const made = await madeBy(rig, [testEvent('hangs', 1), testEvent('hangs', 2)]);
    assert.deepEqual(made.get(known.webhookId), [
      { state: 'sending', attempt: 1, fence: 1 },
      { state: 'pending', attempt: 0, fence: 0 },
    ]);
    const waiting = { state: 'pending', attempt: 0, fence: 0 };
    for (const { webhookId } of [latest, untested, paused]) assert.deepEqual(made.get(webhookId), [waiting, waiting]);
    const later = await madeBy(rig, [testEvent('hangs', 3)]);
    assert.deepEqual(later.get(known.webhookId), [waiting], 'its lane is busy');
    // The engine would wait for the answer while it stops.
    await receiver[Symbol.asyncDispose]();
  });

  test(`${name}: the slots of a change that fails are free again, however often it does`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver, { maxInFlight: 1 });
    await using rig = await createDispatcherHarness(open, [webhook], { timers: soonOnly });
    await answeredBy(rig, [webhook]);
    for (let times = 0; times < 3; times += 1) {
      const refused = change(rig, [testEvent('a', 1)], async (tx) => {
        assert.deepEqual((await statesIn(tx)).get(webhook.webhookId)?.at(-1)?.state, 'sending');
        assert.equal(await gauge(rig), 1);
        throw new Error('refused');
      });
      await assert.rejects(refused, /refused/);
      assert.equal(await gauge(rig), 0);
    }
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(2);
    assert.deepEqual(await rig.states(), { delivered: 2 });
  });

  test(`${name}: of one change the most urgent pushes get the slots there are`, async () => {
    const answered = Promise.withResolvers<void>();
    await using receiver = await new ScriptedReceiver((socket, { number }) => {
      if (number === 1) socket.write(answer(200));
      else void answered.promise.then(() => socket.write(answer(200)));
    }).listen();
    const webhook = to(receiver, { maxInFlight: 2, timeoutMs: 30_000 });
    await using rig = await createDispatcherHarness(open, [webhook]);
    await answeredBy(rig, [webhook]);
    const severities = ['Info', 'Warning', 'Critical', 'Info', 'Critical', 'Warning'] as const;
    await rig.happen(severities.map((severity, index) => testEvent(`${severity} ${index}`, 1, { severity })));
    while (receiver.requests.length < 3) await quiet(5);
    const first = receiver.requests.slice(1).map((request) => pushOf(request).lane);
    assert.deepEqual(first.toSorted(), ['Critical 2', 'Critical 4']);
    answered.resolve();
    await rig.ended(7);
  });

  test(`${name}: a push is not claimed with its change while others of its webhook wait`, async () => {
    const answered = Promise.withResolvers<void>();
    await using receiver = await new ScriptedReceiver((socket, { number }) => {
      if (number === 1) socket.write(answer(200));
      else void answered.promise.then(() => socket.write(answer(200)));
    }).listen();
    const webhook = to(receiver, { maxInFlight: 1, timeoutMs: 30_000 });
    await using rig = await createDispatcherHarness(open, [webhook]);
    await answeredBy(rig, [webhook]);
    for (const lane of ['a', 'b', 'c', 'd']) await rig.happen([testEvent(lane, 1)]);
    answered.resolve();
    await rig.ended(5);
    assert.deepEqual(
      receiver.requests.slice(1).map((request) => pushOf(request).lane),
      ['a', 'b', 'c', 'd'],
    );
  });

  test(`${name}: beside a claim in doubt nothing follows before it is given back`, async () => {
    const [answered, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using receiver = await new ScriptedReceiver((socket, { number }) => {
      if (number === 2) void answered.promise.then(() => socket.write(answer(200)));
      else socket.write(answer(200));
    }).listen();
    const webhook = to(receiver, { maxInFlight: 2, timeoutMs: 30_000 });
    const engine = { isHeldUp: false };
    const flaky = async (result: Promise<unknown>) => {
      await result;
      if (!engine.isHeldUp) return;
      engine.isHeldUp = false;
      await given.promise;
    };
    await using rig = await createDispatcherHarness(open, [webhook], { flaky });
    await answeredBy(rig, [webhook]);
    await rig.happen([testEvent('a', 1)]);
    await rig.happen([testEvent('a', 2)]);
    while (receiver.requests.length < 2) await quiet(5);
    engine.isHeldUp = true;
    await changeInDoubt(rig, [testEvent('b', 1)]);
    while (engine.isHeldUp) await quiet(5);
    answered.resolve();
    await rig.settled(2);
    await quiet();
    const states = await rig.states();
    given.resolve();
    assert.deepEqual(states, { delivered: 2, pending: 2 });
    await rig.ended(4);
    assert.deepEqual(await rig.states(), { delivered: 4 });
  });
}

/** So that their receivers are known to answer. */
async function answeredBy(rig: Rig, webhooks: readonly Webhook[]): Promise<void> {
  await rig.happen([testEvent('first', 1)]);
  await rig.ended(webhooks.length);
  while ((await gauge(rig)) > 0) await quiet(5);
}

/** A change, and something else in its transaction. */
function change(rig: Rig, events: readonly Event[], andThen: (tx: Transaction) => Promise<void>): Promise<void> {
  return rig.database.transaction(async (tx) => {
    await appendEvents(tx, events);
    await rig.engine.fanOut.enqueueFor(tx, events);
    await andThen(tx);
  });
}

/** A change that is committed, and whose answer got lost. */
async function changeInDoubt(rig: Rig, events: readonly Event[]): Promise<void> {
  const whenEnded: ((end: TransactionEnd) => void)[] = [];
  await rig.database.transaction(async (tx) => {
    const doubtful: Transaction = {
      query: tx.query,
      insertMany: (table, rows) => tx.insertMany(table, rows),
      updateMany: (table, changes) => tx.updateMany(table, changes),
      setMany: (table, changes) => tx.setMany(table, changes),
      changeAll: (table, changes) => tx.changeAll(table, changes),
      ask: (statement, heard) => tx.ask(statement, heard),
      answered: () => tx.answered(),
      mark: () => tx.mark(),
      awaitEnds: (marks) => tx.awaitEnds(marks),
      giveTurn: () => tx.giveTurn(),
      afterCommit: () => {},
      hint: () => {},
      needsNoCount: () => tx.needsNoCount(),
      whenEnded: (work) => void whenEnded.push(work),
    };
    await appendEvents(tx, events);
    await rig.engine.fanOut.enqueueFor(doubtful, events);
  });
  for (const work of whenEnded) work('in doubt');
}

type Made = Map<number, { state: string; attempt: number; fence: number }[]>;

/** The deliveries of these events in the transaction that makes them, by webhook. */
async function madeBy(rig: Rig, events: readonly Event[]): Promise<Made> {
  let made: Made = new Map();
  const ids = new Set(events.map(({ eventId }) => eventId));
  await change(rig, events, async (tx) => {
    made = await statesIn(tx, ids);
  });
  return made;
}

async function statesIn(tx: Transaction, eventIds?: ReadonlySet<string>): Promise<Made> {
  const rows = await tx.query
    .selectFrom('delivery')
    .select(['webhook_id', 'event_id', 'state', 'attempt', 'fence'])
    .orderBy('delivery_id')
    .execute();
  const made: Made = new Map();
  for (const { webhook_id: webhookId, event_id: eventId, ...row } of rows) {
    if (eventIds !== undefined && !eventIds.has(eventId)) continue;
    made.set(webhookId, [...(made.get(webhookId) ?? []), row]);
  }
  return made;
}

async function gauge({ metrics }: Rig): Promise<number> {
  return Number(/^tocsin_deliveries_in_flight (\d+)/m.exec(await metrics.text())?.[1]);
}
