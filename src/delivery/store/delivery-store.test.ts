import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedAttempts } from '../../../test/support/stored-attempts.ts';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import type { Database } from '../../database/database.ts';
import type { Delivery } from './delivery.ts';
import { claimDeliveries, type Claim } from './claim-store.ts';
import {
  cancelDeliveries,
  recoverDeliveries,
  releaseDeliveries,
  settleDeliveries,
  settleInTime,
  type AttemptResult,
} from './delivery-store.ts';
import { readHeadsOf, readOpenWebhooks } from './backlog-store.ts';

for (const { name, open } of databases) {
  test(`${name}: only the head of a lane can be claimed, and only while it is pending`, async () => {
    await using store = await opened(open);
    const webhook = testWebhook();
    const [one, two, other] = await stored(store.database, webhook, [
      testEvent('a', 1),
      testEvent('a', 2),
      testEvent('b', 7),
    ]);
    assert.deepEqual([...(await claim(store.database, [two, one, other])).keys()].sort(), ids(one, other));
    assert.deepEqual(await row(store.database, one), { state: 'sending', attempt: 1, fence: 1, reason: '' });
    assert.equal((await claim(store.database, [one, two, other])).size, 0);
    await settle(store.database, [resultOf({ ...one, attempt: 1, fence: 1 })]);
    const next = await claim(store.database, [one, two]);
    assert.deepEqual([...next.keys()], [two.deliveryId]);
    assert.equal(next.get(two.deliveryId)?.fence, 1);
  });

  test(`${name}: a lane belongs to one webhook, and a resend comes after the original`, async () => {
    await using store = await opened(open);
    const event = testEvent('a', 1);
    const [mine] = await stored(store.database, testWebhook(), [event]);
    const webhook = testWebhook();
    const [theirs] = await stored(store.database, webhook, [testEvent('a', 2)]);
    assert.equal((await claim(store.database, [mine, theirs])).size, 2);
    await store.database.transaction((tx) =>
      tx.query.updateTable('delivery').set({ generation: 1 }).where('delivery_id', '=', mine.deliveryId).execute(),
    );
    assert.equal(
      (await readHeadsOf(store.database.read, store.database.dialect, mine.webhookId, ['a']))[0]?.delivery.generation,
      1,
    );
  });

  test(`${name}: settling writes outcome and attempt once, and counts only under its fence`, async () => {
    await using store = await opened(open);
    const [delivery] = await stored(store.database, testWebhook(), [testEvent('a', 1)]);
    await claim(store.database, [delivery]);
    const held = { ...delivery, attempt: 1, fence: 1 };
    assert.deepEqual(await settle(store.database, [resultOf(held)]), [true]);
    // The same once more, as after a commit in doubt: nothing changes.
    assert.deepEqual(await settle(store.database, [resultOf(held)]), [false]);
    assert.deepEqual(await row(store.database, delivery), { state: 'delivered', attempt: 1, fence: 1, reason: 'ok' });
    assert.deepEqual(await attempts(store.database, delivery), [{ attempt: 1, reason: 'ok', outcome: 'delivered' }]);
  });

  test(`${name}: a result that comes after recovery is kept as late and changes nothing`, async () => {
    await using store = await opened(open);
    const [delivery] = await stored(store.database, testWebhook(), [testEvent('a', 1)]);
    await claim(store.database, [delivery]);
    assert.equal(await store.database.transaction((tx) => recoverDeliveries(tx, store.database.dialect, {}, 9, 10)), 1);
    assert.equal(await store.database.transaction((tx) => recoverDeliveries(tx, store.database.dialect, {}, 9, 10)), 0);
    assert.deepEqual(await row(store.database, delivery), {
      state: 'unknown',
      attempt: 1,
      fence: 1,
      reason: 'interrupted',
    });
    assert.deepEqual(await settle(store.database, [resultOf({ ...delivery, attempt: 1, fence: 1 })]), [false]);
    assert.equal((await row(store.database, delivery)).state, 'unknown');
    assert.deepEqual(await attempts(store.database, delivery), [{ attempt: 1, reason: 'late', outcome: 'delivered' }]);
  });

  test(`${name}: an attempt that ends a delivery stands in its row, those before it in their table`, async () => {
    await using store = await opened(open);
    const [delivery] = await stored(store.database, testWebhook(), [testEvent('a', 1)]);
    const failed: AttemptResult = {
      ...resultOf(delivery),
      outcome: { state: 'failed', reason: 'server_error', statusCode: 500, message: 'it answered 500' },
      settlement: { state: 'retry_wait', dueAt: 9 },
      startedAt: 3,
    };
    for (const write of [
      (result: AttemptResult) => store.database.transaction((tx) => settleInTime(tx, [result], 9)),
      (result: AttemptResult) => settle(store.database, [result]),
    ]) {
      const claimed = [...(await claim(store.database, [delivery])).values()].at(0) ?? assert.fail();
      await write({ ...failed, delivery: { ...delivery, ...claimed } });
      await store.database.transaction((tx) => tx.query.updateTable('delivery').set({ state: 'pending' }).execute());
    }
    const last = [...(await claim(store.database, [delivery])).values()].at(0) ?? assert.fail();
    await settle(store.database, [resultOf({ ...delivery, ...last, firstAttemptAt: 3 })]);
    const alone = await store.database.read.selectFrom('attempt').select('attempt').execute();
    assert.equal(alone.length, 2);
    const all = await storedAttempts(store.database.read);
    assert.deepEqual(
      all.map(({ attempt, outcome, started_at, status_code, response_body }) => [
        [attempt, outcome, started_at, status_code],
        response_body,
      ]),
      [
        [[1, 'failed', 3, 500], 'ok'],
        [[2, 'failed', 3, 500], 'ok'],
        [[3, 'delivered', 5, 200], 'ok'],
      ],
    );
  });

  test(`${name}: of a lost claim and the one that counted, with one number, the attempt that counted is shown`, async () => {
    for (const lateFirst of [true, false]) {
      for (const state of ['delivered', 'retry_wait'] as const) {
        await using store = await opened(open);
        const [delivery] = await stored(store.database, testWebhook(), [testEvent('a', 1)]);
        await claim(store.database, [delivery]);
        // Of another timeline of the database, whose claims were lost.
        const fence = 2_000_000;
        await store.database.transaction((tx) => tx.query.updateTable('delivery').set({ fence }).execute());
        const counting = resultOf({ ...delivery, attempt: 1, fence });
        const counted = state === 'delivered' ? counting : { ...counting, settlement: { state, dueAt: 9 } };
        const late = resultOf({ ...delivery, attempt: 1, fence: 1 });
        const inOrder = lateFirst ? [late, counted] : [counted, late];
        for (const result of inOrder) {
          assert.deepEqual(await settle(store.database, [result]), [result === counted]);
        }
        assert.deepEqual(await attempts(store.database, delivery), [
          { attempt: 1, reason: 'ok', outcome: 'delivered' },
        ]);
      }
    }
  });

  test(`${name}: results in time are written once, and the same again is a conflict that changes nothing`, async () => {
    await using store = await opened(open);
    const [one, two] = await stored(store.database, testWebhook(), [testEvent('a', 1), testEvent('b', 1)]);
    await claim(store.database, [one, two]);
    const [first, second] = [one, two].map((delivery) => resultOf({ ...delivery, attempt: 1, fence: 1 }));
    assert.ok(first !== undefined && second !== undefined);
    const write = (results: readonly AttemptResult[]) =>
      store.database.transaction((tx) => settleInTime(tx, results, 9));
    await write([first]);
    await assert.rejects(write([second, first]), { kind: 'conflict' });
    assert.equal((await row(store.database, one)).state, 'delivered');
    assert.equal((await row(store.database, two)).state, 'sending');
    await write([second]);
    assert.equal((await row(store.database, two)).state, 'delivered');
  });

  test(`${name}: a release goes back by its own fence only, and the next claim has a higher one`, async () => {
    await using store = await opened(open);
    const [delivery] = await stored(store.database, testWebhook(), [testEvent('a', 1)]);
    const [first] = (await claim(store.database, [delivery])).values();
    assert.ok(first !== undefined);
    const release = (of: Partial<Claim>) =>
      store.database.transaction((tx) => releaseDeliveries(tx, [{ ...delivery, ...first, ...of }]));
    await release({ attempt: 9, fence: 9 });
    // A claim whose commit failed has the fence of the one that was made after it.
    await release({ claimedAt: first.claimedAt - 1 });
    assert.equal((await row(store.database, delivery)).state, 'sending');
    await release({});
    assert.deepEqual(await row(store.database, delivery), { state: 'pending', attempt: 0, fence: 1, reason: '' });
    const [second] = (await claim(store.database, [delivery])).values();
    assert.deepEqual([second?.attempt, second?.fence], [1, 2]);
    const released = resultOf({ ...delivery, attempt: 1, fence: 2 });
    await settle(store.database, [{ ...released, settlement: { state: 'pending' } }]);
    assert.deepEqual(await row(store.database, delivery), { state: 'pending', attempt: 0, fence: 2, reason: '' });
    assert.deepEqual(await attempts(store.database, delivery), []);
  });

  test(`${name}: the webhooks that have something open are found one by one`, async () => {
    await using store = await opened(open);
    const webhooks = [testWebhook(), testWebhook(), testWebhook()];
    for (const webhook of webhooks) {
      const { webhookId } = webhook;
      await stored(store.database, webhook, [testEvent(`a${webhookId}`, 1), testEvent(`b${webhookId}`, 1)]);
    }
    const [first, second, third] = webhooks.map((webhook) => webhook.webhookId);
    const { read } = store.database;
    assert.deepEqual(await readOpenWebhooks(read, 0, 10), [first, second, third]);
    assert.deepEqual(await readOpenWebhooks(read, 0, 2), [first, second]);
    assert.deepEqual(await readOpenWebhooks(read, second ?? 0, 2), [third]);
    assert.deepEqual(await readOpenWebhooks(read, third ?? 0, 2), []);
  });

  test(`${name}: cancelling takes waiting deliveries, in pages, and leaves those in flight`, async () => {
    await using store = await opened(open);
    const webhook = testWebhook();
    const [one, two, three] = await stored(store.database, webhook, [
      testEvent('a', 1),
      testEvent('a', 2),
      testEvent('b', 1),
    ]);
    await claim(store.database, [one]);
    const cancel = () =>
      store.database.transaction((tx) => cancelDeliveries(tx, webhook.webhookId, 'not sent: test', 5, 1));
    assert.deepEqual([await cancel(), await cancel(), await cancel()], [1, 1, 0]);
    assert.equal((await row(store.database, one)).state, 'sending');
    for (const delivery of [two, three]) {
      assert.deepEqual(await row(store.database, delivery), {
        state: 'cancelled',
        attempt: 0,
        fence: 0,
        reason: 'cancelled',
      });
    }
  });
}

