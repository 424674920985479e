import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { testEvent, testWebhook } from '../support/deliveries.ts';
import { createCluster, type TestNode } from '../support/delivery-cluster.ts';
import { pushOf, quiet, to } from '../support/dispatcher-harness.ts';
import { answer, ScriptedReceiver } from '../support/scripted-receiver.ts';
import { startPostgresPair, type PostgresPair } from '../support/standby.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const ports = { clock: systemClock, timers: systemTimers };
const lanes = ['a', 'b', 'c', 'd', 'e'];
const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
/** So short that a test can wait for several of them. */
const statementTimeoutMs = 200;
const severalTimeoutsMs = 1_000;

describe('a standby', () => {
  let pair: PostgresPair;

  before(async () => {
    pair = await startPair();
  });
  after(() => pair[Symbol.asyncDispose]());

  test('that is synchronous: while it is away nothing is sent, since a claim that it has not got could be lost', async () => {
    await using receiver = await soundly();
    const webhook = to(receiver);
    await using cluster = await createCluster([{ ...webhook, status: 'paused' }], pair.url);
    const node = await cluster.join({ statementTimeoutMs });
    await node.happen(lanes.map((lane) => testEvent(lane, 1)));
    await keepUp(pair.url, 'sync');
    pair.replication.cut();
    cluster.webhooks.set([webhook]);
    node.delivery.deliveries.resume(webhook.webhookId);
    await quiet(severalTimeoutsMs);
    assert.equal(receiver.connections, 0);
    pair.replication.mend();
    await cluster.ended(lanes.length);
    await keepUp(pair.url, 'async');
    assert.equal(receiver.requests.length, lanes.length);
  });

  test('that is not, and takes over: with --restored nothing is sent twice under at_most_once, and all of it again else', async () => {
    await using sent = await sentUnheard(pair, pair.url);
    await pair.failOver();
    await sent.cluster.close();
    await using cluster = await createCluster(sent.list, pair.standbyUrl);
    const node = await cluster.join({ restored: true });
    await assertGoesOn(sent, node);
  });
});

describe('a standby that is not synchronous and takes over, unannounced', () => {
  test('a node that starts on it sends nothing twice under at_most_once, and all of it again else', async () => {
    await using pair = await startPair();
    await using sent = await sentUnheard(pair, pair.url);
    await pair.failOver();
    await sent.cluster.close();
    await using cluster = await createCluster(sent.list, pair.standbyUrl);
    const node = await cluster.join();
    await assertGoesOn(sent, node);
    assert.deepEqual(await cluster.states(), { unknown: 5, delivered: 15 });
  });

  test('nodes that run and are led to it send nothing twice under at_most_once, and all of it again else', async () => {
    await using pair = await startPair();
    const { proxy, url } = await TcpProxy.before(pair.url);
    await using sent = await sentUnheard(pair, url, 2);
    await pair.failOver();
    proxy.leadTo(pair.standbyUrl);
    const [node] = sent.nodes;
    assert.ok(node);
    await until(async () => (await statesOf(sent.cluster)).unknown === 5);
    await assertGoesOn(sent, node);
    assert.deepEqual(await sent.cluster.states(), { unknown: 5, delivered: 15 });
    await sent.cluster.close();
    await proxy.close();
  });

  test('an attempt in flight ends as it ends, and its number occurs twice', async () => {
    await using pair = await startPair();
    const { proxy, url } = await TcpProxy.before(pair.url);
    const held: Socket[] = [];
    // A webhook that was never answered has one request in flight.
    const heldCount = 2;
    await using receiver = await new ScriptedReceiver((socket, { number }) => {
      if (number <= heldCount) held.push(socket);
      else socket.write(answer(200));
    }).listen();
    const list = modesAt(receiver).map((webhook): Webhook => ({ ...webhook, timeoutMs: 30_000 }));
    await using cluster = await createCluster(list.map(paused), url);
    const node = await cluster.join();
    await node.happen(lanes.map((lane) => testEvent(lane, 1)));
    await pair.caughtUp();
    pair.replication.cut();
    resume(cluster, node, list);
    await until(() => held.length === heldCount);
    await pair.failOver();
    proxy.leadTo(pair.standbyUrl);
    await until(async () => (await statesOf(cluster)).unknown === lanes.length);
    for (const socket of held) socket.write(answer(200));
    await cluster.ended(2 * lanes.length);
    assert.deepEqual(await cluster.states(), { unknown: lanes.length, delivered: lanes.length });
    assert.equal(receiver.requests.length, heldCount + lanes.length);
    // An at-most-once attempt in flight is late, and each at-least-once delivery has one.
    assert.equal(await cluster.attempts(), 1 + lanes.length);
    await cluster.close();
    await proxy.close();
  });
});

