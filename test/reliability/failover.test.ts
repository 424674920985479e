import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { testEvent } from '../support/deliveries.ts';
import { createCluster } from '../support/delivery-cluster.ts';
import { pushOf, quiet, to } from '../support/delivery-rig.ts';
import { answer, ScriptedReceiver } from '../support/scripted-receiver.ts';
import { startPostgresPair, type PostgresPair } from '../support/standby.ts';
import { until } from '../support/until.ts';

const lanes = ['a', 'b', 'c', 'd', 'e'];
const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
/** So short that a test can wait for several of them. */
const statementTimeoutMs = 200;
const severalTimeoutsMs = 1_000;

describe('a standby', () => {
  let pair: PostgresPair;

  before(async () => {
    pair = await startPostgresPair();
    const ports = { clock: systemClock, timers: systemTimers };
    await (await openDatabase({ url: pair.url, folder: '', ...ports })).close();
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
    node.delivery.deliveries.wake(webhook.webhookId);
    await quiet(severalTimeoutsMs);
    assert.equal(receiver.connections, 0);
    pair.replication.mend();
    await cluster.ended(lanes.length);
    await keepUp(pair.url, 'async');
    assert.equal(receiver.requests.length, lanes.length);
  });

  test('that is not, and takes over: with --restored nothing is sent twice under at_most_once, and all of it again else', async () => {
    await using receiver = await soundly();
    const once = to(receiver, { endpoint: `http://127.0.0.1:${receiver.port}/once` });
    const repeated = to(receiver, {
      endpoint: `http://127.0.0.1:${receiver.port}/repeated`,
      mode: 'at_least_once',
      retry,
    });
    const paused = [once, repeated].map((webhook): Webhook => ({ ...webhook, status: 'paused' }));
    {
      await using cluster = await createCluster(paused, pair.url);
      const node = await cluster.join();
      await node.happen(lanes.map((lane) => testEvent(lane, 2)));
      await pair.caughtUp();
      // From here on the standby hears nothing: neither that these were claimed nor that they were delivered.
      pair.replication.cut();
      cluster.webhooks.set([once, repeated]);
      for (const { webhookId } of [once, repeated]) node.delivery.deliveries.wake(webhookId);
      await until(async () => receiver.requests.length === 10);
      await quiet();
      await pair.failOver();
    }
    await using cluster = await createCluster([once, repeated], pair.standbyUrl);
    const node = await cluster.join({ restored: true });
    await node.happen(lanes.map((lane) => testEvent(lane, 3)));
    await until(async () => receiver.requests.length >= 25);
    await quiet(300);
    const sequences = (webhook: Webhook) =>
      lanes.map((lane) =>
        receiver.requests.flatMap((request) => {
          const push = pushOf(request);
          return push.lane === lane && request.head.includes(pathOf(webhook)) ? [push.sequence] : [];
        }),
      );
    assert.deepEqual(
      sequences(once),
      lanes.map(() => [2, 3]),
    );
    assert.deepEqual(
      sequences(repeated),
      lanes.map(() => [2, 2, 3]),
    );
  });
});

function soundly(): Promise<ScriptedReceiver & AsyncDisposable> {
  return new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
}

function pathOf({ endpoint }: Webhook): string {
  return new URL(endpoint).pathname;
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
