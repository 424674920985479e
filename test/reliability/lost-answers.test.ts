import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { DatabaseFailure } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres/open.ts';
import { createFanOut } from '../../src/delivery/fan-out.ts';
import { insertDeliveries } from '../../src/delivery/store/delivery-store.ts';
import { appendEvents } from '../../src/events/event-store.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { hasPostgres } from '../support/databases.ts';
import { testEvent, type TestWebhooks } from '../support/deliveries.ts';
import { createCluster, type TestNode } from '../support/delivery-cluster.ts';
import { pushOf, quiet, to } from '../support/dispatcher-harness.ts';
import { shareOfMachine } from '../support/machine.ts';
import { answer, ScriptedReceiver } from '../support/scripted-receiver.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };
/** A look at the heads of lanes comes once a second. */
const foundMaxMs = 2_000;
/** Longer than a connection takes to be refused, and shorter than a lease. */
const cutMs = 400;
/** The statement of a change that claims its own pushes. */
const claimingAtBirth = 'insert into "delivery" (delivery_id';
type Cluster = Awaited<ReturnType<typeof createCluster>>;
const lanes = Array.from({ length: 20 }, (_, index) => `lane${index}`);

for (const [beside, join] of [
  ['with another node', (cluster: Cluster) => cluster.join()],
  ['with no other node', () => undefined],
] as const) {
  test(
    `an event whose commit was not answered goes out once, though its sender got no answer, ${beside}`,
    only,
    async () => {
      await using receiver = await soundly();
      await using cluster = await createCluster(inBothModes(receiver));
      const { proxy, url } = await TcpProxy.before(cluster.url);
      const node = await cluster.join({ url });
      const nodes = [node, await join(cluster)].filter((one) => one !== undefined);
      await until(async () =>
        (await Promise.all(nodes.map((one) => one.held()))).every((held) => held === 64 / nodes.length),
      );
      proxy.loseCommitAfter('insert into "delivery"');
      await assert.rejects(node.happen(lanes.map((lane) => testEvent(lane, 1))), isUnavailable);
      const begun = systemClock.monotonic();
      await cluster.ended(40);
      assert.ok(systemClock.monotonic() - begun < foundMaxMs * shareOfMachine());
      assert.equal(proxy.lost, 1);
      assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 40 }, 40]);
      await cluster.close();
      await proxy.close();
    },
  );
}

for (const [name, text] of [
  [
    'a claim whose commit was not answered is never sent under, and given back when it is certain',
    `state = 'sending', attempt`,
  ],
  ['a result whose commit was not answered is written once, and nothing is sent again', '"response_body" ='],
] as const) {
  test(name, only, async () => {
    await using receiver = await soundly();
    await using cluster = await createCluster(inBothModes(receiver));
    const { proxy, url } = await TcpProxy.before(cluster.url);
    const node = await cluster.join({ url });
    proxy.loseCommitAfter(text);
    await node.happen([testEvent('a', 1), testEvent('a', 2)]);
    await cluster.ended(4);
    assert.equal(proxy.lost, 1);
    const sequences = receiver.requests.map((request) => pushOf(request).sequence);
    assert.deepEqual(
      sequences.toSorted((one, other) => one - other),
      [1, 1, 2, 2],
    );
    assert.deepEqual([await cluster.states(), await cluster.attempts()], [{ delivered: 4 }, 4]);
    await cluster.close();
    await proxy.close();
  });
}

for (const [how, lose] of [
  ['was not answered', (proxy: TcpProxy) => Promise.resolve(proxy.loseCommitAfter(claimingAtBirth))],
  ['is answered late', (proxy: TcpProxy) => proxy.holdCommitAfter(claimingAtBirth)],
] as const) {
  test(`a change that claims its own pushes and whose commit ${how}: each goes out once, and soon`, only, async () => {
    await using receiver = await soundly();
    await using cluster = await createCluster(inBothModes(receiver));
    const { proxy, url } = await TcpProxy.before(cluster.url);
    const node = await cluster.join({ url });
    await node.happen([testEvent('first', 1)]);
    await cluster.ended(2);
    const lost = lose(proxy);
    const change = node.happen([testEvent('a', 1), testEvent('a', 2)]).catch((error: unknown) => error);
    await lost;
    if (how === 'is answered late') {
      await quiet(cutMs);
      proxy.cut();
      await quiet(cutMs);
      proxy.mend();
    }
    assert.ok(isUnavailable(await change));
    // Long before the claims would be taken for stuck.
    await cluster.ended(6);
    assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 6 }, 6]);
    await cluster.close();
    await proxy.close();
  });
}

