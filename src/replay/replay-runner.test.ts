import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { TestWebhooks, storeDeliveries, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { until } from '../../test/support/until.ts';
import { planOf, statements } from '../../test/support/query-plans.ts';
import type { Database } from '../database/database.ts';
import type { Delivery } from '../delivery/store/delivery.ts';
import { systemClock } from '../runtime/clock.ts';
import { noCrashPoints } from '../runtime/crash-points.ts';
import { systemIds } from '../runtime/ids.ts';
import { silentLogger } from '../runtime/logger.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemTimers } from '../runtime/timers.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { ReplayRunner, type ReplayProgress } from './replay-runner.ts';
import { ReplayService, type ReplayRequest } from './replay-service.ts';
import { makeGenerations, readReplay, saveReplay } from './replay-store.ts';
import { readCandidates } from './selection-store.ts';

const pushes = 40;

for (const { name, open } of databases) {
  suite(`carrying a replay on, on ${name}`, () => {
    test('of two nodes one makes each piece: every event once, at the pace of the replay, and it ends with the last', async () => {
      const database = await open();
      await using closed = { [Symbol.asyncDispose]: () => database.close() };
      assert.ok(closed);
      const webhook = testWebhook();
      await storeEnded(database, webhook);
      const handed: Delivery[] = [];
      const { promise: over, resolve: ended } = Promise.withResolvers<ReplayProgress>();
      const nodes = [1, 2].map(
        () =>
          new ReplayRunner({
            ...partsOn(database, webhook),
            handOff: { enqueue: (deliveries) => handed.push(...deliveries), resume() {} },
            changed: (progress) => {
              if (progress.replay.state === 'done') ended(progress);
              else if (progress.replay.made === pushes && progress.done === 0) void endAll(database);
            },
          }),
      );
      const began = performance.now();
      const { replayId, plan } = await serviceOn(database, webhook, nodes[0]).begin(requestFor(webhook), 7);
      for (const node of nodes) node.start();
      const { done } = await over;
      await Promise.all(nodes.map((node) => node.stop()));

      assert.deepEqual([plan.records, plan.pushes, done], [pushes, pushes, pushes]);
      assert.equal(new Set(handed.map(({ eventId }) => eventId)).size, pushes);
      assert.equal(handed.length, pushes);
      assert.deepEqual(
        new Set(handed.map((one) => `${one.replayId} ${one.generation} ${one.urgency}`)),
        new Set([`${replayId} 1 2`]),
      );
      // 40 at 20 a second, in pieces of four: nine waits of 200 ms.
      assert.ok(performance.now() - began >= 1_800);
      const stored = await readReplay(database.read, replayId);
      assert.deepEqual([stored?.state, stored?.made, stored?.skipped], ['done', pushes, 0]);
    });

    test('one that begins while another node has just begun one for the same webhook is answered with the id of that one', async () => {
      const database = await open();
      await using closed = { [Symbol.asyncDispose]: () => database.close() };
      assert.ok(closed);
      const webhook = testWebhook();
      const { replayId } = await withOne(database, webhook, requestFor(webhook));
      const service = serviceOn(database, webhook);
      const other = (await readReplay(database.read, replayId)) ?? assert.fail();
      await service.cancel(replayId);
      const begun = Promise.withResolvers<void>();
      const committed = Promise.withResolvers<void>();
      const elsewhere = database.transaction(async (tx) => {
        await saveReplay(tx, other);
        await tx.answered();
        begun.resolve();
        await committed.promise;
      });
      await begun.promise;
      const refused = assert.rejects(service.begin(requestFor(webhook), 7), {
        code: 'BadRequest',
        message: `the replay ${replayId} of this webhook runs: wait for it, or cancel it`,
      });
      // On SQLite it waits for its turn, and reads what was committed.
      await until(async () => database.kind === 'sqlite' || (await isBlocked(database)));
      committed.resolve();
      await elsewhere;
      await refused;
    });

    test('a record whose event the replay has made already is passed over, also within one piece', async () => {
      const database = await open();
      await using closed = { [Symbol.asyncDispose]: () => database.close() };
      assert.ok(closed);
      const webhook = testWebhook();
      const ids = systemIds(systemClock, systemRandom);
      const made = (replayId: string, recordIds: readonly string[]) =>
        database.transaction(async (tx) => {
          const terms = { webhook, replayId, now: systemClock.now(), recordId: ids.record };
          const deliveries = await makeGenerations(tx, database.dialect, recordIds, terms);
          return deliveries.map((one) => one.deliveryId);
        });
      await storeDeliveries(database, webhook, [testEvent('entity', 1)]);
      const { delivery_id: original } = await database.read
        .selectFrom('delivery')
        .select('delivery_id')
        .executeTakeFirstOrThrow();
      // It was open when the replay made its delivery of the original, and has ended since.
      const [resend = ''] = await made('', [original]);
      assert.equal((await made('first', [original])).length, 1);
      assert.deepEqual(await made('first', [resend]), []);
      assert.equal((await made('second', [original, resend])).length, 1);
    });

    const isSqlite = name === 'sqlite';
    // PostgreSQL reads tables of this size whole.
    test(
      'each candidate costs a look into its lane, whatever the length of the history',
      { skip: !isSqlite },
      async () => {
        const database = await open();
        await using closed = { [Symbol.asyncDispose]: () => database.close() };
        assert.ok(closed);
        const webhook = testWebhook();
        const request = requestFor(webhook);
        const { replayId } = await withOne(database, webhook, request);
        const replay = (await readReplay(database.read, replayId)) ?? assert.fail();
        for (const order of ['every', 'latest'] as const) {
          const asked = await statements(database, (longRead) =>
            readCandidates({ longRead, dialect: database.dialect }, { ...replay, order }, 10),
          );
          const plan = await planOf(database, asked[0] ?? assert.fail());
          // The page comes by the time of the events, and all else by the lane.
          const byTime = plan.match(/delivery_(?:failed_)?webhook|delivery_time|delivery_failed/g) ?? [];
          assert.equal(byTime.length, 1, plan);
        }
      },
    );
  });
}

function partsOn(database: Database, webhook: Webhook) {
  return {
    database,
    webhooks: new TestWebhooks([webhook]),
    clock: systemClock,
    timers: systemTimers,
    ids: systemIds(systemClock, systemRandom),
    logger: silentLogger,
    at: noCrashPoints,
    historyDays: 100_000,
  };
}

function serviceOn(database: Database, webhook: Webhook, runner: { wake(): void } = { wake() {} }): ReplayService {
  return new ReplayService({ ...partsOn(database, webhook), deliveries: { resume() {} }, runner, changed() {} });
}

function requestFor(webhook: Webhook): ReplayRequest {
  const everything = {
    recordIds: [],
    startTime: 0,
    endTime: 9_999_999_999_999,
    entityId: '',
    eventTypes: [],
    reasons: [],
  };
  const selection = { ...everything, states: ['failed'] } as const;
  return { webhookId: webhook.webhookId, selection, order: 'every', perSecond: 20 };
}

async function withOne(database: Database, webhook: Webhook, request: ReplayRequest) {
  await storeEnded(database, webhook);
  return serviceOn(database, webhook).begin(request, 7);
}

/** Eight alerts with five failed events each. */
async function storeEnded(database: Database, webhook: Webhook): Promise<void> {
  const events = Array.from({ length: pushes }, (_, index) =>
    testEvent(`entity${index % 8}`, Math.floor(index / 8) + 1, {
      eventTime: 1_700_000_000_000 + index,
      severity: 'Critical',
    }),
  );
  await storeDeliveries(database, webhook, events);
  await endAll(database);
}

async function endAll(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query
      .updateTable('delivery')
      .set({ state: 'failed', reason: 'client_error', finished_at: 1_700_000_100_000, shard: 0 })
      .where('finished_at', '=', 0)
      .execute();
  });
}

/** Whether any transaction on the server of PostgreSQL waits for another one. */
async function isBlocked(database: Database): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_locks where locktype = 'transactionid' and not granted`.execute(
    database.read,
  );
  return rows.length > 0;
}
