import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { planOf, statements } from '../../../test/support/query-plans.ts';
import { readStats, stepsOf } from './stats.ts';

const start = 1_800_000_000_000;

test('every step is there, and percentiles are those of the step', () => {
  const span = { webhookId: 0, startTime: start, endTime: start + 2_500, stepMs: 1_000 };
  const durations = [
    { step: 1, durationMs: 10, count: 94 },
    { step: 1, durationMs: 500, count: 5 },
    { step: 1, durationMs: 900, count: 1 },
  ];
  const steps = stepsOf(span, [{ step: 1, state: 'delivered', count: 100 }], durations);
  assert.deepEqual(
    steps.map(({ t, delivered, p50, p95, p99 }) => [t - start, delivered, p50, p95, p99]),
    [
      [0, 0, null, null, null],
      [1_000, 100, 10, 500, 500],
      [2_000, 0, null, null, null],
    ],
  );
});

for (const { name, open } of databases) {
  test(`${name}: deliveries are counted by step, state and reason, of one webhook or of all`, async () => {
    const database = await open();
    const [one, other] = [testWebhook(), testWebhook()];
    const rows = [
      ['delivered', '', 12],
      ['failed', 'dns', 40],
      ['unknown', 'timeout_response', 1000],
      ['expired', 'expired', 0],
      ['superseded', 'superseded', 0],
      ['pending', '', 0],
      ['retry_wait', 'server_error', 70],
    ] as const;
    for (const webhook of [one, other]) {
      const events = rows.map((_, index) =>
        testEvent(`${webhook.webhookId} ${index}`, 1, { eventTime: start + 1_000 * index }),
      );
      const stored = await storeDeliveries(database, webhook, events);
      await database.transaction(async (tx) => {
        for (const [index, { deliveryId }] of stored.entries()) {
          const [state, reason, duration_ms] = rows[index] ?? assert.fail();
          const set = { state, reason, duration_ms, created_at: start - 1_000, urgency: index === 5 ? 0 : 1 };
          await tx.query.updateTable('delivery').set(set).where('delivery_id', '=', deliveryId).execute();
        }
      });
    }
    const span = { webhookId: one.webhookId, startTime: start, endTime: start + 7_000, stepMs: 2_000 };
    const stats = await readStats(database, span, start);
    assert.deepEqual(
      stats.buckets.map(({ t, delivered, failed, unknown, p50 }) => [t - start, delivered, failed, unknown, p50]),
      [
        [0, 1, 1, 0, 12],
        [2_000, 0, 0, 1, 992],
        [4_000, 0, 0, 0, null],
        [6_000, 0, 0, 0, null],
      ],
    );
    assert.deepEqual(stats.totals, { delivered: 1, failed: 1, unknown: 1, expired: 1, cancelled: 0, superseded: 1 });
    assert.deepEqual(stats.by_reason.map(({ reason, count }) => `${reason} ${count}`).sort(), [
      'dns 1',
      'expired 1',
      'server_error 1',
      'superseded 1',
      'timeout_response 1',
    ]);
    assert.deepEqual(
      [stats.waiting, stats.behind],
      [2, { entities: 2, oldest_ms: 1_000, by_severity: { Critical: 1, Warning: 1, Info: 0 } }],
    );
    const all = await readStats(database, { ...span, webhookId: 0 }, start);
    assert.deepEqual([all.totals.delivered, all.waiting], [2, 4]);
    const some = await readStats(database, { ...span, endTime: start + 1_000 }, start);
    assert.deepEqual(some.totals, { delivered: 1, failed: 0, unknown: 0, expired: 0, cancelled: 0, superseded: 0 });
    const asked = await statements(database, (longRead) => readStats({ ...database, longRead }, span, start));
    assert.equal(asked.length, 4);
    for (const statement of asked) {
      if (name === 'sqlite')
        assert.match(await planOf(database, statement), /SEARCH delivery USING (?:COVERING )?INDEX/);
    }
    await database.close();
  });
}
