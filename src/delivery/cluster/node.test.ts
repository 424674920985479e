import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasPostgres } from '../../../test/support/databases.ts';
import { testEvent } from '../../../test/support/deliveries.ts';
import { createCluster } from '../../../test/support/delivery-cluster.ts';
import { later, pushOf, quiet, to } from '../../../test/support/dispatcher-harness.ts';
import { answer, ScriptedReceiver } from '../../../test/support/scripted-receiver.ts';
import { TcpProxy } from '../../../test/support/tcp-proxy.ts';
import { until } from '../../../test/support/until.ts';
import { appendEvents } from '../../events/event-store.ts';
import { openPostgres } from '../../database/postgres/open.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { prepareShards, takeShards } from '../store/shard-lease-store.ts';
import { shareOfMachine } from '../../../test/support/machine.ts';

const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };

test('a change committed on any node goes out once and in order, while nodes come and leave', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver), to(receiver)]);
  const lanes = Array.from({ length: 30 }, (_, index) => `lane${index}`);
  const nodes = [await cluster.join()];
  const joins = new Map([
    [3, true],
    [6, true],
    [9, false],
    [12, true],
    [15, false],
  ]);
  for (let sequence = 1; sequence <= 18; sequence += 1) {
    const joining = joins.get(sequence);
    if (joining === true) nodes.push(await cluster.join());
    const leaving = joining === false ? nodes.shift()?.leave() : undefined;
    const at = nodes[sequence % nodes.length];
    await at?.happen(lanes.map((lane) => testEvent(lane, sequence)));
    await leaving;
    await quiet(30);
  }
  await cluster.ended(30 * 18 * 2);
  assert.deepEqual(await cluster.states(), { delivered: 30 * 18 * 2 });
  assertInOrder(receiver, 18, 2);
});

test('two nodes on one lane: each event goes out once, in order', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver)]);
  const nodes = [await cluster.join(), await cluster.join()];
  for (let sequence = 1; sequence <= 60; sequence += 1) await nodes[sequence % 2]?.happen([testEvent('a', sequence)]);
  await cluster.ended(60);
  assertInOrder(receiver, 60, 1);
});

test('a change claims its own pushes only on the node that holds their shards', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver, { maxInFlight: 1_000 })]);
  const nodes = [await cluster.join(), await cluster.join()];
  await until(async () => (await nodes[0]?.held()) === 32 && (await nodes[1]?.held()) === 32);
  const owners: string[] = [];
  let made = 0;
  for (const { database, delivery } of nodes) {
    const found = new Set<string>();
    // The first changes only make the receiver known; and while the leases are being renewed, deliveries wait for their turn.
    await until(async () => {
      const events = Array.from({ length: 40 }, (_, index) => testEvent(`lane${made + index}`, 1));
      made += events.length;
      await database.transaction(async (tx) => {
        await appendEvents(tx, events);
        await delivery.fanOut.enqueueFor(tx, events);
        const claimed = await tx.query
          .selectFrom('delivery')
          .innerJoin('shard_lease', 'shard_lease.shard', 'delivery.shard')
          .select('owner')
          .where('state', '=', 'sending')
          .where(
            'event_id',
            'in',
            events.map(({ eventId }) => eventId),
          )
          .execute();
        for (const { owner } of claimed) found.add(owner);
      });
      await cluster.ended(made);
      return found.size > 0;
    });
    owners.push(...found);
  }
  assert.equal(owners.length, 2);
  assert.notEqual(owners[0], owners[1]);
});

test('shards are shared evenly, and all of them are held again soon after a node has left', only, async () => {
  await using cluster = await createCluster([]);
  const first = await cluster.join();
  assert.equal(await first.held(), 64);
  const second = await cluster.join();
  await until(async () => (await first.held()) === 32 && (await second.held()) === 32);
  await first.leave();
  await until(async () => (await second.held()) === 64);
});

test('without notifications, another node finds what is committed here within a second and a bit', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver)]);
  const deaf = { hears: false };
  const nodes = [await cluster.join(deaf), await cluster.join(deaf)];
  await until(async () => (await nodes[1]?.held()) === 32);
  const begun = systemClock.monotonic();
  await nodes[0]?.happen(Array.from({ length: 40 }, (_, index) => testEvent(`lane${index}`, 1)));
  await cluster.ended(40);
  assert.ok(systemClock.monotonic() - begun < 2_000 * shareOfMachine(), `${systemClock.monotonic() - begun} ms`);
});

