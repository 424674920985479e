import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseFile, openDatabase } from '../../src/database/open.ts';
import { payloadOf } from '../../src/events/stored-payload-store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { seeded, startReceiverProcess } from '../counterparts/receiver-process.ts';
import type { ReceiverProcess } from '../counterparts/receiver-process.ts';
import { until } from '../support/until.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { describe } from './generator.ts';
import { durableBytes, findHaste, readTrace, tracedCalls } from './trace.ts';

// A kill never shows a missing sync: the kernel keeps every written page. What a power cut would leave is seen in the system
// calls, and in a copy of the files from which what was not synced is cut off.

const needsStrace = { ...skipWithout(missingCommand('strace', 'strace')), timeout: 120_000 };
const pollMs = 10;
const waitMaxMs = 30_000;

test(
  'nothing is acknowledged or sent before it is durable: neither a 200 to the sender nor a request to the receiver',
  needsStrace,
  async () => {
    await using rig = await startRig();
    const pushes = 12;
    for (let number = 1; number <= pushes; number += 1) {
      assert.equal(await rig.push(number), 200);
      await rig.settled(number);
    }
    const steps = rig.trace();
    assert.deepEqual(findHaste(steps), []);
    for (const kind of ['pushed', 'dialled', 'requested'] as const) {
      assert.equal(steps.filter((step) => step.kind === kind).length, pushes, `${kind} steps in the trace`);
    }
  },
);

test(
  'a power cut at any moment loses no acknowledged push, and forgets no claim of a sent one',
  needsStrace,
  async (t) => {
    await using rig = await startRig();
    const random = seeded(1);
    const cuts = 8;
    let number = 0;
    let cutBytes = 0;
    const acknowledged: number[] = [];
    const loaded = new AbortController();
    const load = Array.from({ length: 6 }, async () => {
      while (!loaded.signal.aborted) {
        const own = (number += 1);
        if ((await rig.push(own)) === 200) acknowledged.push(own);
      }
    });
    try {
      for (let cut = 1; cut <= cuts; cut += 1) {
        await sleep(30 + random() * 150);
        // A busy machine takes longer for as many.
        await until(() => acknowledged.length >= cut * 3);
        const copy = await rig.cutPower(`cut-${cut}`, acknowledged, cut % 2 === 0 ? 0 : random());
        cutBytes += copy.cutBytes;
        const { descriptions, states } = await readCopy(copy.folder);
        const lost = copy.acknowledged.filter((own) => !descriptions.has(describe(own)));
        assert.deepEqual(lost, [], `acknowledged and lost at cut ${cut}`);
        const forgotten = copy.sent.filter((eventId) => (states.get(eventId) ?? 'pending') === 'pending');
        assert.deepEqual(forgotten, [], `sent at cut ${cut}, and it would be sent again`);
      }
    } finally {
      loaded.abort();
      await Promise.allSettled(load);
    }
    assert.ok(acknowledged.length >= cuts * 3, `only ${acknowledged.length} pushes were acknowledged`);
    t.diagnostic(`${acknowledged.length} acknowledged, ${cuts} cuts, ${cutBytes} bytes cut off`);
  },
);

interface Copy {
  readonly folder: string;
  /** The pushes acknowledged at that moment, and which events the receiver had seen. */
  readonly acknowledged: readonly number[];
  readonly sent: readonly string[];
  readonly cutBytes: number;
}

interface Rig extends AsyncDisposable {
  /** The status of the answer. */
  push(number: number): Promise<number>;
  /** Resolves when the results of so many deliveries are written. */
  settled(count: number): Promise<void>;
  trace(): ReturnType<typeof readTrace>;
  /**
   * Stops the world, copies the files, and cuts off the log what was not synced.
   * @param kept how much of that survives all the same, 0 = none, 1 = all.
   */
  cutPower(name: string, acknowledged: readonly number[], kept: number): Promise<Copy>;
}

