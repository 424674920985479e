import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { freshPostgres, hasPostgres } from '../../../test/support/databases.ts';
import { storeDeliveries, testDelivery, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { quiet } from '../../../test/support/dispatcher-harness.ts';
import type { Database, Transaction } from '../../database/database.ts';
import { openPostgres } from '../../database/postgres/open.ts';
import { shardOf, shardsMax } from '../../database/shard.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { claimDeliveries, insertClaimed } from './claim-store.ts';
import {
  announceNode,
  prepareShards,
  readLeases,
  releaseShards,
  removeNode,
  renewShards,
  takeShards,
} from './shard-lease-store.ts';
import type { ShardLease } from './ownership.ts';

const all = Array.from({ length: shardsMax }, (_, shard) => shard);
const longMs = 60_000;
/** It runs out in the test, and not before a statement that follows at once, on a machine that is busy with other things. */
const shortMs = 2_000;
const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };

test('a shard has one owner, and another only after the first has let it go or let it expire', only, async () => {
  await using store = await opened();
  const [held] = await store.run((tx) => takeShards(tx, 'a', [7], longMs));
  assert.deepEqual(held, { shard: 7, fence: 1 });
  assert.deepEqual(await store.run((tx) => takeShards(tx, 'b', [7], longMs)), []);
  await store.run((tx) => releaseShards(tx, 'a', leases(held)));
  assert.deepEqual(await store.run((tx) => takeShards(tx, 'b', [7], 1)), [{ shard: 7, fence: 2 }]);
  await quiet(10);
  assert.deepEqual(await store.run((tx) => takeShards(tx, 'a', [7], longMs)), [{ shard: 7, fence: 3 }]);
});

test('who lost a shard can neither renew nor release it, and who let it expire untaken can', only, async () => {
  await using store = await opened();
  const taken = await store.run((tx) => takeShards(tx, 'a', [1, 2], 1));
  await quiet(10);
  await store.run((tx) => takeShards(tx, 'b', [2], longMs));
  assert.deepEqual(await store.run((tx) => renewShards(tx, 'a', taken, longMs)), [{ shard: 1, fence: 1 }]);
  await store.run((tx) => releaseShards(tx, 'a', taken));
  const { free } = await store.run((tx) => readLeases(tx, longMs));
  assert.deepEqual([free.includes(1), free.includes(2)], [true, false]);
});

test('two that reach for everything at the same time get every shard once', only, async () => {
  await using store = await opened();
  const [one, other] = await Promise.all(
    ['a', 'b'].map((node) => store.run((tx) => takeShards(tx, node, all, longMs))),
  );
  const shards = [...(one ?? []), ...(other ?? [])].map(({ shard }) => shard).sort((left, right) => left - right);
  assert.equal(new Set(shards).size, shards.length);
});

test('a node is alive while it says so, expected until it leaves', only, async () => {
  await using store = await opened();
  await store.run((tx) => announceNode(tx, 'a'));
  await quiet(shortMs + 50);
  await store.run((tx) => announceNode(tx, 'b'));
  const { nodes, expected } = await store.run((tx) => readLeases(tx, shortMs));
  assert.deepEqual([nodes, expected], [['b'], 2]);
  await store.run((tx) => removeNode(tx, 'a'));
  assert.equal((await store.run((tx) => readLeases(tx, shortMs))).expected, 1);
});

test(
  'a claim is granted only under a lease that is held, by its fence and by the clock of the database',
  only,
  async () => {
    await using store = await opened();
    const webhook = testWebhook();
    const [delivery] = await storeDeliveries(store.database, webhook, [testEvent('a', 1)]);
    const shard = shardOf(webhook.webhookId, 'a');
    const claim = (nodeId: string, held: readonly ShardLease[]) =>
      store.run(async (tx) => {
        const ids = [delivery?.deliveryId ?? ''];
        return (await claimDeliveries(tx, store.database.dialect, ids, 1, { nodeId, leases: held })).size;
      });
    const old = await store.run((tx) => takeShards(tx, 'a', [shard], 1));
    await quiet(10);
    assert.equal(await claim('a', old), 0, 'it has expired');
    const [taken] = await store.run((tx) => takeShards(tx, 'a', [shard], longMs));
    assert.equal(await claim('a', old), 0, 'by the old fence');
    assert.equal(await claim('b', leases(taken)), 0, 'by another node');
    assert.equal(await claim('a', []), 0, 'without a lease');
    assert.equal(await claim('a', leases(taken)), 1);
  },
);

