import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { temporaryFolder } from '../counterparts/program.ts';
import { startReceiverProcess } from '../counterparts/receiver-process.ts';
import type { ReceiverProcess } from '../counterparts/receiver-process.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { isInterrupted } from './evidence.ts';
import type { HistoryItem, Target } from './evidence.ts';

/** What must have become of the one delivery that the process died with, once the service runs again. */
interface Expected {
  readonly point: CrashPoint;
  /** The rows of the fault matrix that it stands for. */
  readonly because: string;
  /** No answer came and nothing was kept, so the sender sends again. */
  readonly unborn?: true;
  /** Passed by the first push of a life alone: those after it are claimed with their changes. */
  readonly firstOnly?: true;
  /** Requests that the receiver saw, in all, of each mode. */
  readonly requests: Readonly<Record<Target['mode'], number>>;
  /** What the history says of it under at_most_once. */
  readonly end: 'delivered' | 'unknown';
  /** The starts after it that die at their recovery. */
  readonly deadStarts?: number;
}

const once = { at_most_once: 1, at_least_once: 1 };
const neverOrLater = { at_most_once: 0, at_least_once: 1 };
const onceOrAgain = { at_most_once: 1, at_least_once: 2 };

const table: readonly Expected[] = [
  {
    point: 'fanout.before-insert',
    because: 'the change was not committed, so it never was',
    unborn: true,
    requests: once,
    end: 'delivered',
  },
  {
    point: 'fanout.before-commit',
    because: 'neither the change nor its claim was committed',
    unborn: true,
    requests: once,
    end: 'delivered',
  },
  {
    point: 'claim.before-commit',
    because: 'nothing was claimed, so it still waits',
    firstOnly: true,
    requests: once,
    end: 'delivered',
  },
  { point: 'send.after-claim', because: 'it may have been sent', requests: neverOrLater, end: 'unknown' },
  { point: 'send.before-connect', because: 'it may have been sent', requests: neverOrLater, end: 'unknown' },
  { point: 'send.before-write', because: 'it may have been sent', requests: neverOrLater, end: 'unknown' },
  { point: 'send.after-response', because: 'its 2xx was not written down', requests: onceOrAgain, end: 'unknown' },
  { point: 'settle.before-commit', because: 'its 2xx was not committed', requests: onceOrAgain, end: 'unknown' },
  {
    point: 'recover.mid',
    because: 'to recover again changes nothing',
    requests: neverOrLater,
    end: 'unknown',
    deadStarts: 3,
  },
];

/**
 * On which passes of the point the process dies, each in a separate life. The first push of a life is claimed after its
 * change, because its receiver has not answered yet; those after it are claimed with their changes.
 */
const hits = {
  sqlite: [
    { mode: 'at_most_once', pass: 1 },
    { mode: 'at_most_once', pass: 3 },
    { mode: 'at_least_once', pass: 2 },
  ],
  postgres: [
    { mode: 'at_most_once', pass: 2 },
    { mode: 'at_least_once', pass: 1 },
  ],
} as const;

const pointsOfThreads: ReadonlySet<CrashPoint> = new Set([
  'send.before-connect',
  'send.before-write',
  'send.after-response',
]);

/** How long anything may take, on a machine that is busy with other things. */
const waitMaxMs = 40_000;
const pollMs = 10;

describe('a process that dies at a crash point', { concurrency: 3, timeout: 600_000 }, () => {
  for (const database of ['sqlite', 'postgres'] as const) {
    for (const { mode, pass } of hits[database]) {
      // They wait most of the time, so each has its own service beside the others'.
      describe(`on ${database}, pass ${pass}, ${mode}`, { concurrency: 1 }, () => {
        let rig: Rig;
        before(async () => (rig = await startRig(database)));
        after(() => rig.stop());
        for (const expected of table) {
          const at = { mode, pass: expected.firstOnly === true ? 1 : pass };
          test(`at ${expected.point}: ${expected.because}`, () => dieAndLookAfter(rig, expected, at));
        }
      });
    }
  }
  describe('on sqlite, with a thread that sends', { concurrency: 1 }, () => {
    let rig: Rig;
    before(async () => (rig = await startRig('sqlite', { TOCSIN_EGRESS_THREADS: '1' })));
    after(() => rig.stop());
    for (const expected of table.filter(({ point }) => pointsOfThreads.has(point))) {
      for (const at of [
        { mode: 'at_most_once', pass: 2 },
        { mode: 'at_least_once', pass: 1 },
      ] as const) {
        test(`at ${expected.point}, ${at.mode}: ${expected.because}`, () => dieAndLookAfter(rig, expected, at));
      }
    }
  });
});