/** The service under the eyes of strace, one webhook for all alerts, and a receiver that closes after each answer. */
async function startRig(): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const { path: folder, remove } = await temporaryFolder('power-loss');
  stack.defer(remove);
  const receiver = await startReceiverProcess(join(folder, 'wire.log'), 1);
  stack.defer(() => receiver.stop());
  const traceFile = join(folder, 'trace');
  const options = [
    '-D',
    '-f',
    '-qq',
    '-yy',
    '-s',
    '64',
    '--seccomp-bpf',
    '-o',
    traceFile,
    '-e',
    `trace=${tracedCalls}`,
  ];
  const data = join(folder, 'data');
  const service = await startService({
    folder: data,
    database: 'sqlite',
    command: ['strace', ...options, process.execPath, 'dist/tocsin.js', 'serve'],
  });
  stack.defer(() => service.kill('SIGKILL'));
  const { webhookId, integrationKey } = await furnish(service, receiver);
  const trace = () => readTrace(readFileSync(traceFile, 'utf8'), Number(new URL(receiver.url).port));
  return {
    trace,
    push: (number) => pushOne(service, integrationKey, number),
    settled: (count) => untilSettled(service, webhookId, count),
    async cutPower(name, acknowledged, kept) {
      const { pid } = service;
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGSTOP');
      // What it had written by then arrives, here and at the receiver.
      await sleep(50);
      try {
        const seen = { acknowledged: [...acknowledged], sent: eventsOf(receiver) };
        return { ...seen, ...copyAndCut(data, join(folder, name), durableBytes(trace()), kept) };
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function furnish(service: Service, receiver: ReceiverProcess) {
  const { channel_id } = await service.api('/channel/create', { channel_name: 'power' });
  const source = await service.api('/integration/create', { name: 'power', type: 'standard', channel_id });
  const webhook = await service.api('/webhook/create', {
    type: 'alert',
    name: 'power',
    endpoint: `${receiver.url}/once`,
    timeout_ms: 10_000,
  });
  return { webhookId: Number(webhook['integration_id']), integrationKey: String(source['integration_key']) };
}

/** A separate alert each, so that each is one event and one delivery. */
async function pushOne(service: Service, integrationKey: string, number: number): Promise<number> {
  const { status } = await service.push('standard', integrationKey, {
    title_rule: `alert ${number}`,
    event_status: 'Warning',
    alert_key: `k${number}`,
    description: describe(number),
  });
  return status;
}

async function untilSettled(service: Service, webhookId: number, count: number): Promise<void> {
  const deadline = performance.now() + waitMaxMs;
  const now = Date.now();
  const window = { start_time: now - 60_000, end_time: now + 60_000 };
  const query = { integration_id: webhookId, status: 'success', limit: 1, ...window };
  for (;;) {
    const { total } = await service.api('/webhook/history/list', query);
    if (total === count) return;
    if (performance.now() > deadline) throw new Error(`${String(total)} of ${count} deliveries after ${waitMaxMs} ms`);
    await sleep(pollMs);
  }
}

function eventsOf(receiver: ReceiverProcess): string[] {
  return receiver.log().flatMap((one) => (one.kind === 'request' ? [one.headers['webhook-id'] ?? ''] : []));
}

function copyAndCut(data: string, folder: string, durable: number, kept: number) {
  mkdirSync(folder);
  const log = `${databaseFile}-wal`;
  for (const name of [databaseFile, log]) copyFileSync(join(data, name), join(folder, name));
  const { size } = statSync(join(folder, log));
  const left = Math.min(size, durable + Math.floor(kept * Math.max(0, size - durable)));
  truncateSync(join(folder, log), left);
  return { folder, cutBytes: size - left };
}

/** Opens the copy as the service would after the power is back. */
async function readCopy(folder: string): Promise<{ descriptions: Set<string>; states: Map<string, string> }> {
  const database = await openDatabase({ folder, clock: systemClock, timers: systemTimers });
  try {
    const events = await database.read.selectFrom('event').select(payloadOf().as('payload')).execute();
    const deliveries = await database.read.selectFrom('delivery').select(['event_id', 'state']).execute();
    const described = events.map(({ payload }) => (JSON.parse(payload) as { alert?: { description: string } }).alert);
    return {
      descriptions: new Set(described.flatMap((alert) => (alert === undefined ? [] : [alert.description]))),
      states: new Map(deliveries.map((row) => [row.event_id, row.state])),
    };
  } finally {
    await database.close();
  }
}
