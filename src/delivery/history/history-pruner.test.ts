import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { HistoryPruner } from './history-pruner.ts';

const dayMs = 86_400_000;

test('old history is forgotten page by page, and no more than a day of it in one run', async () => {
  await using store = await opened();
  const { database } = store;
  const webhook = testWebhook();
  // 100 days of 20 deliveries each; all ended on the day of their event.
  const days = 100;
  const events = Array.from({ length: days * 20 }, (_, index) =>
    testEvent(`lane${index}`, 1, { eventTime: Math.floor(index / 20) * dayMs + (index % 20) }),
  );
  await storeDeliveries(database, webhook, events);
  await database.transaction(async (tx) => {
    await tx.query
      .updateTable('delivery')
      .set((row) => ({ state: 'delivered', finished_at: row.ref('event_time') }))
      .execute();
  });

  let runs = 0;
  await new Promise<void>((done) => {
    new HistoryPruner({
      database,
      clock: { now: () => days * dayMs, monotonic: () => 0 },
      logger: silentLogger,
      historyDays: 7,
      timers: {
        soon: systemTimers.soon,
        // An hour until the next run, a moment until the next page.
        after(delayMs, work) {
          if (delayMs < 1_000) return systemTimers.after(0, work);
          runs += 1;
          if (runs < 4) return systemTimers.after(0, work);
          done();
          return () => {};
        },
      },
    }).start();
  });

  const oldest = await database.read
    .selectFrom('delivery')
    .select('event_time')
    .orderBy('event_time')
    .limit(1)
    .executeTakeFirstOrThrow();
  assert.equal(oldest.event_time, 4 * dayMs);
});

test('between two pages it rests for twice as long as a page took', async () => {
  await using store = await opened();
  const { database } = store;
  const events = Array.from({ length: 1_100 }, (_, index) => testEvent(`lane${index}`, 1, { eventTime: index }));
  await storeDeliveries(database, testWebhook(), events);
  await database.transaction(async (tx) => {
    await tx.query.updateTable('delivery').set({ state: 'delivered', finished_at: 1 }).execute();
  });

  let now = 0;
  const rests: number[] = [];
  const tookMs = [4, 300, 0];
  await new Promise<void>((done) => {
    new HistoryPruner({
      database: {
        ...database,
        async transaction(work) {
          now += tookMs.shift() ?? 0;
          return database.transaction(work);
        },
      },
      clock: { now: () => 30 * dayMs, monotonic: () => now },
      logger: silentLogger,
      historyDays: 7,
      timers: {
        soon: systemTimers.soon,
        after(delayMs, work) {
          rests.push(delayMs);
          if (rests.length < 3) return systemTimers.after(0, work);
          done();
          return () => {};
        },
      },
    }).start();
  });
  // The last is the hour until the next run.
  assert.deepEqual(rests, [20, 600, 3_600_000]);
});

async function opened() {
  const database = await (databases[0]?.open ?? assert.fail())();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}