/** Held in PostgreSQL by a lease, which would otherwise have to run out first: ten seconds in which nothing is sent. */
test('the next process on the same folder has all shards of the killed one before it listens', async () => {
  const rig = await startRig('postgres');
  try {
    await rig.start({});
    const printed = rig.service.logs.length;
    await rig.start({});
    const taken = rig.service.logs.slice(printed).filter((line) => line.includes('"event":"shards.taken"'));
    const [first] = taken.map((line) => JSON.parse(line) as { held: number; nodes: number });
    assert.deepEqual([first?.held, first?.nodes], [64, 1]);
  } finally {
    await rig.stop();
  }
});

/**
 * A separate lane: pushes before the deadly one, the deadly one, and one after it when the service runs again. One at
 * a time, so that the n-th pass of a point is the n-th push's.
 */
async function dieAndLookAfter(
  rig: Rig,
  { point, unborn, requests, end, deadStarts = 0 }: Expected,
  { mode, pass }: { mode: Target['mode']; pass: number },
): Promise<void> {
  const lane = rig.lane(mode, `${point} ${pass}`);
  await rig.start({ TOCSIN_TEST_CRASH: `${deadStarts === 0 ? point : 'send.after-claim'}:${pass}` });
  for (let number = 1; number < pass; number += 1) {
    assert.equal(await lane.push(number), 200);
    await lane.settled(number);
  }
  const status = await lane.push(pass);
  assert.equal(await rig.service.ended(), 'SIGKILL');
  if (unborn) assert.equal(status, undefined, 'what was not committed must not be acknowledged');
  for (let dead = 1; dead <= deadStarts; dead += 1) {
    await assert.rejects(rig.service.restart({ TOCSIN_TEST_CRASH: point }), /the service ended with SIGKILL/);
  }

  await rig.start({});
  if (unborn) assert.equal(await lane.push(pass), 200);
  assert.equal(await lane.push(pass + 1), 200);
  const records = await lane.settled(pass + 1);

  const victimUnknown = mode === 'at_most_once' && end === 'unknown';
  assert.deepEqual(
    records.map((record) => (isInterrupted(record) ? 'unknown' : record.status)),
    records.map((_, index) => (index + 1 === pass && victimUnknown ? 'unknown' : 'success')),
  );
  const expectedWire = records.flatMap((_, index) =>
    Array.from({ length: index + 1 === pass ? requests[mode] : 1 }, () => index + 1),
  );
  assert.deepEqual(lane.wire(), expectedWire, 'the sequences that the receiver saw, in this order');
}

interface Lane {
  /** The status, or undefined when the service died before it answered. */
  push(number: number): Promise<number | undefined>;
  /** The records of all its deliveries, in order, as soon as there are so many and the last was delivered. */
  settled(count: number): Promise<HistoryItem[]>;
  /** The sequence of each request that arrived, even of those that arrived in part. */
  wire(): number[];
}

interface Rig {
  readonly service: Service;
  /** Ends the life that runs, if one does, and begins the next. */
  start(env: Readonly<Record<string, string>>): Promise<void>;
  lane(mode: Target['mode'], alertKey: string): Lane;
  stop(): Promise<void>;
}

interface Route {
  readonly path: string;
  readonly webhookId: number;
  readonly integrationKey: string;
}

