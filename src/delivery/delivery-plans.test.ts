import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { openHeard } from '../../test/support/query-plans.ts';
import type { Database, Transaction } from '../database/database.ts';
import * as health from './history/health-store.ts';
import * as history from './history/history-store.ts';
import * as resend from './history/resend-store.ts';
import * as coalesce from './store/coalesce-store.ts';
import type { Delivery } from './store/delivery.ts';
import * as backlog from './store/backlog-store.ts';
import * as claims from './store/claim-store.ts';
import * as deliveries from './store/delivery-store.ts';
import * as laneEnds from './store/lane-end-store.ts';
import * as restore from './store/restore-store.ts';
import * as retry from './store/retry-store.ts';

/*
 * The cost of a claim, a result, a page and a detail does not depend on how much is kept: each statement about deliveries finds
 * its rows by an index, with and without statistics, on both databases. A new function of these stores fails the test until it
 * is in the table.
 */

const webhook = testWebhook({ mode: 'at_least_once', orderPolicy: 'latest' });
const { webhookId } = webhook;
const otherWebhooks = Array.from({ length: 49 }, () => testWebhook());

interface Scene {
  readonly database: Database;
  readonly tx: Transaction;
  /** Some that wait, each the head of its lane. */
  readonly heads: readonly Delivery[];
  /** Of a lane in which many wait. */
  readonly long: Delivery;
}

type Row = readonly [
  indexes: string | { readonly sqlite: string; readonly postgres: string },
  (scene: Scene) => Promise<unknown>,
];

const [soon, late] = [1_700_000_000_000, 1_900_000_000_000];
const filter = {
  startTime: soon,
  endTime: late,
  webhookId: otherWebhooks[0]?.webhookId ?? 0,
  entityId: '',
  eventTypes: [],
  states: ['pending', 'delivered', 'failed'],
  reasons: [],
  webhookTypes: [],
  replayId: '',
} satisfies history.HistoryFilter;
const list = ({ tx, database }: Scene, change: Partial<history.HistoryFilter>, after?: { time: number; id: string }) =>
  history.listHistory(
    { ...database, longRead: tx.query },
    { ...filter, ...change },
    { ascending: false, after, limit: 20 },
  );

