import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { planOf, statements } from '../../../test/support/query-plans.ts';
import type { Database } from '../../database/database.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import {
  countHours,
  countLately,
  hasFailedLately,
  countedMax,
  judgedMax,
  lookedAtMax,
  readBacklog,
  readEnded,
  readLastFailure,
  type EndedDelivery,
} from './health-store.ts';
import { healthOf, WebhookHealthReader, type SeenBreaker, type Seen } from './webhook-health.ts';

const hourMs = 3_600_000;
const now = 472_000 * hourMs + 1_000;
const open: SeenBreaker = { receiver: 'healthy', closedUntil: 0 };
const webhook = { status: 'enabled', timeoutMs: 1000 } as const;
const bySeverity = { Critical: 0, Warning: 0, Info: 0 };
const noBacklog = { waiting: 0, entities: 0, oldestAt: 0, bySeverity };
const nothing: Seen = {
  hours: [],
  lately: { ended: 0, delivered: 0 },
  ended: [],
  lastFailure: undefined,
  backlog: noBacklog,
  breaker: open,
};

function ended(delivered: number, failed: number, change: Partial<EndedDelivery> = {}): EndedDelivery[] {
  const one = { finishedAt: now - 1000, durationMs: 20, ...change };
  return [
    ...Array.from({ length: delivered }, () => ({ state: 'delivered' as const, ...one })),
    ...Array.from({ length: failed }, () => ({ state: 'unknown' as const, ...one })),
  ];
}

/** So many ended within the hour. */
function lately(delivered: number, failed: number): Pick<Seen, 'lately'> {
  return { lately: { ended: delivered + failed, delivered } };
}

function seen(change: Partial<Seen>): Seen {
  return { ...nothing, hours: [{ hour: 472_000, state: 'delivered', count: 1 }], ...change };
}

suite('the health of a webhook', () => {
  test('the end of a closure is a whole millisecond, though the clock of the breaker has fractions', () => {
    const breaker: SeenBreaker = { receiver: 'healthy', closedUntil: now + 12.25 };
    assert.equal(healthOf(webhook, seen({ breaker }), now).closedUntil, now + 13);
  });

  const cases: [what: string, wanted: string, Partial<Seen>, Partial<Pick<Webhook, 'status' | 'timeoutMs'>>?][] = [
    ['nothing in a day', 'idle', { hours: [] }],
    [
      'nothing in a day, and something waits',
      'delivering',
      { hours: [], backlog: { waiting: 1, entities: 1, oldestAt: 1, bySeverity } },
    ],
    ['all arrives', 'delivering', lately(100, 0)],
    ['95 of 100 arrive', 'delivering', lately(95, 5)],
    ['94 of 100 arrive', 'failing', lately(94, 6)],
    ['four failed, too few to judge', 'delivering', lately(0, 4)],
    ['five failed', 'failing', lately(0, 5)],
    ['five failed, more than an hour ago', 'delivering', { ended: ended(0, 5, { finishedAt: now - hourMs }) }],
    ['closed', 'failing', { breaker: { receiver: 'healthy', closedUntil: now + 1 } }],
    ['closed until just now', 'delivering', { breaker: { receiver: 'healthy', closedUntil: now } }],
    ['70 % of the timeout', 'delivering', { ended: ended(10, 0, { durationMs: 700 }) }],
    ['more than 70 % of the timeout', 'slow', { ended: ended(10, 0, { durationMs: 701 }) }],
    ['timing out', 'slow', { breaker: { receiver: 'timing-out', closedUntil: 0 } }],
    ['slow and failing', 'failing', { ...lately(0, 9), ended: ended(0, 9, { durationMs: 999 }) }],
    ['paused, whatever it was', 'paused', lately(0, 9), { status: 'paused' }],
    ['disabled', 'disabled', lately(0, 9), { status: 'disabled' }],
  ];
  for (const [what, wanted, change, settings = {}] of cases) {
    test(`${what}: ${wanted}`, () => {
      assert.equal(healthOf({ ...webhook, ...settings }, seen(change), now).state, wanted);
    });
  }

  test('numbers: what was overtaken or cancelled counts neither way, hours are in their places', () => {
    const health = healthOf(
      webhook,
      seen({
        hours: [
          { hour: 472_000, state: 'delivered', count: 3 },
          { hour: 472_000, state: 'expired', count: 1 },
          { hour: 472_000, state: 'superseded', count: 50 },
          { hour: 472_000, state: 'cancelled', count: 50 },
          { hour: 472_000 - 23, state: 'failed', count: 2 },
          { hour: 472_000 - 24, state: 'failed', count: 100 },
        ],
        ended: [...ended(94, 0), ...ended(6, 0, { durationMs: 500, finishedAt: now - 5 })],
        backlog: { waiting: 7, entities: 2, oldestAt: now - 8000, bySeverity },
      }),
      now,
    );
    assert.equal(health.spark.length, 24);
    assert.deepEqual(
      [health.spark[0], health.spark[23]],
      [
        { delivered: 0, failed: 2 },
        { delivered: 3, failed: 1 },
      ],
    );
    assert.equal(health.p95Ms, 500);
    assert.deepEqual(
      [health.lastSuccessAt, health.waiting, health.behind],
      [now - 5, 7, { entities: 2, oldestMs: 8000 }],
    );
    assert.equal(healthOf(webhook, nothing, now).successRate, null);
    assert.equal(healthOf(webhook, nothing, now).p95Ms, null);
  });
});