test(
  'a delivery is made with its claim only under a lease that is held, and waits for nobody who renews it',
  only,
  async () => {
    await using store = await opened();
    const webhook = testWebhook();
    const shard = shardOf(webhook.webhookId, 'a');
    let made = 0;
    const born = async (nodeId: string, held: readonly ShardLease[], sequence: number) => {
      const delivery = testDelivery(testEvent('a', sequence), webhook);
      const lease = { nodeId, leases: held };
      const endpointOf = () => webhook.endpoint;
      const grantedIds: string[] = [];
      const granted = (ids: readonly string[]) => void grantedIds.push(...ids);
      const claims = await store.run((tx) => insertClaimed(tx, [delivery], { endpointOf, now: 5, lease, granted }));
      made += 1;
      const { rows } = await sql<{ state: string; attempt: number; fence: number; claimed_at: number }>`
      select state, attempt, fence, claimed_at from delivery where delivery_id = ${delivery.deliveryId}`.execute(
        store.database.read,
      );
      const claimed = { state: 'sending', attempt: 1, fence: 1, claimed_at: 5 };
      const refused = { state: 'pending', attempt: 0, fence: 0, claimed_at: 0 };
      assert.deepEqual(rows, [grantedIds.length === 1 ? claimed : refused]);
      return grantedIds.map((id) => claims.get(id))[0];
    };
    const old = await store.run((tx) => takeShards(tx, 'a', [shard], 1));
    await quiet(10);
    // Each later one has an earlier sequence, so that what the others left open is not before it.
    assert.equal(await born('a', old, 9), undefined, 'it has expired');
    const [taken] = await store.run((tx) => takeShards(tx, 'a', [shard], longMs));
    assert.equal(await born('a', old, 8), undefined, 'by the old fence');
    assert.equal(await born('b', leases(taken), 7), undefined, 'by another node');
    assert.equal(await born('a', [], 6), undefined, 'without a lease');
    const renewed = await paused(store, (tx) => renewShards(tx, 'a', leases(taken), longMs));
    assert.equal(await born('a', leases(taken), 5), undefined, 'while it is being renewed');
    await renewed.goOn();
    assert.deepEqual(await born('a', leases(taken), 4), { attempt: 1, fence: 1, claimedAt: 5 });
    assert.equal(await born('a', leases(taken), 10), undefined, 'its lane is not free');
    assert.equal(made, 7);
  },
);

test(
  'a lease is not taken over while a delivery that is made with a claim under it is not committed yet',
  only,
  async () => {
    await using store = await opened();
    const webhook = testWebhook();
    const shard = shardOf(webhook.webhookId, 'a');
    const held = await store.run((tx) => takeShards(tx, 'a', [shard], shortMs));
    let mark = 0;
    const made = await paused(store, async (tx) => {
      mark = await tx.mark();
      const delivery = testDelivery(testEvent('a', 1), webhook);
      const granted = (ids: readonly string[]) => assert.equal(ids.length, 1);
      const lease = { nodeId: 'a', leases: held };
      await insertClaimed(tx, [delivery], { endpointOf: () => '', now: 1, lease, granted });
      // The answer has come, so the lock is held.
      await sql`select 1`.execute(tx.query);
    });
    await quiet(shortMs + 50);
    assert.deepEqual(await store.run((tx) => takeShards(tx, 'b', [shard], longMs)), []);
    let isCertain = false;
    const waited = store.run((tx) => tx.awaitEnds([mark])).then(() => (isCertain = true));
    await quiet(40);
    assert.equal(isCertain, false, 'nobody knows yet what becomes of it');
    await made.goOn();
    await waited;
    assert.equal((await store.run((tx) => takeShards(tx, 'b', [shard], longMs))).length, 1);
  },
);

test('a lease is not taken over while a claim under it is not committed yet', only, async () => {
  await using store = await opened();
  const webhook = testWebhook();
  const [delivery] = await storeDeliveries(store.database, webhook, [testEvent('a', 1)]);
  const shard = shardOf(webhook.webhookId, 'a');
  const held = await store.run((tx) => takeShards(tx, 'a', [shard], shortMs));
  const claimed = Promise.withResolvers<void>();
  const paused = Promise.withResolvers<void>();
  const claiming = store.run(async (tx) => {
    await claimDeliveries(tx, store.database.dialect, [delivery?.deliveryId ?? ''], 1, { nodeId: 'a', leases: held });
    claimed.resolve();
    await paused.promise;
  });
  await claimed.promise;
  await quiet(shortMs + 50);
  assert.deepEqual(await store.run((tx) => takeShards(tx, 'b', [shard], longMs)), []);
  paused.resolve();
  await claiming;
  assert.equal((await store.run((tx) => takeShards(tx, 'b', [shard], longMs))).length, 1);
});

test('a node that starts does not wait for one that was paused while it renewed its leases', only, async () => {
  await using store = await opened();
  const held = await store.run((tx) => takeShards(tx, 'a', [7], longMs));
  const renewed = Promise.withResolvers<void>();
  const paused = Promise.withResolvers<void>();
  const renewing = store.run(async (tx) => {
    await renewShards(tx, 'a', held, longMs);
    renewed.resolve();
    await paused.promise;
  });
  await renewed.promise;
  await store.run(prepareShards).finally(paused.resolve);
  await renewing;
});

/** A transaction that stands still before its commit. */
async function paused(store: Store, work: (tx: Transaction) => Promise<unknown>): Promise<{ goOn(): Promise<void> }> {
  const done = Promise.withResolvers<void>();
  const mayEnd = Promise.withResolvers<void>();
  const ended = store.run(async (tx) => {
    await work(tx);
    done.resolve();
    await mayEnd.promise;
  });
  await Promise.race([done.promise, ended]);
  return {
    goOn() {
      mayEnd.resolve();
      return ended;
    },
  };
}

interface Store extends AsyncDisposable {
  readonly database: Database;
  run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
}

async function opened(): Promise<Store> {
  const { url, remove } = await freshPostgres();
  const database = await openPostgres({ url, clock: systemClock, timers: systemTimers, poolMax: 4 });
  await database.transaction(prepareShards);
  return {
    database,
    run: (work) => database.transaction(work),
    async [Symbol.asyncDispose]() {
      await database.close();
      await remove();
    },
  };
}

function leases(...list: readonly (ShardLease | undefined)[]): ShardLease[] {
  return list.filter((one) => one !== undefined);
}