async function opened(open: () => Promise<Database>) {
  const database = await open();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

type Three = [Delivery, Delivery, Delivery];

async function stored(
  database: Database,
  ...rest: [Parameters<typeof storeDeliveries>[1], Parameters<typeof storeDeliveries>[2]]
) {
  return (await storeDeliveries(database, ...rest)) as Three & Delivery[];
}

function ids(...deliveries: Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.deliveryId).sort();
}

function claim(database: Database, deliveries: readonly Delivery[]) {
  return database.transaction((tx) =>
    claimDeliveries(
      tx,
      database.dialect,
      deliveries.map((delivery) => delivery.deliveryId),
      5,
    ),
  );
}

function settle(database: Database, results: readonly AttemptResult[]): Promise<boolean[]> {
  return database.transaction((tx) => settleDeliveries(tx, database.dialect, results, 7));
}

function resultOf(delivery: Delivery): AttemptResult {
  return {
    delivery,
    outcome: { state: 'delivered', reason: 'ok', statusCode: 200, message: '' },
    settlement: { state: 'delivered' },
    endpoint: 'http://127.0.0.1:1/hook',
    startedAt: 5,
    durationMs: 2,
    maybeSent: true,
    timingJson: '',
    requestHeadersJson: '{}',
    requestBody: '',
    responseHeadersJson: '{}',
    responseBody: 'ok',
  };
}

async function row(database: Database, delivery: Delivery) {
  return database.read
    .selectFrom('delivery')
    .select(['state', 'attempt', 'fence', 'reason'])
    .where('delivery_id', '=', delivery.deliveryId)
    .executeTakeFirstOrThrow();
}

async function attempts(database: Database, delivery: Delivery) {
  const stored = await storedAttempts(database.read, delivery.deliveryId);
  return stored.map(({ attempt, reason, outcome }) => ({ attempt, reason, outcome }));
}
