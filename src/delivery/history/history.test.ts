import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { storedAttempts } from '../../../test/support/stored-attempts.ts';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { planOf, statements } from '../../../test/support/query-plans.ts';
import type { Database } from '../../database/database.ts';
import { Failure } from '../../runtime/failure.ts';
import { claimDeliveries } from '../store/claim-store.ts';
import { settleDeliveries } from '../store/delivery-store.ts';
import type { Delivery } from '../store/delivery.ts';
import { countStates, purgeHistory } from './history-store.ts';
import type { DeliveryRow } from '../../database/tables.ts';
import { listInvocations, readInvocation, summarizePushes, type HistoryRequest, type RetryRules } from './history.ts';
import type { Outcome } from '../store/outcome.ts';

const webhook = testWebhook();
const ok: Outcome = { state: 'delivered', reason: 'ok', statusCode: 200, message: '' };
const down: Outcome = { state: 'failed', reason: 'connect', statusCode: 0, message: 'connection refused' };
const lost: Outcome = { state: 'unknown', reason: 'timeout_response', statusCode: 0, message: 'no answer' };

for (const { name, open } of databases) {
  test(`${name}: a page of the history has the wire's shape, and the cursor leads through all of it`, async () => {
    await using store = await opened(open);
    const deliveries = await history(store.database, [ok, down, lost, ok, undefined]);
    const everything = await listInvocations(store.database, request());
    assert.deepEqual([everything.total, everything.next, everything.items.length], [4, undefined, 4]);
    assert.deepEqual(everything.items[2], {
      integration_id: webhook.webhookId,
      event_id: deliveries[1]?.deliveryId,
      webhook_type: 'incident',
      event_type: 'i_comm',
      channel_id: 77,
      ref_id: 'lane1',
      endpoint: webhook.endpoint,
      attempt: 1,
      duration: 12,
      status: 'failed',
      status_code: 0,
      error_message: 'connection refused',
      event_time: '2023-11-14T22:13:20.002000+00:00',
      state: 'failed',
      reason: 'connect',
      sequence: deliveries[1]?.sequence,
      generation: 0,
      push_event_id: deliveries[1]?.eventId,
      mode: 'at_most_once',
      created_at: everything.items[2]?.created_at,
      finished_at: everything.items[2]?.finished_at,
      due_at: 0,
      attempts_left: 0,
      superseded_by: 0,
      behind: 0,
    });
    assert.ok((everything.items[2]?.created_at ?? 0) > 0 && (everything.items[2]?.finished_at ?? 0) > 0);
    for (const ascending of [false, true]) {
      const seen: string[] = [];
      let after: HistoryRequest['after'];
      do {
        const page = await listInvocations(store.database, request({ ascending, limit: 1, after }));
        seen.push(...page.items.map((item) => item.event_id));
        after = page.next;
      } while (after !== undefined);
      const all = deliveries.slice(0, 4).map((delivery) => delivery.deliveryId);
      assert.deepEqual(seen, ascending ? all : all.toReversed());
    }
  });

  test(`${name}: the history is filtered by status, entity, type, webhook and time`, async () => {
    await using store = await opened(open);
    const [first, , third] = await history(store.database, [ok, down, lost, ok]);
    const count = async (change: Partial<HistoryRequest>) =>
      (await listInvocations(store.database, request(change))).items.length;
    assert.equal(await count({ status: 'success' }), 2);
    assert.equal(await count({ status: 'failed' }), 2);
    assert.equal(await count({ entityId: 'lane2' }), 1);
    assert.equal(await count({ eventTypes: ['i_new'] }), 0);
    assert.equal(await count({ eventTypes: ['i_new', 'i_comm'] }), 4);
    assert.equal(await count({ webhookId: 1 }), 0);
    const recordIds = [first?.deliveryId ?? '', third?.deliveryId ?? '', 'unknown'];
    assert.equal(await count({ recordIds }), 2);
    assert.equal(await count({ recordIds, status: 'failed' }), 1);
    assert.equal(await count({ recordIds, webhookId: webhook.webhookId }), 2);
    assert.equal(await count({ recordIds, webhookId: 1 }), 0);
    assert.equal(await count({ startTime: 1_700_000_000_002, endTime: 1_700_000_000_003 }), 2);
  });

  test(`${name}: each state can be asked for, also what waits, and reasons and kinds of webhooks`, async () => {
    await using store = await opened(open);
    await history(store.database, [ok, down, lost, undefined]);
    const states = async (change: Partial<HistoryRequest>) =>
      (await listInvocations(store.database, request({ ascending: true, ...change }))).items.map((item) => item.state);
    assert.deepEqual(await states({ states: ['pending'] }), ['pending']);
    assert.deepEqual(await states({ states: ['pending', 'sending', 'delivered'] }), ['delivered', 'pending']);
    assert.deepEqual(await states({ states: ['unknown'] }), ['unknown']);
    assert.deepEqual(await states({ states: ['unknown', 'delivered'], status: 'failed' }), ['unknown']);
    assert.deepEqual(await states({ states: ['delivered'], status: 'failed' }), []);
    assert.deepEqual(await states({ reasons: ['timeout_response', 'ok'] }), ['delivered', 'unknown']);
    assert.deepEqual(await states({ webhookTypes: ['alert'] }), []);
    assert.equal((await states({ webhookTypes: ['alert', 'incident'] })).length, 3);
  });

  test(`${name}: one record is found by the id in the push too, and tells of each attempt`, async () => {
    await using store = await opened(open);
    const [delivery] = (await history(store.database, [down])) as [Delivery];
    const { item, attempts } = await readInvocation(store.database, webhook.webhookId, delivery.eventId);
    assert.equal(item.event_id, delivery.deliveryId);
    assert.deepEqual(
      attempts.map((one) => [one.attempt, one.outcome, one.reason, one.maybe_sent, one.status_code, one.error_message]),
      [[1, 'failed', 'connect', attempts[0]?.maybe_sent, 0, 'connection refused']],
    );
    assert.equal(attempts[0]?.request_body, delivery.payload);
    assert.deepEqual(attempts[0]?.timing, { dns: 0.4, wait: 11.2, reused: false, address: '192.0.2.1:443' });
  });

  test(`${name}: what waits says how many attempts may follow, by the present settings of its webhook`, async () => {
    await using store = await opened(open);
    const { database } = store;
    const deliveries = await history(database, [ok, undefined, undefined, undefined, undefined]);
    const change = async (index: number, set: Partial<DeliveryRow>) => {
      const match = { delivery_id: deliveries[index]?.deliveryId ?? '' };
      await database.transaction((tx) => tx.updateMany('delivery', [{ match, set }]));
    };
    await change(1, { mode: 'at_least_once', state: 'retry_wait', attempt: 3 });
    await change(2, { mode: 'at_least_once', state: 'sending', attempt: 3 });
    await change(3, { mode: 'at_most_once', state: 'retry_wait', attempt: 3 });
    const settings = { ...webhook, retry: { ...webhook.retry, maxAttempts: 20 } };
    const left = async (webhooks?: RetryRules) => {
      const states = ['delivered', 'retry_wait', 'sending', 'pending'] as const;
      const { items } = await listInvocations(database, request({ ascending: true, states }), webhooks);
      return items.map((item) => item.attempts_left);
    };
    assert.deepEqual(await left({ find: () => settings }), [0, 17, 18, null, 1]);
    assert.deepEqual(await left({ find: () => undefined }), [0, 0, 0, 0, 0], 'the webhook is deleted');
  });

  test(`${name}: the pushes of an alert or an incident are counted by what became of them`, async () => {
    await using store = await opened(open);
    await history(store.database, [ok, down, lost, undefined]);
    const rows = await summarizePushes(store.database, ['lane0', 'lane1', 'lane2', 'lane3', 'none']);
    assert.deepEqual(
      rows.map(({ ref_id, ...counts }) => [ref_id, counts.delivered, counts.not_delivered, counts.waiting]),
      [
        ['lane0', 1, 0, 0],
        ['lane1', 0, 1, 0],
        ['lane2', 0, 1, 0],
        ['lane3', 0, 0, 1],
        ['none', 0, 0, 0],
      ],
    );
    const [asked] = await statements(store.database, (longRead) =>
      summarizePushes({ ...store.database, longRead }, ['lane1']),
    );
    const plan = await planOf(store.database, asked ?? assert.fail());
    assert.doesNotMatch(plan, /SCAN delivery(?! USING COVERING)/);
  });

  test(`${name}: the detail has the request and the answer of the last attempt`, async () => {
    await using store = await opened(open);
    const [delivery] = (await history(store.database, [ok])) as [Delivery];
    const { item } = await readInvocation(store.database, webhook.webhookId, delivery.deliveryId);
    assert.deepEqual(
      [item.request_headers, item.request_body, item.response_headers, item.response_body],
      ['{"a":"b"}', delivery.payload, '{"c":"d"}', 'thanks'],
    );
    await assert.rejects(readInvocation(store.database, 1, delivery.deliveryId), isCode('ResourceNotFound'));
  });

  test(`${name}: purging forgets what ended long ago, in pages, and nothing that is open or ended lately`, async () => {
    await using store = await opened(open);
    const deliveries = await history(store.database, [ok, undefined, lost, ok]);
    const { database } = store;
    await database.transaction((tx) =>
      tx.query
        .updateTable('delivery')
        .set({ finished_at: 1_900_000_000_000 })
        .where('delivery_id', '=', deliveries[2]?.deliveryId ?? '')
        .execute(),
    );
    const span = { before: 1_700_000_000_004, stepMs: 86_400_000 };
    const purge = (at: Parameters<typeof purgeHistory>[3]) =>
      database.transaction((tx) => purgeHistory(tx, database.dialect, span, at, 2));
    const first = await purge({ eventTime: 0, deliveryId: '' });
    assert.deepEqual([first.purged, first.before], [1, span.before]);
    assert.ok(first.next !== undefined);
    assert.deepEqual(await purge(first.next), { purged: 0, before: span.before, next: undefined });
    const left = await database.read.selectFrom('delivery').select('delivery_id').orderBy('event_time').execute();
    assert.deepEqual(
      left.map((row) => row.delivery_id),
      deliveries.slice(1).map((delivery) => delivery.deliveryId),
    );
    assert.equal((await storedAttempts(database.read)).length, 2);
    assert.equal((await database.read.selectFrom('event').select('event_id').execute()).length, 4);
    const counts = await countStates(database.read, webhook.webhookId, 0, 2_000_000_000_000);
    assert.deepEqual(Object.fromEntries(counts), { pending: 1, unknown: 1, delivered: 1 });
  });

  test(`${name}: failures are found and counted by their own indexes, whatever was delivered beside them`, async () => {
    await using store = await opened(open);
    const { database } = store;
    await history(database, [ok, down]);
    await multiplyDelivered(database, 5_000);
    const ask = (change: Partial<HistoryRequest>) =>
      statements(database, (longRead) =>
        listInvocations({ ...database, longRead }, request({ status: 'failed', ...change })),
      );
    const { items, next } = await listInvocations(database, request({ status: 'failed', limit: 1 }));
    assert.deepEqual([items.length, next], [1, undefined]);
    const deep = { time: 1_700_000_000_500, id: 'between' };
    const ofOne = { webhookId: webhook.webhookId };
    const asked = [
      {},
      { ascending: true },
      { after: deep },
      { eventTypes: ['i_comm'] },
      ofOne,
      { ...ofOne, after: deep },
    ];
    for (const change of asked) {
      const found = await ask(change);
      assert.equal(found.length, 3, 'a page, its total, and what arrived later');
      for (const query of found.slice(0, 2)) {
        const plan = await planOf(database, query);
        assert.match(plan, /(?:SEARCH delivery USING|Index (?:Only )?Scan) .*\bdelivery_failed/);
        assert.doesNotMatch(plan, /SCAN delivery|Seq Scan|TEMP B-TREE|Sort/);
      }
    }
    const [behind] = await ask({ after: deep });
    assert.ok(!behind?.parameters.includes(request().endTime), 'a page begins where the one before it ended');
  });
}

