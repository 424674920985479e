import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../counterparts/program.ts';
import { seeded, startReceiverProcess, type ReceiverProcess } from '../counterparts/receiver-process.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService, type Service } from '../support/service.ts';

const leaseSeconds = 2;
const workers = 4;
const alertsPerWorker = 3;
const drainMaxMs = 60_000;
/** Requests of one webhook in flight on one node. */
const maxInFlight = 8;
const paths = { once: '/slow/at-most-once', repeated: '/slow/at-least-once' } as const;

describe('several nodes on one PostgreSQL', () => {
  test('every event goes out, in order, at most once where that is asked, while nodes are killed, paused and drained', async () => {
    await using cluster = await startCluster(3, 1);
    const load = startLoad(cluster.nodes, cluster.integrationKey, 1);
    const [one, two, three] = cluster.nodes;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    await sleep(1_000);
    await one.kill('SIGKILL');
    await sleep(500);
    await one.restart();
    await sleep(1_000);
    signal(two, 'SIGSTOP');
    await sleep(leaseSeconds * 1_000 + 2_000);
    signal(two, 'SIGCONT');
    await sleep(1_000);
    await three.stop();
    await sleep(500);
    await three.restart();
    await two.kill('SIGKILL');
    // Nobody is back in its place: others wait for its leases to end.
    await sleep(leaseSeconds * 1_000 + 1_500);
    signal(three, 'SIGSTOP');
    await sleep(300);
    signal(three, 'SIGCONT');
    await sleep(500);
    await load.stop();
    await cluster.drain(load.acknowledged);
    const { receiver } = cluster;
    assertOrder(receiver);
    assertOnce(receiver);
    const pushed = new Set(pushesTo(receiver, paths.repeated).map(({ description }) => description));
    const forgotten = load.acknowledged.filter((description) => !pushed.has(description));
    assert.deepEqual(forgotten, [], 'acknowledged and never delivered');
    const once = new Set(pushesTo(receiver, paths.once).map(({ description }) => description));
    const missed = load.acknowledged.filter((description) => !once.has(description));
    // Two were killed and one was paused for longer than its lease.
    assert.ok(missed.length <= 3 * maxInFlight, `${missed.length} of ${load.acknowledged.length} were not delivered`);
    assert.ok(load.acknowledged.length > 100, `only ${load.acknowledged.length} were acknowledged`);
  });

  for (const point of ['send.after-response', 'recover.mid'] as const) {
    test(`a node that dies at ${point} costs no order and no second request`, async () => {
      await using cluster = await startCluster(2, 2);
      const [one] = cluster.nodes;
      const load = startLoad(cluster.nodes, cluster.integrationKey, 2);
      await one?.kill('SIGKILL');
      await one?.restart({ TOCSIN_TEST_CRASH: `${point}:2` }).catch(() => {});
      // It may have died before it listened.
      await Promise.race([one?.ended(), sleep(5_000)]);
      await one?.kill('SIGKILL');
      await one?.restart();
      await load.stop();
      await cluster.drain(load.acknowledged);
      assertOrder(cluster.receiver);
      assertOnce(cluster.receiver);
    });
  }

  for (const point of ['send.before-connect', 'send.before-write'] as const) {
    test(`a node that is paused at ${point} for longer than its lease sends nothing under it any more`, async () => {
      await using cluster = await startCluster(2, 4, { timeoutMs: 30_000, modes: ['at_most_once'] });
      const [paused, other] = cluster.nodes;
      assert.ok(paused !== undefined && other !== undefined);
      await paused.stop();
      await paused.restart({ TOCSIN_TEST_CRASH: `${point}:1:stop` });
      await untilHolds(other, 32);
      // All to the other node, so that the paused one is only missed as a sender.
      const titles = Array.from({ length: 12 }, (_, index) => `alert ${index}`);
      const push = async (from: number) => {
        const answers = titles.map((title, index) =>
          other.push('standard', cluster.integrationKey, report(title, from + index)),
        );
        for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
      };
      await push(1);
      // It holds half of the shards and paused at its first request; what it had claimed becomes unknown.
      await untilHolds(other, 64);
      await push(101);
      await push(201);
      await sleep(1_000);
      const before = pushesTo(cluster.receiver, paths.once);
      signal(paused, 'SIGCONT');
      await untilHolds(other, 32);
      await push(301);
      await cluster.drain(
        titles.map((_, index) => `push ${301 + index}`),
        paths.once,
      );
      assertOnce(cluster.receiver);
      assertOrder(cluster.receiver);
      const late = pushesTo(cluster.receiver, paths.once)
        .slice(before.length)
        .filter(({ description }) => !description.startsWith('push 3'));
      assert.deepEqual(late, [], 'sent after the pause, under a lease that was over');
      assert.ok(before.length < 36, 'nothing was in its hands when it was paused');
    });
  }

  test('the same pushes bring the same requests in each lane with one, two and three nodes', async () => {
    const wires: string[][] = [];
    for (const count of [1, 2, 3]) {
      await using cluster = await startCluster(count, 3);
      for (let number = 1; number <= 60; number += 1) {
        const node = cluster.nodes[number % count];
        const answer = await node?.push('standard', cluster.integrationKey, report(`alert ${number % 7}`, number));
        assert.equal(answer?.status, 200);
      }
      await cluster.drain(Array.from({ length: 60 }, (_, index) => `push ${index + 1}`));
      const lanes = Map.groupBy(pushesTo(cluster.receiver, paths.once), ({ title }) => title);
      wires.push(
        [...lanes]
          .map(
            ([title, pushes]) => `${title}: ${pushes.map((push) => `${push.sequence} ${push.description}`).join(', ')}`,
          )
          .sort(),
      );
    }
    assert.deepEqual(wires[1], wires[0]);
    assert.deepEqual(wires[2], wires[0]);
  });
});