for (const [when, goes] of [
  [
    'when another node takes the lane over',
    async (cluster: Cluster, node: TestNode) => {
      await cluster.join();
      await until(async () => (await node.held()) === 32);
    },
  ],
  [
    'when its node leaves',
    async (cluster: Cluster, node: TestNode) => {
      await cluster.join();
      void node.leave();
      await until(async () => (await node.held()) === 0);
    },
  ],
] as const) {
  test(`a claim whose commit was not answered is given back, and not taken for sent, ${when}`, only, async () => {
    await using receiver = await soundly();
    await using cluster = await createCluster(inBothModes(receiver));
    const { proxy, url } = await TcpProxy.before(cluster.url);
    const node = await cluster.join({ url });
    const held = proxy.holdCommitAfter(`state = 'sending', attempt`);
    await node.happen(lanes.map((lane) => testEvent(lane, 1)));
    await held;
    await goes(cluster, node);
    proxy.cut();
    // The claim is given up for lost, and so is the first try to give it back.
    await quiet(cutMs);
    proxy.mend();
    await cluster.ended(40);
    assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 40 }, 40]);
    await cluster.close();
    await proxy.close();
  });
}

test(
  'when the connections that listen are ended, what is committed meanwhile is found, and they are made again',
  only,
  async () => {
    await using receiver = await soundly();
    await using cluster = await createCluster([to(receiver)]);
    const [node, other] = [await cluster.join(), await cluster.join()];
    await until(async () => (await node.held()) === 32 && (await other.held()) === 32);
    const ended = await endListeners(cluster.url);
    assert.equal(ended, 2);
    const begun = systemClock.monotonic();
    await node.happen(lanes.map((lane) => testEvent(lane, 1)));
    await cluster.ended(20);
    assert.ok(systemClock.monotonic() - begun < foundMaxMs * shareOfMachine());
    await until(async () => (await countListeners(cluster.url)) === 2);
    await node.happen(lanes.map((lane) => testEvent(lane, 2)));
    await cluster.ended(40);
    assert.equal(receiver.requests.length, 40);
  },
);

test(
  'events with early ids that are committed late, by a process that dies then, go out as well, each once',
  only,
  async () => {
    await using receiver = await soundly();
    await using cluster = await createCluster([to(receiver)]);
    const nodes = [await cluster.join(), await cluster.join()];
    await until(async () => (await nodes[1]?.held()) === 32);
    await using writers = await dyingWriters(cluster.url, cluster.webhooks);
    // Two transactions get their ids one after the other, and are committed in the opposite order.
    const open = [];
    for (const name of ['first', 'second']) {
      open.push(await writers.begin(lanes.map((lane) => testEvent(`${name} ${lane}`, 1))));
    }
    let committed = 0;
    for (const transaction of open.toReversed()) {
      await transaction.commit();
      committed += lanes.length;
      await cluster.ended(committed);
    }
    assert.deepEqual(await cluster.states(), { delivered: 40 });
    const sent = receiver.requests.map((request) => pushOf(request).lane);
    assert.deepEqual([sent.length, new Set(sent).size], [40, 40]);
    // The rows do lie in the order in which they were made, so the test is about what it says.
    assert.ok(sent[0]?.startsWith('second'));
  },
);

/** Transactions of a process that tells nobody of what it commits. */
async function dyingWriters(url: string, webhooks: TestWebhooks) {
  const database = await openPostgres({ url, clock: systemClock, timers: systemTimers, poolMax: 4 });
  const ids = systemIds(systemClock, systemRandom);
  const fanOut = createFanOut({
    webhooks,
    ids,
    clock: systemClock,
    at: noCrashPoints,
    handOff: { enqueue() {}, resume() {} },
    births: {
      begin: (tx) => ({
        async insert(made, endpointOf) {
          const deliveries = made.map(({ delivery }) => delivery);
          await insertDeliveries(tx, deliveries, endpointOf);
          return deliveries;
        },
      }),
    },
  });
  return {
    /** Resolves when everything is written and nothing is committed. */
    async begin(events: readonly Event[]): Promise<{ commit(): Promise<void> }> {
      const written = Promise.withResolvers<void>();
      const mayEnd = Promise.withResolvers<void>();
      const ended = database.transaction(async (tx) => {
        await appendEvents(tx, events);
        await fanOut.enqueueFor(tx, events);
        written.resolve();
        await mayEnd.promise;
      });
      await Promise.race([written.promise, ended]);
      return {
        commit() {
          mayEnd.resolve();
          return ended;
        },
      };
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

function soundly(): Promise<ScriptedReceiver & AsyncDisposable> {
  return new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
}

function inBothModes(receiver: ScriptedReceiver): Webhook[] {
  const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
  return [to(receiver), to(receiver, { mode: 'at_least_once', retry })];
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind === 'unavailable';
}

const listeners = `from pg_stat_activity where application_name = 'tocsin hints' and datname = current_database()`;

async function endListeners(url: string): Promise<number> {
  return (await rowsOf(url, `select pg_terminate_backend(pid) ${listeners}`)).length;
}

async function countListeners(url: string): Promise<number> {
  return (await rowsOf(url, `select pid ${listeners} and query like 'listen %'`)).length;
}

async function rowsOf(url: string, statement: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(statement)).rows;
  } finally {
    await client.end();
  }
}