const expected: Readonly<Record<string, Row>> = {
  askClaims: [
    'delivery delivery_open',
    ({ tx, database, heads }) => claims.askClaims(tx, database.dialect, idsOf(heads), { now: late }, () => {}),
  ],
  settleDeliveries: [
    'attempt delivery',
    ({ tx, database, heads }) => deliveries.settleDeliveries(tx, database.dialect, heads.map(resultOf), late),
  ],
  settleInTime: [
    'delivery delivery_open',
    async ({ tx, database, heads }) => {
      await claims.claimDeliveries(tx, database.dialect, idsOf(heads), late);
      await deliveries.settleInTime(tx, heads.map(resultOf), late);
    },
  ],
  releaseDeliveries: [
    'delivery',
    ({ tx, heads }) =>
      deliveries.releaseDeliveries(
        tx,
        heads.map((head) => ({ ...head, claimedAt: late })),
      ),
  ],
  recoverDeliveries: [
    'delivery delivery_sending',
    ({ tx, database }) => deliveries.recoverDeliveries(tx, database.dialect, { shards: [1, 2, 3] }, late, 100),
  ],
  expireDeliveries: [
    'delivery',
    ({ tx, database, heads }) => deliveries.expireDeliveries(tx, database.dialect, idsOf(heads), late),
  ],
  cancelDeliveries: [
    'delivery delivery_open',
    ({ tx }) => deliveries.cancelDeliveries(tx, webhookId, 'deleted', late, 100),
  ],
  coalesceToLatest: [
    'delivery delivery_lane delivery_open event',
    ({ tx, database, long }) => coalesce.coalesceToLatest(tx, database.dialect, long, late),
  ],
  releaseDue: ['delivery delivery_due', ({ tx, database }) => retry.releaseDue(tx, where(database), late, 100)],
  releaseWaiting: ['delivery delivery_open', ({ tx }) => retry.releaseWaiting(tx, webhookId, 'lane1', 100)],
  nextDue: ['delivery_due', ({ tx, database }) => retry.nextDue(tx.query, where(database))],
  readLaneEnds: ['delivery_lane delivery_open', ({ tx, heads }) => laneEnds.readLaneEnds(tx, heads)],
  endRestored: [
    'delivery delivery_open',
    ({ tx, database }) =>
      restore.endRestored(tx, database.dialect, { after: restore.firstPlace, message: 'm', now: late, limit: 100 }),
  ],
  readPlaces: ['delivery_open delivery_pending', ({ tx }) => backlog.readPlaces(tx.query, webhookId, 1, '20', 64)],
  readHeadsOf: [
    'delivery delivery_open delivery_pending_critical event',
    ({ tx, database }) => backlog.readHeadsOf(tx.query, database.dialect, webhookId, ['lane1', 'lane2', 'lane3']),
  ],
  readLane: ['delivery_open event', ({ tx }) => backlog.readLane(tx.query, webhookId, 'lane1', 200)],
  readOpenWebhooks: ['delivery_open', ({ tx }) => backlog.readOpenWebhooks(tx.query, 0, 100)],
  countOpen: ['delivery_open', ({ tx }) => backlog.countOpen(tx.query, 10_000)],
  readHistory: ['attempt delivery event', ({ tx, long }) => history.readHistory(tx.query, webhookId, long.deliveryId)],
  'readHistory of an event': [
    'attempt delivery_lane event',
    ({ tx, long }) => history.readHistory(tx.query, webhookId, long.eventId),
  ],
  listHistory: ['delivery_webhook', (scene) => list(scene, {})],
  'listHistory, the next page': ['delivery_webhook', (scene) => list(scene, {}, { time: soon + 5, id: '2' })],
  'listHistory of all webhooks': ['delivery_time', (scene) => list(scene, { webhookId: 0 })],
  'listHistory of records': [
    'delivery',
    (scene) => list(scene, { webhookId: 0, recordIds: scene.heads.map(({ deliveryId }) => deliveryId) }),
  ],
  'listHistory of records of a webhook': [
    'delivery',
    (scene) => list(scene, { webhookId, recordIds: scene.heads.map(({ deliveryId }) => deliveryId) }),
  ],
  'listHistory of failures': ['delivery_failed_webhook', (scene) => list(scene, { states: history.failedStates })],
  'listHistory of all failures': [
    'delivery_failed',
    (scene) => list(scene, { webhookId: 0, states: history.failedStates }),
  ],
  'listHistory of an incident': ['delivery_lane', (scene) => list(scene, { webhookId: 0, entityId: 'lane1' })],
  'listHistory of an event': ['delivery_lane event', (scene) => list(scene, { pushId: scene.long.eventId })],
  'listHistory of a push': ['delivery', (scene) => list(scene, { pushId: scene.long.deliveryId })],
  placesInLanes: [
    'delivery delivery_lane delivery_open',
    ({ tx, database, heads }) =>
      history.placesInLanes(
        { ...database, longRead: tx.query },
        heads.map(({ deliveryId }) => ({ delivery_id: deliveryId, state: 'pending', sequence: 1 })) as never,
      ),
  ],
  deliveredLater: [
    { sqlite: 'delivery delivery_lane', postgres: 'delivery delivery_lane' },
    ({ tx, database, heads }) =>
      history.deliveredLater(
        { ...database, longRead: tx.query },
        heads.map(({ deliveryId }) => ({ delivery_id: deliveryId, state: 'failed' })) as never,
      ),
  ],
  countLately: [
    'delivery_webhook',
    ({ tx, database }) => health.countLately({ ...database, longRead: tx.query }, webhookId, soon, late),
  ],
  hasFailedLately: [
    'delivery_failed_webhook',
    ({ tx, database }) => health.hasFailedLately({ ...database, longRead: tx.query }, webhookId, soon, late),
  ],
  readEnded: [
    'delivery_webhook',
    ({ tx, database }) => health.readEnded({ ...database, longRead: tx.query }, webhookId, soon),
  ],
  countByEntity: [
    'delivery_lane',
    ({ tx, database }) => history.countByEntity({ ...database, longRead: tx.query }, ['lane1', 'lane2']),
  ],
  countStates: ['delivery_webhook', ({ tx }) => history.countStates(tx.query, webhookId, soon, late)],
  wasPushed: ['delivery_time', ({ tx }) => history.wasPushed(tx.query)],
  purgeHistory: [
    'attempt delivery delivery_time',
    ({ tx, database }) =>
      history.purgeHistory(
        tx,
        database.dialect,
        { before: late, stepMs: 86_400_000 },
        { eventTime: 0, deliveryId: '' },
        100,
      ),
  ],
  readForResend: [
    'delivery delivery_lane event',
    ({ tx, database, long }) => resend.readForResend(tx, database.dialect, webhookId, long.deliveryId),
  ],
};

