import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { freshPostgres, hasPostgres } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import type { Transaction } from '../../database/database.ts';
import { openPostgres } from '../../database/postgres/open.ts';
import { shardOf } from '../../database/shard.ts';
import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createDeliveryMetrics } from '../metrics.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { claimDeliveries } from './claim-store.ts';
import { prepareShards, readLeases, renewShards, takeShards } from './shard-lease-store.ts';
import { settleTimeline, canReadTimeline } from '../cluster/failover.ts';
import {
  isTimelineUnchanged,
  endSettling,
  checkTimeline,
  isSettling,
  readPresent,
  type DatabaseTimeline,
} from './failover-store.ts';

const leaseMs = 60_000;
const only = { skip: hasPostgres ? false : 'needs PostgreSQL' };

test('the first timeline that is seen is taken for known, and goes on being the one', only, async () => {
  await using store = await opened();
  const present = await store.run(readPresent);
  assert.match(present, /^\d+\/[0-9A-F]{8}$/);
  for (let looks = 0; looks < 2; looks += 1) {
    const timeline = await store.run((tx) => checkTimeline(tx, leaseMs));
    assert.deepEqual(timeline, { present, fenceFloor: 0 });
    assert.equal(await store.run((tx) => isTimelineUnchanged(tx, timeline)), true);
  }
});

test('in another timeline no claim is granted until what may have been sent is settled', only, async () => {
  await using store = await opened();
  const [once, repeated] = [testWebhook(), testWebhook({ mode: 'at_least_once' })];
  const [mine] = await storeDeliveries(store.database, once, [testEvent('a', 1)]);
  const [again] = await storeDeliveries(store.database, repeated, [testEvent('b', 1)]);
  const shards = [shardOf(once.webhookId, 'a'), shardOf(repeated.webhookId, 'b')];
  const before = await store.run((tx) => checkTimeline(tx, leaseMs));
  const leases = await store.run((tx) => takeShards(tx, 'node', shards, leaseMs));
  const claim = (timeline: DatabaseTimeline, ...ids: (string | undefined)[]) =>
    store.run((tx) => {
      const lease = { nodeId: 'node', leases, timeline };
      return claimDeliveries(
        tx,
        store.database.dialect,
        ids.filter((id) => id !== undefined),
        1,
        lease,
      );
    });
  await store.goOnFromElsewhere();
  assert.equal((await claim(before, mine?.deliveryId, again?.deliveryId)).size, 0, 'nobody has looked yet');
  const timeline = await store.run((tx) => checkTimeline(tx, leaseMs));
  assert.equal(timeline.until, again?.deliveryId);
  assert.deepEqual(await store.run((tx) => checkTimeline(tx, leaseMs)), timeline, 'it is marked once');
  assert.equal((await claim(timeline, mine?.deliveryId, again?.deliveryId)).size, 0, 'it is not settled yet');
  const [later] = await storeDeliveries(store.database, once, [testEvent('a', 2)]);
  const metrics = createDeliveryMetrics(createMetrics());
  const parts = { database: store.database, clock: systemClock, at: noCrashPoints, logger: silentLogger, metrics };
  await Promise.all([settleTimeline(parts, timeline), settleTimeline(parts, timeline)]);
  const { until: _, ...settled } = timeline;
  assert.deepEqual(await store.run((tx) => checkTimeline(tx, leaseMs)), settled);
  assert.equal((await claim(before, again?.deliveryId)).size, 0, 'who has not looked since may know what was lost');
  const claimed = await claim(settled, mine?.deliveryId, again?.deliveryId, later?.deliveryId);
  assert.deepEqual(new Set(claimed.keys()), new Set([again?.deliveryId, later?.deliveryId]));
  for (const { fence } of claimed.values()) assert.ok(fence > 1_000_000, 'no claim that was lost has this fence');
});

test('in another timeline the known owner renews, and nobody else takes a shard for a lease', only, async () => {
  await using store = await opened();
  await store.run((tx) => checkTimeline(tx, leaseMs));
  const leases = await store.run((tx) => takeShards(tx, 'node', [1, 2], 1));
  await store.goOnFromElsewhere();
  const timeline = await store.run((tx) => checkTimeline(tx, leaseMs));
  assert.deepEqual((await store.run((tx) => readLeases(tx, leaseMs))).free, []);
  assert.deepEqual(await store.run((tx) => renewShards(tx, 'node', leases, leaseMs)), leases);
  assert.equal(await store.run((tx) => isSettling(tx, timeline.present)), true);
  await store.run((tx) => endSettling(tx, 'another one'));
  assert.equal(await store.run((tx) => isTimelineUnchanged(tx, timeline)), false);
  await store.run((tx) => endSettling(tx, timeline.present));
  assert.equal(await store.run((tx) => isTimelineUnchanged(tx, timeline)), true);
});

test('a role that may not ask for the timeline gets a message, and its claims do without', only, async () => {
  await using store = await opened();
  const role = `tocsin_plain_${process.pid}`;
  const run = (statement: string) => store.run((tx) => sql.raw(statement).execute(tx.query));
  await run(`create role ${role} login password 'plain'; revoke execute on function pg_control_system() from public`);
  const url = new URL(store.url);
  url.username = role;
  url.password = 'plain';
  const plain = await openPostgres({ url: url.href, clock: systemClock, timers: systemTimers });
  assert.ok(plain.shared);
  assert.equal(await canReadTimeline(plain.shared, silentLogger), false);
  await run('grant execute on function pg_control_system() to public');
  assert.equal(await canReadTimeline(plain.shared, silentLogger), true, 'any role may that was not kept from it');
  await plain.close();
  await run(`drop role ${role}`);
});

async function opened() {
  const { url, remove } = await freshPostgres();
  const database = await openPostgres({ url, clock: systemClock, timers: systemTimers, poolMax: 4 });
  await database.transaction(prepareShards);
  const run = <Result>(work: (tx: Transaction) => Promise<Result>) => database.transaction(work);
  return {
    url,
    database,
    run,
    /** As on a server that was promoted: what the row says is the timeline of another. */
    goOnFromElsewhere: () => run((tx) => sql`update database_timeline set known = '1/00000001'`.execute(tx.query)),
    async [Symbol.asyncDispose]() {
      await database.close();
      await remove();
    },
  };
}