test('a notification brings what is committed here to its node at once', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver)]);
  const nodes = [await cluster.join(), await cluster.join()];
  await until(async () => (await nodes[1]?.held()) === 32);
  const tookMs: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const begun = systemClock.monotonic();
    await nodes[index % 2]?.happen([testEvent(`lane${index}`, 1)]);
    await cluster.ended(index + 1);
    tookMs.push(systemClock.monotonic() - begun);
  }
  assert.ok((tookMs.toSorted((one, other) => one - other).at(-3) ?? 0) < 500, tookMs.join(' '));
});

test('a node that is cut from the database sends nothing new, and others take over its shards', only, async () => {
  await using receiver = await slowly();
  await using cluster = await createCluster([to(receiver)]);
  const { proxy, url } = await TcpProxy.before(cluster.url);
  const cut = await cluster.join({ url });
  const other = await cluster.join();
  await until(async () => (await other.held()) === 32);
  const lanes = Array.from({ length: 20 }, (_, index) => `lane${index}`);
  await cut.happen(lanes.map((lane) => testEvent(lane, 1)));
  proxy.cut();
  for (const sequence of [2, 3, 4]) await other.happen(lanes.map((lane) => testEvent(lane, sequence)));
  await until(async () => (await other.held()) === 64);
  await cluster.ended(80);
  proxy.mend();
  await until(async () => (await cut.held()) === 32);
  await cut.happen(lanes.map((lane) => testEvent(lane, 5)));
  await cluster.ended(100);
  const { delivered = 0, unknown = 0, ...rest } = await cluster.states();
  assert.deepEqual([delivered + unknown, rest], [100, {}]);
  assertOnceAndRising(receiver);
  await cluster.close();
  await proxy.close();
});

test(
  'a change goes out at once when its lane was busy and the lease had run out, and is renewed before anybody takes it',
  only,
  async () => {
    const answered = Promise.withResolvers<void>();
    await using receiver = await new ScriptedReceiver((socket, { number }) => {
      if (number > 1) return socket.write(answer(200));
      return void answered.promise.then(() => socket.write(answer(200)));
    }).listen();
    await using cluster = await createCluster([to(receiver, { timeoutMs: 30_000 })]);
    const node = await cluster.join({ lockTimeoutMs: 30_000, statementTimeoutMs: 30_000 });
    const database = await openPostgres({ url: cluster.url, clock: systemClock, timers: systemTimers });
    await node.happen([testEvent('a', 1)]);
    await until(() => receiver.requests.length === 1);
    const [locked, freed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const locking = database.transaction(async (tx) => {
      await tx.query.selectFrom('shard_lease').selectAll().forUpdate().execute();
      locked.resolve();
      await freed.promise;
    });
    await locked.promise;
    await until(async () => (await node.held()) === 0);
    await node.happen([testEvent('a', 2)]).finally(freed.resolve);
    await locking;
    await until(async () => (await node.held()) === 64);
    // The sweep after it has seen the lane as it was: busy.
    await quiet(200);
    answered.resolve();
    const begun = systemClock.monotonic();
    await cluster.ended(2);
    assert.ok(systemClock.monotonic() - begun < 10_000, `${systemClock.monotonic() - begun} ms`);
    assert.equal(await node.losses(), 0);
    assertInOrder(receiver, 2, 1);
    await database.close();
  },
);

test('a webhook that is resumed on one node goes on with all', only, async () => {
  await using receiver = await slowly();
  const webhook = to(receiver);
  await using cluster = await createCluster([webhook]);
  const nodes = [await cluster.join(), await cluster.join()];
  await until(async () => (await nodes[1]?.held()) === 32);
  cluster.webhooks.set([{ ...webhook, status: 'paused' }]);
  const lanes = Array.from({ length: 20 }, (_, index) => `lane${index}`);
  await nodes[0]?.happen(lanes.map((lane) => testEvent(lane, 1)));
  await quiet(200);
  assert.deepEqual(await cluster.states(), { pending: 20 });
  cluster.webhooks.set([webhook]);
  nodes[0]?.delivery.deliveries.resume(webhook.webhookId);
  await cluster.ended(20);
  assertInOrder(receiver, 1, 1);
});

test('a receiver that is tried at once on one node is tried at once on all', only, async () => {
  let refusing = true;
  const refusal = 'HTTP/1.1 503 Away\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n';
  await using receiver = await new ScriptedReceiver((socket) =>
    socket.write(refusing ? refusal : answer(200)),
  ).listen();
  const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
  const webhook = to(receiver, { mode: 'at_least_once', retry });
  await using cluster = await createCluster([webhook]);
  const nodes = [await cluster.join(), await cluster.join()];
  await until(async () => (await nodes[1]?.held()) === 32);
  const lanes = Array.from({ length: 20 }, (_, index) => `lane${index}`);
  await nodes[0]?.happen(lanes.map((lane) => testEvent(lane, 1)));
  // The first answer that each node gets keeps it from the receiver for a minute.
  await until(async () => (await cluster.states()).retry_wait === 2);
  refusing = false;
  assert.ok(((await nodes[0]?.delivery.deliveries.retryNow(webhook.webhookId)) ?? 0) > 0);
  await cluster.ended(20);
  assert.deepEqual(await cluster.states(), { delivered: 20 });
});

test('a retry that is due is found by the node that took the shard over', only, async () => {
  let refusing = true;
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(refusing ? 503 : 200))).listen();
  const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
  await using cluster = await createCluster([to(receiver, { mode: 'at_least_once', retry })]);
  const first = await cluster.join();
  await first.happen([testEvent('a', 1), testEvent('a', 2)]);
  await until(async () => (await cluster.states()).retry_wait === 1);
  refusing = false;
  const second = await cluster.join();
  await first.leave();
  await until(async () => (await second.held()) === 64);
  await cluster.ended(2);
  assert.deepEqual(await cluster.states(), { delivered: 2 });
});

