import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { claimDeliveries } from '../store/claim-store.ts';
import { recover } from './crash-recovery.ts';

for (const { name, open } of databases) {
  test(`${name}: recovery counts each interrupted attempt once, however often it runs`, async () => {
    const database = await open();
    const stored = await storeDeliveries(database, testWebhook(), [testEvent('a', 1), testEvent('b', 1)]);
    const ids = stored.map((delivery) => delivery.deliveryId);
    await database.transaction((tx) => claimDeliveries(tx, database.dialect, ids, 1));
    let interrupted = 0;
    const metrics = { ended: () => {}, unsent: (_: string, count: number) => (interrupted += count) };
    const parts = { database, clock: systemClock, at: noCrashPoints, logger: silentLogger, metrics };
    assert.deepEqual([await recover(parts), await recover(parts), interrupted], [2, 0, 2]);
    await database.close();
  });
}