/** No statements about deliveries, or of one database alone: `test/kept-plans.test.ts` has the plan of `readHeadStates`. */
const others = [
  'insertDeliveries',
  'insertClaimed',
  'claimDeliveries',
  'claimOf',
  'rowOf',
  'inHistory',
  'inItsOrder',
  'laneKey',
  'typesOf',
  'readHeadStates',
];

test('every function of the stores of deliveries is in the table', () => {
  const names = [history, resend, coalesce, backlog, claims, deliveries, laneEnds, restore, retry].flatMap((store) =>
    Object.entries(store).flatMap(([name, one]) => (typeof one === 'function' ? [name] : [])),
  );
  const known = new Set([...Object.keys(expected), ...others]);
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
});

for (const { name, open } of databases) {
  test(`${name}: each statement about deliveries has its index, with and without statistics`, async () => {
    await using heard = await openHeard(open);
    const { database } = heard;
    const scene = await fill(database);
    const wanted = Object.entries(expected).map(([what, [indexes]]) => {
      return [what, typeof indexes === 'string' ? indexes : indexes[database.kind]] as const;
    });
    for (const statistics of [false, true]) {
      if (statistics) await heard.analyze();
      const found: (readonly [string, string])[] = [];
      for (const [what, [, work]] of Object.entries(expected)) {
        found.push([what, await heard.indexes((tx) => work({ ...scene, database, tx }))]);
      }
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries(wanted), statistics ? 'with' : 'without');
    }
  });
}

function idsOf(some: readonly Delivery[]): string[] {
  return some.map(({ deliveryId }) => deliveryId);
}

function where({ dialect }: Database): retry.Where {
  return { dialect, shards: [1, 2, 3] };
}

function resultOf(delivery: Delivery): deliveries.AttemptResult {
  return {
    delivery: { ...delivery, attempt: 1, fence: 1 },
    outcome: { state: 'delivered', reason: 'ok', statusCode: 200, message: '' },
    settlement: { state: 'delivered' },
    endpoint: '',
    startedAt: late,
    durationMs: 1,
    maybeSent: true,
    timingJson: '',
    requestHeadersJson: '',
    requestBody: '',
    responseHeadersJson: '',
    responseBody: '',
  };
}

/** Much that has ended, many lanes that wait, a long one among them, and some that are being sent or wait for an attempt. */
async function fill(database: Database): Promise<Omit<Scene, 'database' | 'tx'>> {
  const many = (count: number, entity: (at: number) => string, first = 0) =>
    Array.from({ length: count }, (_, at) => testEvent(entity(at), first === 0 ? 1 : first + at));
  const set = (ids: readonly string[], change: string) =>
    database.transaction((tx) =>
      sql`update delivery set ${sql.raw(change)} where ${database.dialect.anyOf('delivery_id', ids)}`.execute(tx.query),
    );
  const done: Delivery[] = [];
  for (const one of [webhook, ...otherWebhooks]) {
    done.push(
      ...(await storeDeliveries(
        database,
        one,
        many(180, (at) => `old${one.webhookId} ${at}`),
      )),
    );
  }
  const wide = `started_at = 1, maybe_sent = 1, response_body = '${'x'.repeat(1_500)}'`;
  await set(idsOf(done), `state = 'delivered', attempt = 2, shard = 0, ${wide}`);
  await set(idsOf(done.filter((_, at) => at % 9 === 0)), "state = 'failed'");
  const heads = await storeDeliveries(
    database,
    webhook,
    many(2_000, (at) => `lane${at}`),
  );
  await set(idsOf(heads.slice(0, 100)), "mode = 'at_most_once'");
  await set(idsOf(heads.slice(1_900, 1_950)), "state = 'sending'");
  await set(idsOf(heads.slice(1_950)), "state = 'retry_wait', due_at = 1");
  const [long = assert.fail()] = await storeDeliveries(
    database,
    webhook,
    many(1_000, () => 'long', 2),
  );
  await database.transaction((tx) =>
    tx.insertMany(
      'attempt',
      done.map((delivery) => ({
        delivery_id: delivery.deliveryId,
        attempt: 1,
        started_at: 1,
        duration_ms: 1,
        endpoint: '',
        outcome: 'failed',
        reason: 'server_error',
        maybe_sent: 1,
        status_code: 500,
        error_message: '',
        timing_json: '',
        request_headers_json: '',
        request_body: '',
        response_headers_json: '',
        response_body: 'x'.repeat(1_500),
      })),
    ),
  );
  return { heads: heads.slice(0, 20), long };
}
