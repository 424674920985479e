import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { planOf, statements } from '../../test/support/query-plans.ts';
import type { Database } from '../database/database.ts';
import type { Event } from '../events/event.ts';
import { claimDeliveries } from './delivery-store.ts';
import { readCriticalHeads, readHeads, readHeadsOf, type Head } from './lane-store.ts';

const webhook = testWebhook();
const { webhookId } = webhook;

for (const { name, open } of databases) {
  test(`${name}: lanes with something Critical are found by their heads, in pages, until it has ended`, async () => {
    await using store = await opened(open);
    const { database } = store;
    const deliveries = await storeDeliveries(database, webhook, [
      ...lane('a', ['Info', 'Critical', 'Warning']),
      ...lane('b', ['Warning', 'Info']),
      ...lane('c', ['Critical']),
      ...lane('d', ['Critical', 'Info']),
    ]);
    await storeDeliveries(database, testWebhook(), lane('e', ['Critical']));
    const { read } = database;
    const first = await readCriticalHeads(read, webhookId, '', 2);
    assert.deepEqual(first.map(shown), ['a 1 pending 0', 'c 1 pending 0']);
    assert.deepEqual(first[0]?.delivery, deliveries[0]);
    assert.equal(first[0]?.delivery.urgency, 2);
    assert.deepEqual((await readCriticalHeads(read, webhookId, 'c', 2)).map(shown), ['d 1 pending 0']);
    const ids = deliveries.filter(({ entityId }) => entityId === 'd').map(({ deliveryId }) => deliveryId);
    await database.transaction((tx) => claimDeliveries(tx, database.dialect, ids, 5));
    assert.deepEqual((await readCriticalHeads(read, webhookId, 'c', 2)).map(shown), ['d 1 sending 0']);
    await end(database, ids.slice(0, 1));
    assert.deepEqual(await readCriticalHeads(read, webhookId, 'c', 2), []);
  });

  test(`${name}: a lane is Critical when anything open in it is, and else as urgent as its head`, async () => {
    await using store = await opened(open);
    await storeDeliveries(store.database, webhook, [
      ...lane('a', ['Info', 'Warning']),
      ...lane('b', ['Info', 'Warning', 'Critical']),
      ...lane('c', ['Warning']),
    ]);
    const { read } = store.database;
    const all = ['a 1 pending 2', 'b 1 pending 0', 'c 1 pending 1'];
    assert.deepEqual((await readHeads(read, webhookId, '', 10)).map(shown), all);
    assert.deepEqual((await readHeadsOf(read, webhookId, ['c', 'b', 'a'])).map(shown).sort(), all);
  });

  test(`${name}: heads are found by the indexes of what is open, however much has ended or waits behind them`, async () => {
    await using store = await opened(open);
    const { database } = store;
    await fill(database);
    const critical = await statements(database, (read) => readCriticalHeads(read, webhookId, 'lane', 64));
    const all = await statements(database, (read) => readHeads(read, webhookId, 'lane', 64));
    const some = await statements(database, (read) => readHeadsOf(read, webhookId, ['lane1', 'lane2', 'lane3']));
    for (const [query] of [critical, all, some]) {
      assert.ok(query !== undefined);
      const plan = await planOf(database, query);
      assert.doesNotMatch(plan, /seq scan on delivery|scan (?:delivery|head|critical)\b/i, plan);
      // Lanes are found by entity, and nothing goes by the indexes of the history.
      const used = [...plan.matchAll(/index (?:(?:only )?scan using )?(delivery_(?!pkey)\w+)/gi)].map(
        ([, index]) => index,
      );
      assert.deepEqual(new Set(used), new Set(['delivery_open', 'delivery_open_critical']), plan);
    }
    const [query] = critical;
    assert.ok(query !== undefined);
    // PostgreSQL does not show how the lane after a lane is found.
    const places = (await planOf(database, query)).match(/delivery_open_critical/g) ?? [];
    assert.ok(places.length >= 2, 'both to find lanes and to say whether they are Critical');
  });
}

async function opened(open: () => Promise<Database>) {
  const database = await open();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

/** One event for each severity, in order. */
function lane(entityId: string, severities: readonly Event['severity'][]): Event[] {
  return severities.map((severity, index) => testEvent(entityId, index + 1, { severity }));
}

function shown({ delivery, state, urgency }: Head): string {
  return `${delivery.entityId} ${delivery.sequence} ${state} ${urgency}`;
}

async function end(database: Database, deliveryIds: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    const { dialect } = database;
    await sql`update delivery set state = 'delivered' where ${dialect.anyOf('delivery_id', deliveryIds)}`.execute(
      tx.query,
    );
  });
}

/** Much that has ended, many lanes that wait, one of them long, and a few of them Critical. */
async function fill(database: Database): Promise<void> {
  const severityOf = (index: number) => (index % 50 === 0 ? 'Critical' : 'Warning');
  const ended = Array.from({ length: 3_000 }, (_, index) => testEvent(`old${index}`, 1, { severity: 'Critical' }));
  const done = await storeDeliveries(database, webhook, ended);
  await end(
    database,
    done.map(({ deliveryId }) => deliveryId),
  );
  await storeDeliveries(
    database,
    webhook,
    Array.from({ length: 2_000 }, (_, index) => testEvent(`lane${index}`, 1, { severity: severityOf(index) })),
  );
  await storeDeliveries(
    database,
    webhook,
    Array.from({ length: 1_000 }, (_, index) => testEvent('lane1', index + 2)),
  );
  if (database.kind !== 'postgres') return;
  await database.transaction((tx) => sql`analyze delivery, event`.execute(tx.query));
}