async function startRig(database: 'sqlite' | 'postgres', env: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('crash-points');
  stack.defer(() => folder.remove());
  const empty = database === 'postgres' ? stack.use(await emptyPostgres('crash_points')) : undefined;
  const receiver = await startReceiverProcess(join(folder.path, 'wire.log'), 1);
  stack.defer(() => receiver.stop());
  const service = await startService({
    database,
    folder: join(folder.path, 'data'),
    env: { ...env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') },
    ...(empty === undefined ? {} : { databaseUrl: empty.url }),
  });
  stack.defer(() => service.kill('SIGKILL'));
  const routes = {
    at_most_once: await route(service, receiver.url, 'at_most_once'),
    at_least_once: await route(service, receiver.url, 'at_least_once'),
  };
  // In good order, so that what it compiled is kept for the many lives to come.
  await service.stop();
  return {
    service,
    async start(env) {
      await service.kill('SIGKILL');
      await service.restart(env);
    },
    lane: (mode, alertKey) => laneOn(service, receiver, routes[mode], alertKey),
    stop: () => stack.disposeAsync(),
  };
}

/** A channel for each mode, so that one push makes one delivery. */
async function route(service: Service, receiverUrl: string, mode: Target['mode']): Promise<Route> {
  const { channel_id } = await service.api('/channel/create', { channel_name: mode });
  const source = await service.api('/integration/create', { name: mode, type: 'standard', channel_id });
  const path = `/once/${mode}`;
  const webhook = await service.api('/webhook/create', {
    type: 'alert',
    name: mode,
    endpoint: receiverUrl + path,
    channel_ids: [channel_id],
    delivery_mode: mode,
    timeout_ms: 5_000,
  });
  return {
    path,
    webhookId: Number(webhook['integration_id']),
    integrationKey: String(source['integration_key']),
  };
}

function laneOn(
  service: Service,
  receiver: ReceiverProcess,
  { path, webhookId, integrationKey }: Route,
  key: string,
): Lane {
  const own = () =>
    receiver.log().flatMap((record) => {
      const isOwn = record.kind === 'request' && record.path === path && alertOf(record.body).alert_key === key;
      return isOwn ? [{ ...record, sequence: Number(record.headers['tocsin-sequence']) }] : [];
    });
  const torn = () => receiver.log().filter((record) => record.kind === 'torn');
  return {
    async push(number) {
      const severity = ['Info', 'Warning', 'Critical'][number % 3];
      const body = { title_rule: key, event_status: severity, alert_key: key, description: `push ${number}` };
      const answer = await service.push('standard', integrationKey, body).catch(() => undefined);
      return answer?.status;
    },
    settled: (count) =>
      until(`${count} records of ${key}`, async () => {
        const alertId = alertOf(own()[0]?.body ?? '{}').alert_id;
        if (alertId === undefined) return undefined;
        const records = (await readHistory(service, webhookId)).filter((item) => item.ref_id === alertId);
        return records.length >= count && records.at(-1)?.status === 'success' ? records : undefined;
      }),
    wire() {
      assert.deepEqual(torn(), [], 'a push of a few hundred bytes arrives in one piece or not at all');
      return own().map((one) => one.sequence);
    },
  };
}

function alertOf(body: string): { alert_id?: string; alert_key?: string } {
  return (JSON.parse(body) as { alert?: { alert_id: string; alert_key: string } }).alert ?? {};
}

/** The newest page: far more than one lane has. */
async function readHistory(service: Service, webhookId: number): Promise<HistoryItem[]> {
  const now = Date.now();
  const { items } = await service.api('/webhook/history/list', {
    integration_id: webhookId,
    start_time: now - 3_600_000,
    end_time: now + 60_000,
    limit: 100,
  });
  return (items as HistoryItem[]).toSorted((a, b) => Date.parse(a.event_time) - Date.parse(b.event_time));
}

async function until<Result>(what: string, look: () => Result | Promise<Result>): Promise<NonNullable<Result>> {
  const deadline = performance.now() + waitMaxMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${waitMaxMs} ms in vain for ${what}`);
    await sleep(pollMs);
  }
}