for (const { name, open: openDatabase } of databases) {
  suite(`the health of a webhook on ${name}`, () => {
    test('it is read from what happened, within its bounds and by indexes', async () => {
      const database = await openDatabase();
      const stored = testWebhook();
      const { webhookId } = stored;
      const deliveries = await storeDeliveries(
        database,
        stored,
        Array.from({ length: 6 }, (_, index) => testEvent(`lane${index % 2}`, index + 1, { eventTime: now - index })),
      );
      const states = ['delivered', 'failed', 'pending', 'delivered', 'superseded', 'retry_wait'];
      await database.transaction(async (tx) => {
        for (const [index, { deliveryId }] of deliveries.entries()) {
          const state = states[index] ?? '';
          const set = {
            state,
            finished_at: now + index,
            claimed_at: 5,
            duration_ms: 10 * index,
            reason: 'dns',
            created_at: now - 100 * index,
          };
          await tx.query.updateTable('delivery').set(set).where('delivery_id', '=', deliveryId).execute();
        }
      });
      assert.deepEqual(
        (await countHours(database, webhookId, now - 5))
          .map(({ hour, state, count }) => `${hour} ${state} ${count}`)
          .sort(),
        ['472000 delivered 2', '472000 failed 1', '472000 pending 1', '472000 retry_wait 1', '472000 superseded 1'],
      );
      assert.deepEqual(
        (await readEnded(database, webhookId, 0)).map(({ state, durationMs }) => [state, durationMs]),
        [
          ['delivered', 0],
          ['failed', 10],
          ['delivered', 30],
        ],
      );
      assert.equal((await readLastFailure(database, webhookId, 0))?.at, now + 1);
      assert.deepEqual(await readBacklog(database, webhookId), {
        waiting: 2,
        entities: 2,
        oldestAt: now - 500,
        bySeverity: { Critical: 0, Warning: 2, Info: 0 },
      });
      assert.equal((await readBacklog(database, 0)).waiting, 2);
      assert.deepEqual(await readBacklog(database, 1), noBacklog);
      const asked = await statements(database, async (longRead) => {
        const over: Database = { ...database, longRead };
        await countHours(over, webhookId, 0);
        await countLately(over, webhookId, 0, 0);
        await readEnded(over, webhookId, 0);
        await readLastFailure(over, webhookId, 0);
        await readBacklog(over, webhookId);
      });
      assert.equal(asked.length, 5);
      for (const statement of asked) {
        if (name === 'sqlite')
          assert.match(await planOf(database, statement), /SEARCH delivery USING (?:COVERING )?INDEX delivery_/);
        assert.ok(/limit/i.test(statement.sql), 'its work has a bound');
      }
      await database.close();
    });

    test('it is judged by what ended in the past hour, and not by its newest few pushes alone', async () => {
      const database = await openDatabase();
      const stored = testWebhook();
      const deliveries = await storeDeliveries(
        database,
        stored,
        Array.from({ length: 430 }, (_, index) => testEvent(`lane${index}`, 1, { eventTime: now - index })),
      );
      // The newest 300 arrived, 30 did not, and 100 ended a moment too long ago.
      const kinds = [
        { state: 'delivered', finished_at: now - 10, of: deliveries.slice(0, 300) },
        { state: 'unknown', finished_at: now - hourMs + 1, of: deliveries.slice(300, 330) },
        { state: 'failed', finished_at: now - hourMs, of: deliveries.slice(330) },
      ];
      await database.transaction(async (tx) => {
        for (const { of, ...set } of kinds)
          for (const { deliveryId } of of)
            await tx.query.updateTable('delivery').set(set).where('delivery_id', '=', deliveryId).execute();
      });
      assert.deepEqual(await countLately(database, stored.webhookId, 0, now - hourMs), { ended: 330, delivered: 300 });
      const reader = new WebhookHealthReader({
        database,
        clock: { now: () => now, monotonic: () => 0 },
        timers: { after: () => assert.fail('once'), soon: () => assert.fail('once') },
        breakerOf: () => open,
      });
      assert.equal((await reader.of(stored)).state, 'failing');
      const other = new WebhookHealthReader({
        database,
        clock: { now: () => now, monotonic: () => 0 },
        timers: { after: () => assert.fail('once'), soon: () => assert.fail('once') },
        breakerOf: () => open,
      });
      assert.equal(await other.isFailing(stored), true);
      assert.equal(await other.isFailing({ ...stored, status: 'paused' }), false);
      await database.close();
    });

    test('of a busy webhook the newest that ended are judged, found behind so many that wait and no more', async () => {
      const database = await openDatabase();
      const stored = testWebhook();
      const { webhookId } = stored;
      const store = async (count: number, eventTime: number) =>
        storeDeliveries(
          database,
          stored,
          Array.from({ length: count }, (_, index) => testEvent(`lane${eventTime} ${index}`, 1, { eventTime })),
        );
      await store(judgedMax + 5, now - 20);
      const set = { state: 'delivered', finished_at: now };
      await database.transaction((tx) => tx.query.updateTable('delivery').set(set).execute());
      const counted = () => countLately(database, webhookId, 0, 0);
      assert.deepEqual(await counted(), { ended: judgedMax, delivered: judgedMax });
      await store(lookedAtMax - 3, now - 10);
      assert.deepEqual(await counted(), { ended: 3, delivered: 3 });
      await database.close();
    });

    test('whether it fails takes one read of failures where none is of the past hour, and the breaker says it without', async () => {
      const database = await openDatabase();
      const stored = testWebhook();
      const { webhookId } = stored;
      const events = Array.from({ length: 20 }, (_, at) => testEvent(`lane${at}`, 1, { eventTime: now - 20 }));
      const [first] = await storeDeliveries(database, stored, events);
      const put = async (set: object, deliveryId?: string) =>
        database.transaction((tx) => {
          const all = tx.query.updateTable('delivery').set(set);
          return (deliveryId === undefined ? all : all.where('delivery_id', '=', deliveryId)).execute();
        });
      await put({ state: 'delivered', finished_at: now });
      await put({ state: 'failed', finished_at: now - hourMs }, first?.deliveryId);
      let breaker = open;
      const isFailing = async () => {
        let failing = false;
        const asked = await statements(database, async (longRead) => {
          const reader = new WebhookHealthReader({
            database: { ...database, longRead },
            clock: { now: () => now, monotonic: () => 0 },
            timers: { after: () => assert.fail('once'), soon: () => assert.fail('once') },
            breakerOf: () => breaker,
          });
          failing = await reader.isFailing(stored);
          assert.equal(failing, (await reader.of(stored)).state === 'failing');
        });
        return [failing, asked.length - 5];
      };
      assert.deepEqual(await isFailing(), [false, 1]);
      // Nineteen of twenty are enough.
      await put({ finished_at: now }, first?.deliveryId);
      assert.deepEqual(await isFailing(), [false, 2]);
      await put({ state: 'unknown', finished_at: now });
      assert.deepEqual(await isFailing(), [true, 2]);
      breaker = { ...open, closedUntil: now + 1 };
      assert.deepEqual(await isFailing(), [true, 0]);
      assert.equal(await hasFailedLately(database, webhookId, 0, now), false);
      await database.close();
    });

    test('it is read once for all who ask within half a second, after the last of them', async () => {
      const database = await openDatabase();
      let reads = 0;
      const time = { now: 0 };
      const waiting: { readonly delayMs: number; readonly work: () => void }[] = [];
      const reader = new WebhookHealthReader({
        database: new Proxy(database, {
          get: (target, key, receiver) => {
            if (key === 'longRead') reads += 1;
            return Reflect.get(target, key, receiver) as unknown;
          },
        }),
        clock: { now: () => now, monotonic: () => time.now },
        timers: {
          after(delayMs, work) {
            waiting.push({ delayMs, work });
            return () => undefined;
          },
          soon: () => assert.fail('nothing is to be done soon'),
        },
        breakerOf: () => open,
      });
      const stored = testWebhook();
      await reader.of(stored);
      const once = reads;
      time.now = 200;
      const asked = [reader.of(stored), reader.of(stored)];
      assert.deepEqual([reads, waiting.map(({ delayMs }) => delayMs)], [once, [300]]);
      time.now = 500;
      waiting[0]?.work();
      await Promise.all(asked);
      assert.equal(reads, 2 * once);
      time.now = 1_000;
      await reader.of(stored);
      assert.deepEqual([reads, waiting.length], [3 * once, 1]);
      await database.close();
    });

    test('of a busy webhook the newest are counted', async () => {
      const database = await openDatabase();
      const events = Array.from({ length: countedMax + 5 }, (_, index) =>
        testEvent(`lane${index}`, 1, { eventTime: now - index }),
      );
      const stored = testWebhook();
      await storeDeliveries(database, stored, events);
      const counts = await countHours(database, stored.webhookId, 0);
      assert.equal(
        counts.reduce((sum, { count }) => sum + count, 0),
        countedMax,
      );
      await database.close();
    });
  });
}
