import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createDeliveryMetrics } from '../metrics.ts';
import { claimDeliveries } from '../store/claim-store.ts';
import { cancelDeliveries } from '../store/delivery-store.ts';
import { settleRestored } from './restore-recovery.ts';

for (const { name, open } of databases) {
  test(`${name}: after a restore nothing that may have been sent waits under at_most_once, and the rest still does`, async () => {
    const database = await open();
    const metrics = createDeliveryMetrics(createMetrics());
    const parts = { database, clock: systemClock, at: noCrashPoints, logger: silentLogger, metrics };
    const [once, repeated, cancelled] = [
      testWebhook(),
      testWebhook({ mode: 'at_least_once' }),
      testWebhook({ name: 'cancelled' }),
    ];
    const events = Array.from({ length: 600 }, (_, index) => testEvent('a', index + 1));
    const [first] = await storeDeliveries(database, once, events);
    await storeDeliveries(database, repeated, [testEvent('b', 1)]);
    await storeDeliveries(database, cancelled, [testEvent('c', 1)]);
    await database.transaction(async (tx) => {
      await claimDeliveries(tx, database.dialect, [first?.deliveryId ?? ''], 1);
      await cancelDeliveries(tx, cancelled.webhookId, 'before the backup', 1, 9);
    });
    assert.deepEqual([await settleRestored(parts), await settleRestored(parts)], [600, 0]);
    assert.equal(metrics.recovered().restored, 600);
    const rows = await database.read
      .selectFrom('delivery')
      .select(['webhook_id', 'state', 'reason', ({ fn }) => fn.countAll().as('count')])
      .groupBy(['webhook_id', 'state', 'reason'])
      .orderBy('webhook_id')
      .execute();
    assert.deepEqual(
      rows.map((row) => [row.state, row.reason, Number(row.count)]),
      [
        ['unknown', 'restored', 600],
        ['pending', '', 1],
        ['cancelled', 'cancelled', 1],
      ],
    );
    await database.close();
  });
}