interface Cluster extends AsyncDisposable {
  readonly nodes: readonly Service[];
  readonly receiver: ReceiverProcess;
  readonly integrationKey: string;
  /** Resolves when all that was acknowledged has come and the wire is quiet. */
  drain(acknowledged: readonly string[], path?: string): Promise<void>;
}

interface ClusterOptions {
  /** Of the at-most-once webhook. */
  readonly timeoutMs?: number;
  /** A webhook for each. */
  readonly modes?: readonly Mode[];
}

type Mode = 'at_most_once' | 'at_least_once';

async function startCluster(count: number, seed: number, options: ClusterOptions = {}): Promise<Cluster> {
  const { timeoutMs = 1_000, modes = ['at_most_once', 'at_least_once'] } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('several-nodes');
  stack.defer(() => folder.remove());
  const database = stack.use(await emptyPostgres('several_nodes'));
  const receiver = await startReceiverProcess(join(folder.path, 'wire.log'), seed);
  stack.defer(() => receiver.stop());
  const env = {
    TOCSIN_SECRET_KEY: randomBytes(32).toString('base64'),
    TOCSIN_LEASE_SECONDS: String(leaseSeconds),
  };
  const nodes: Service[] = [];
  for (let number = 1; number <= count; number += 1) {
    const node = await startService({
      folder: join(folder.path, `node${number}`),
      database: 'postgres',
      databaseUrl: database.url,
      env,
    });
    stack.defer(() => node.kill('SIGKILL'));
    nodes.push(node);
  }
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster needs a node');
  const { team_id } = await first.api('/team/upsert', { team_name: 'several' });
  const { channel_id } = await first.api('/channel/create', { channel_name: 'several', team_id });
  const { integration_key } = await first.api('/integration/create', { name: 'one', type: 'standard', channel_id });
  for (const mode of modes) {
    const path = mode === 'at_most_once' ? paths.once : paths.repeated;
    await first.api('/webhook/create', {
      type: 'alert',
      name: path,
      endpoint: `${receiver.url}${path}`,
      delivery_mode: mode,
      timeout_ms: mode === 'at_most_once' ? timeoutMs : 10_000,
      max_in_flight: maxInFlight,
    });
  }
  const started = stack.move();
  return {
    nodes,
    receiver,
    integrationKey: String(integration_key),
    drain: (acknowledged, path = paths.repeated) => drain(receiver, acknowledged, path),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function drain(receiver: ReceiverProcess, acknowledged: readonly string[], path: string): Promise<void> {
  const deadline = performance.now() + drainMaxMs;
  for (let length = -1; performance.now() < deadline;) {
    const log = receiver.log();
    const come = new Set(pushesTo(receiver, path).map(({ description }) => description));
    if (log.length === length && acknowledged.every((description) => come.has(description))) return;
    length = log.length;
    await sleep(1_500);
  }
  // The checks name missing pushes.
}

/** Pushes to whichever node answers, each worker to its own alerts, one after the other. */
function startLoad(nodes: readonly Service[], integrationKey: string, seed: number) {
  const random = seeded(seed);
  const acknowledged: string[] = [];
  const load = { running: true };
  let number = 0;
  const work = async (worker: number) => {
    while (load.running) {
      number += 1;
      const body = report(`worker ${worker} alert ${Math.floor(random() * alertsPerWorker)}`, number);
      const node = nodes[Math.floor(random() * nodes.length)];
      // A node that is paused answers when it goes on again.
      const answer = await Promise.race([
        node?.push('standard', integrationKey, body).catch(() => undefined),
        sleep(1_000).then(() => undefined),
      ]);
      if (answer?.status === 200) acknowledged.push(body.description);
      await sleep(random() * 60);
    }
  };
  const all = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return {
    acknowledged,
    async stop(): Promise<void> {
      load.running = false;
      await all;
    },
  };
}

function report(alertKey: string, number: number) {
  // A change of severity each time: a repetition of the same would be no event.
  const status = ['Critical', 'Warning', 'Info'][number % 3];
  return { title_rule: alertKey, event_status: status, alert_key: alertKey, description: `push ${number}` };
}

async function untilHolds(node: Service, shards: number): Promise<void> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline;) {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    if (new RegExp(`^tocsin_shards_held ${shards}$`, 'm').test(text)) return;
    await sleep(50);
  }
  throw new Error(`the node did not come to hold ${shards} shards`);
}

