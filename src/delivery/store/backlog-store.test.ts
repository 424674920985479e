import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { indexesOf, planOf, statements, withStatistics } from '../../../test/support/query-plans.ts';
import type { Database } from '../../database/database.ts';
import type { Event } from '../../events/event.ts';
import { claimDeliveries } from './claim-store.ts';
import { countOpen, readHeadsOf, readPlaces, type Head, type Place } from './backlog-store.ts';

const webhook = testWebhook();
const { webhookId } = webhook;

for (const { name, open } of databases) {
  test(`${name}: what is pending is found by class, the oldest first, in pages, with the state of the head of its lane`, async () => {
    await using store = await opened(open);
    const { database } = store;
    const deliveries = await storeDeliveries(database, webhook, [
      ...lane('d', ['Info', 'Critical', 'Warning']),
      ...lane('b', ['Warning', 'Info']),
      ...lane('c', ['Critical', 'Critical']),
      ...lane('a', ['Critical', 'Info']),
    ]);
    await storeDeliveries(database, testWebhook(), lane('e', ['Critical']));
    const { read } = database;
    const first = await readPlaces(read, webhookId, 0, '', 2);
    assert.deepEqual(first.map(shownPlace), ['d pending', 'c pending']);
    assert.equal(first[0]?.deliveryId, deliveries[1]?.deliveryId);
    const after = first[1]?.deliveryId ?? '';
    assert.deepEqual((await readPlaces(read, webhookId, 0, after, 9)).map(shownPlace), ['c pending', 'a pending']);
    const ids = deliveries.filter(({ sequence }) => sequence === 1).map(({ deliveryId }) => deliveryId);
    await database.transaction((tx) => claimDeliveries(tx, database.dialect, ids, 5));
    assert.deepEqual((await readPlaces(read, webhookId, 0, '', 9)).map(shownPlace), ['d sending', 'c sending']);
    assert.deepEqual((await readPlaces(read, webhookId, 2, '', 9)).map(shownPlace), ['b sending', 'a sending']);
    await end(
      database,
      deliveries.map(({ deliveryId }) => deliveryId),
    );
    assert.deepEqual(await readPlaces(read, webhookId, 0, '', 9), []);
  });

  test(`${name}: a lane is Critical when anything open in it is, and else as urgent as its head`, async () => {
    await using store = await opened(open);
    const stored = await storeDeliveries(store.database, webhook, [
      ...lane('a', ['Info', 'Warning']),
      ...lane('b', ['Info', 'Warning', 'Critical']),
      ...lane('c', ['Warning']),
    ]);
    const { read, dialect } = store.database;
    const heads = await readHeadsOf(read, dialect, webhookId, ['c', 'b', 'a']);
    assert.deepEqual(heads.map(shown).sort(), ['a 1 pending 2', 'b 1 pending 0', 'c 1 pending 1']);
    const since = new Map(heads.map((head) => [head.delivery.entityId, head.since]));
    const ids = stored.map(({ deliveryId }) => deliveryId);
    assert.deepEqual([since.get('a'), since.get('b'), since.get('c')], [ids[0], ids[4], ids[5]]);
    assert.deepEqual(heads.find(({ delivery }) => delivery.entityId === 'b')?.delivery, stored[2]);
  });

  test(`${name}: heads are found by the indexes of what is open, however much has ended or waits behind them`, async () => {
    await using store = await opened(open);
    const { database } = store;
    await fill(database);
    for (const kept of ['without statistics', 'with statistics']) {
      if (kept === 'with statistics') await withStatistics(database);
      const places = await statements(database, (read) => readPlaces(read, webhookId, 1, '20', 64));
      const some = await statements(database, (read) =>
        readHeadsOf(read, database.dialect, webhookId, ['lane1', 'lane2', 'lane3']),
      );
      assert.deepEqual(await indexesOf(database, places), ['delivery_open', 'delivery_pending'], kept);
      assert.deepEqual(await indexesOf(database, some), ['delivery_open', 'delivery_pending_critical'], kept);
    }
  });

  test(`${name}: what is open is counted by webhook and state, each up to a limit, by the index of what is open`, async () => {
    await using store = await opened(open);
    const { database } = store;
    assert.deepEqual(await countOpen(database.read, 10), []);
    const other = testWebhook();
    const [old, second] = await storeDeliveries(database, webhook, [
      ...lane('a', ['Info', 'Info']),
      ...lane('b', ['Info']),
    ]);
    await storeDeliveries(database, other, lane('c', ['Info', 'Info', 'Info', 'Info']));
    await database.transaction((tx) => claimDeliveries(tx, database.dialect, [old?.deliveryId ?? ''], 5));
    const ended = await storeDeliveries(database, testWebhook(), lane('d', ['Info']));
    await end(
      database,
      ended.map(({ deliveryId }) => deliveryId),
    );
    const [first, last] = await countOpen(database.read, 10);
    assert.deepEqual(first, { webhookId, pending: 2, sending: 1, retryWait: 0, oldestAt: old?.createdAt });
    assert.deepEqual([last?.webhookId, last?.pending], [other.webhookId, 4]);
    assert.ok((second?.createdAt ?? 0) >= (old?.createdAt ?? 0));
    assert.deepEqual(
      (await countOpen(database.longRead, 2)).map((one) => one.pending + one.sending),
      [2, 2],
    );
    await fill(database);
    await withStatistics(database);
    const [query] = await statements(database, (read) => countOpen(read, 10_000));
    assert.ok(query !== undefined);
    const plan = await planOf(database, query);
    assert.doesNotMatch(plan, /seq scan on delivery|scan (?:delivery|waits)\b(?! using)/i, plan);
    const used = [...plan.matchAll(/index (?:(?:only )?scan (?:backward )?using )?(delivery_(?!pkey)\w+)/gi)];
    assert.deepEqual(new Set(used.map(([, index]) => index)), new Set(['delivery_open']), plan);
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

function shownPlace({ entityId, state }: Place): string {
  return `${entityId} ${state}`;
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
  const ended = Array.from({ length: 9_000 }, (_, index) => testEvent(`old${index}`, 1, { severity: 'Critical' }));
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
}