function request(change: Partial<HistoryRequest> = {}): HistoryRequest {
  return {
    startTime: 1_600_000_000_000,
    endTime: 1_800_000_000_000,
    webhookId: 0,
    entityId: '',
    eventTypes: [],
    status: undefined,
    states: [],
    reasons: [],
    webhookTypes: [],
    replayId: '',
    ascending: false,
    limit: 100,
    after: undefined,
    ...change,
  };
}

async function opened(open: () => Promise<Database>) {
  const database = await open();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

/** One delivery for each outcome, in separate lanes, a millisecond apart; undefined = it still waits. */
async function history(database: Database, outcomes: readonly (Outcome | undefined)[]): Promise<Delivery[]> {
  const events = outcomes.map((_, index) =>
    testEvent(`lane${index}`, 1, { eventTime: 1_700_000_000_001 + index, channelId: 77 }),
  );
  const deliveries = await storeDeliveries(database, webhook, events);
  const results = deliveries.flatMap((delivery, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) return [];
    return [
      {
        delivery: { ...delivery, attempt: 1, fence: 1 },
        outcome,
        settlement: { state: outcome.state },
        endpoint: webhook.endpoint,
        startedAt: 5,
        durationMs: 12,
        maybeSent: true,
        timingJson: '{"dns":0.4,"wait":11.2,"reused":false,"address":"192.0.2.1:443"}',
        requestHeadersJson: '{"a":"b"}',
        requestBody: '',
        responseHeadersJson: '{"c":"d"}',
        responseBody: 'thanks',
      },
    ];
  });
  await database.transaction(async (tx) => {
    const ids = results.map(({ delivery }) => delivery.deliveryId);
    await claimDeliveries(tx, database.dialect, ids, 1);
    await settleDeliveries(tx, database.dialect, results, 1_700_000_000_000);
  });
  return deliveries;
}

/** As many deliveries that succeeded, a millisecond apart, each in a separate lane. */
async function multiplyDelivered(database: Database, count: number): Promise<void> {
  const first = await database.read
    .selectFrom('delivery')
    .selectAll()
    .where('state', '=', 'delivered')
    .executeTakeFirstOrThrow();
  await database.transaction(async (tx) => {
    await tx.insertMany(
      'delivery',
      Array.from({ length: count }, (_, index) => ({
        ...first,
        delivery_id: `20231115${String(index).padStart(22, '0')}`,
        event_id: `${'e'.repeat(20)}${String(index).padStart(12, '0')}`,
        entity_id: `many${index}`,
        event_time: 1_700_000_001_000 + index,
      })),
    );
    if (database.kind === 'postgres') await sql`analyze delivery`.execute(tx.query);
  });
}

function isCode(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}