function signal(service: Service, name: 'SIGSTOP' | 'SIGCONT'): void {
  if (service.pid !== undefined) process.kill(service.pid, name);
}

interface Pushed {
  readonly eventId: string;
  readonly entityId: string;
  readonly sequence: number;
  readonly title: string;
  readonly description: string;
}

function pushesTo(receiver: ReceiverProcess, path: string): Pushed[] {
  return receiver.log().flatMap((record) => {
    if (record.kind !== 'request' || record.path !== path) return [];
    const { alert } = JSON.parse(record.body) as {
      alert: { alert_id: string; title: string; description: string };
    };
    return [
      {
        eventId: record.headers['webhook-id'] ?? '',
        entityId: alert.alert_id,
        sequence: Number(record.headers['tocsin-sequence']),
        title: alert.title,
        description: alert.description,
      },
    ];
  });
}

function assertOnce(receiver: ReceiverProcess): void {
  const ids = pushesTo(receiver, paths.once).map(({ eventId }) => eventId);
  assert.equal(ids.length, new Set(ids).size, 'an event was sent twice at most once');
}

/** Rising in each lane; the same again only where it may be repeated. */
function assertOrder(receiver: ReceiverProcess): void {
  for (const path of Object.values(paths)) {
    const last = new Map<string, number>();
    for (const { entityId, sequence } of pushesTo(receiver, path)) {
      const before = last.get(entityId) ?? 0;
      const inOrder = path === paths.once ? sequence > before : sequence >= before;
      assert.ok(inOrder, `${path} ${entityId}: ${sequence} after ${before}`);
      last.set(entityId, sequence);
    }
  }
}