test('a server that only starts again is the same one: nothing becomes unknown that was not in flight', async () => {
  await using pair = await startPair();
  await using receiver = await soundly();
  const list = modesAt(receiver);
  await using cluster = await createCluster(list.map(paused), pair.url);
  const node = await cluster.join();
  await node.happen(lanes.map((lane) => testEvent(lane, 1)));
  await pair.restart();
  await until(async () => (await statesOf(cluster)).pending === 2 * lanes.length);
  resume(cluster, node, list);
  await cluster.ended(2 * lanes.length);
  assert.deepEqual(await cluster.states(), { delivered: 2 * lanes.length });
  assert.equal(receiver.requests.length, 2 * lanes.length);
});

type Cluster = Awaited<ReturnType<typeof createCluster>>;

async function startPair(): Promise<PostgresPair> {
  const pair = await startPostgresPair();
  await (await openDatabase({ url: pair.url, folder: '', ...ports })).close();
  return pair;
}

/** One webhook for each mode. */
function modesAt({ port }: ScriptedReceiver): [Webhook, Webhook] {
  const endpoint = (name: string) => `http://127.0.0.1:${port}/${name}`;
  return [
    testWebhook({ endpoint: endpoint('once') }),
    testWebhook({ endpoint: endpoint('repeated'), mode: 'at_least_once', retry }),
  ];
}

function paused(webhook: Webhook): Webhook {
  return { ...webhook, status: 'paused' };
}

function resume(cluster: Cluster, node: TestNode | undefined, list: readonly Webhook[]): void {
  cluster.webhooks.set(list);
  for (const { webhookId } of list) node?.delivery.deliveries.resume(webhookId);
}

/** The second event of each lane was sent, and the standby has heard neither that it was claimed nor that it was delivered. */
async function sentUnheard(pair: PostgresPair, url: string, nodesCount = 1) {
  const receiver = await soundly();
  const list = modesAt(receiver);
  const cluster = await createCluster(list.map(paused), url);
  const nodes: TestNode[] = [];
  for (let count = 0; count < nodesCount; count += 1) nodes.push(await cluster.join());
  await until(async () =>
    (await Promise.all(nodes.map((node) => node.held()))).every((held) => held * nodesCount === 64),
  );
  const [node] = nodes;
  await node?.happen(lanes.map((lane) => testEvent(lane, 2)));
  await pair.caughtUp();
  pair.replication.cut();
  resume(cluster, node, list);
  await until(async () => receiver.requests.length === 2 * lanes.length && (await openOf(cluster)) === 0);
  return {
    receiver,
    list,
    cluster,
    nodes,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

interface Sent {
  readonly receiver: ScriptedReceiver;
  readonly list: readonly [Webhook, Webhook];
}

/** Nothing again for one webhook, all of it again for the other, and then what happens next for both, in order. */
async function assertGoesOn({ receiver, list }: Sent, node: TestNode): Promise<void> {
  await node.happen(lanes.map((lane) => testEvent(lane, 3)));
  await until(() => receiver.requests.length >= 5 * lanes.length);
  await quiet(300);
  const [once, repeated] = list.map((webhook) =>
    lanes.map((lane) =>
      receiver.requests.flatMap((request) => {
        const push = pushOf(request);
        return push.lane === lane && request.head.includes(new URL(webhook.endpoint).pathname) ? [push.sequence] : [];
      }),
    ),
  );
  assert.deepEqual([once, repeated], [lanes.map(() => [2, 3]), lanes.map(() => [2, 2, 3])]);
}

async function openOf(cluster: Cluster): Promise<number> {
  const { pending = 0, sending = 0, retry_wait: resting = 0 } = await cluster.states();
  return pending + sending + resting;
}

/** Empty while the server is away. */
async function statesOf(cluster: Cluster): Promise<Record<string, number>> {
  return cluster.states().catch(() => ({}));
}

function soundly(): Promise<ScriptedReceiver & AsyncDisposable> {
  return new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
}

/** Whether commits wait for the standby; resolves when it is so. */
async function keepUp(url: string, state: 'sync' | 'async'): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`alter system set synchronous_standby_names = '${state === 'sync' ? 'standby' : ''}'`);
    await client.query('select pg_reload_conf()');
    await until(async () => {
      const { rows } = await client.query<{ sync_state: string }>('select sync_state from pg_stat_replication');
      return rows[0]?.sync_state === state;
    });
  } finally {
    await client.end();
  }
}
