import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { DatabaseFailure } from '../../src/database/database.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { hasPostgres } from '../support/databases.ts';
import { testEvent } from '../support/deliveries.ts';
import { createCluster } from '../support/delivery-cluster.ts';
import { quiet, to } from '../support/dispatcher-harness.ts';
import { answer, ScriptedReceiver } from '../support/scripted-receiver.ts';
import { until } from '../support/until.ts';

const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };
/** So short that a test can wait for several of them. */
const limits = { lockTimeoutMs: 100, statementTimeoutMs: 100 };
const severalLimitsMs = 500;
const lanes = Array.from({ length: 10 }, (_, index) => `lane${index}`);

test('what cannot be claimed because of locks is not sent, and goes out once when they are gone', only, async () => {
  await using receiver = await soundly();
  const webhooks = inBothModes(receiver);
  await using cluster = await createCluster(webhooks.map((webhook) => ({ ...webhook, status: 'paused' })));
  const node = await cluster.join(limits);
  await node.happen(lanes.map((lane) => testEvent(lane, 1)));
  await using other = await session(cluster.url);
  await other.query('begin; lock table delivery in exclusive mode');
  cluster.webhooks.set(webhooks);
  for (const { webhookId } of webhooks) node.delivery.deliveries.resume(webhookId);
  await assert.rejects(node.happen([testEvent('other', 1)]), isBusy);
  await quiet(severalLimitsMs);
  assert.equal(receiver.connections, 0);
  await other.query('commit');
  await cluster.ended(20);
  assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 20 }, 20]);
  assert.deepEqual([await node.held(), await node.losses()], [64, 0]);
});

test('what takes too long to claim is not sent, and goes out once when it no longer does', only, async () => {
  await using receiver = await soundly();
  await using cluster = await createCluster(inBothModes(receiver));
  await using other = await session(cluster.url);
  const node = await cluster.join(limits);
  await slowDown(other, 'update on delivery');
  await node.happen(lanes.map((lane) => testEvent(lane, 1)));
  await quiet(severalLimitsMs);
  assert.equal(receiver.connections, 0);
  await speedUp(other, 'delivery');
  await cluster.ended(20);
  assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 20 }, 20]);
  assert.equal(await node.losses(), 0);
});

test('a result that cannot be written is written later, and nothing is sent again meanwhile', only, async () => {
  const answered = Promise.withResolvers<void>();
  await using receiver = await new ScriptedReceiver((socket) => {
    void answered.promise.then(() => socket.write(answer(200)));
  }).listen();
  await using cluster = await createCluster(inBothModes(receiver));
  await using other = await session(cluster.url);
  const node = await cluster.join(limits);
  await node.happen([testEvent('a', 1), testEvent('a', 2)]);
  await until(() => receiver.requests.length === 2);
  await slowDown(other, 'update of response_body on delivery');
  answered.resolve();
  await quiet(severalLimitsMs);
  assert.deepEqual([await cluster.states(), receiver.requests.length], [{ sending: 2, pending: 2 }, 2]);
  await speedUp(other, 'delivery');
  await cluster.ended(4);
  assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 4 }, 4]);
  assert.deepEqual([await cluster.attempts(), await node.losses()], [4, 0]);
});

test('leases are renewed while all other connections are taken for longer than they last', only, async () => {
  await using receiver = await soundly();
  await using cluster = await createCluster([to(receiver)]);
  const node = await cluster.join({ poolMax: 2 });
  const other = await cluster.join();
  await until(async () => (await node.held()) === 32 && (await other.held()) === 32);
  // Its lease lasts for one second.
  const taken = [1, 2].map(() => node.database.transaction((tx) => sql`select pg_sleep(1.6)`.execute(tx.query)));
  const happened = node.happen(lanes.map((lane) => testEvent(lane, 1)));
  await Promise.all([happened, ...taken]);
  await cluster.ended(lanes.length);
  assert.deepEqual([await node.losses(), await node.held(), await other.held()], [0, 32, 32]);
  assert.deepEqual([await cluster.states(), receiver.requests.length], [{ delivered: 10 }, 10]);
});

function soundly(): Promise<ScriptedReceiver & AsyncDisposable> {
  return new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
}

function inBothModes(receiver: ScriptedReceiver): Webhook[] {
  const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
  return [to(receiver, { timeoutMs: 10_000 }), to(receiver, { mode: 'at_least_once', retry, timeoutMs: 10_000 })];
}

function isBusy(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.kind === 'busy';
}

/** A connection of somebody else's. */
async function session(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** @param when `update on delivery`: each statement of that kind takes a second longer. */
async function slowDown(client: pg.Client, when: string): Promise<void> {
  await client.query(`
    create or replace function dawdle() returns trigger language plpgsql as
      $$ begin perform pg_sleep(1); return null; end $$;
    create trigger dawdle after ${when} for each statement execute function dawdle()`);
}

async function speedUp(client: pg.Client, table: string): Promise<void> {
  await client.query(`drop trigger dawdle on ${table}`);
}