test(
  'a node that comes back starts all the same when another was paused while it took over from it',
  only,
  async () => {
    await using cluster = await createCluster([]);
    const database = await openPostgres({ url: cluster.url, clock: systemClock, timers: systemTimers });
    await database.transaction(prepareShards);
    await database.transaction((tx) => takeShards(tx, 'one.before', [7], 1));
    await quiet(10);
    const taken = Promise.withResolvers<void>();
    const paused = Promise.withResolvers<void>();
    const taking = database.transaction(async (tx) => {
      await takeShards(tx, 'paused', [7], 60_000);
      taken.resolve();
      await paused.promise;
    });
    await taken.promise;
    const node = await cluster.join({ name: 'one', lockTimeoutMs: 200 }).finally(paused.resolve);
    assert.equal(await node.held(), 63);
    await taking;
    await database.close();
  },
);

function slowly(): Promise<ScriptedReceiver & AsyncDisposable> {
  return new ScriptedReceiver((socket) =>
    later(Math.floor(systemRandom.fraction() * 6), () => socket.write(answer(200))),
  ).listen();
}

function assertInOrder(receiver: ScriptedReceiver, last: number, webhooks: number): void {
  const seen = new Map<string, number[]>();
  for (const { lane, sequence } of receiver.requests.map(pushOf)) seen.set(lane, [...(seen.get(lane) ?? []), sequence]);
  const wanted = Array.from({ length: last }, (_, index) => index + 1);
  for (const [lane, sequences] of seen) {
    if (webhooks === 1) assert.deepEqual(sequences, wanted, lane);
    // Two webhooks come in at one receiver: each in order, one beside the other.
    else
      assert.deepEqual(
        sequences.toSorted((one, other) => one - other),
        wanted.flatMap((one) => [one, one]),
        lane,
      );
  }
}

function assertOnceAndRising(receiver: ScriptedReceiver): void {
  const last = new Map<string, number>();
  for (const { lane, sequence } of receiver.requests.map(pushOf)) {
    assert.ok(sequence > (last.get(lane) ?? 0), `${lane}: ${sequence} after ${last.get(lane)}`);
    last.set(lane, sequence);
  }
}
