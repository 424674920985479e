import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { listAudit, oldestAudit, purgeAudit } from '../src/access/audit-store.ts';
import { IdempotencyStore } from '../src/access/idempotency-store.ts';
import { createSecretBox } from '../src/access/secret-box.ts';
import { SessionStore } from '../src/access/session-store.ts';
import * as changes from '../src/changes/change-store.ts';
import type { Database, Transaction } from '../src/database/database.ts';
import { readHeadStates } from '../src/delivery/store/backlog-store.ts';
import { readActivity, saveActivity } from '../src/ingestion/integration-activity-store.ts';
import * as explain from '../src/replay/explain-store.ts';
import { countEvents } from '../src/replay/rehearse-store.ts';
import * as replays from '../src/replay/replay-store.ts';
import type { Replay, Selection } from '../src/replay/replay.ts';
import { countSelection, readCandidates } from '../src/replay/selection-store.ts';
import { systemRandom } from '../src/runtime/random.ts';
import { databases } from './support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from './support/deliveries.ts';
import { openHeard } from './support/query-plans.ts';

/*
 * Changes, replays, the audit log, sessions and idempotency keys are kept for days or longer. A statement about them costs the same
 * however many there are: it finds its rows by an index, with and without statistics, on both databases.
 */

const webhook = testWebhook();
const { webhookId } = webhook;
const [soon, late] = [1_700_000_000_000, 1_900_000_000_000];
const sessions = new SessionStore();
const page = { ascending: false, after: undefined, offset: 0, limit: 20 };
const idempotency = (database: Database) =>
  new IdempotencyStore(database, createSecretBox([new Uint8Array(32)], systemRandom));

const selection: Selection = {
  startTime: soon,
  endTime: late,
  eventTypes: [],
  states: ['failed'],
  reasons: [],
  entityId: '',
  recordIds: [],
};
const replay: Replay = {
  replayId: 'replay3',
  webhookId,
  memberId: 1,
  state: 'running',
  selection,
  order: 'latest',
  perSecond: 10,
  total: 1,
  made: 0,
  skipped: 0,
  cursor: { time: soon, id: '' },
  message: '',
  dueAt: 0,
  pauseMs: 0,
  createdAt: late,
  finishedAt: 0,
};
const filter: changes.ChangeFilter = {
  startTime: soon,
  endTime: late,
  channelIds: [],
  integrationIds: [],
  changeIds: [],
  statuses: [],
  words: [],
  labels: {},
  also: undefined,
};
const audit = { startTime: soon, endTime: late, memberId: undefined, operations: undefined, requestId: undefined };

interface Scene {
  readonly tx: Transaction;
  /** Reads through the transaction. */
  readonly database: Database;
}

type Row = readonly [
  indexes: string | { readonly sqlite: string; readonly postgres: string },
  (scene: Scene) => Promise<unknown>,
];

const expected: Readonly<Record<string, Row>> = {
  'a change of a key': ['change_key', ({ tx, database }) => changes.lockChange(database, tx, 3, 'key 3')],
  'the newest changes': [
    'change_last change_start',
    ({ database }) => changes.listChanges(database, filter, { ...page, orderBy: 'start_time' }),
  ],
  'changes, the last ones first': [
    'change_last',
    ({ database }) => changes.listChanges(database, filter, { ...page, orderBy: 'last_time' }),
  ],
  'changes by id': [
    { sqlite: 'change', postgres: 'change change_last' },
    ({ database }) =>
      changes.listChanges(
        database,
        { ...filter, changeIds: ['change3', 'change4'] },
        { ...page, orderBy: 'last_time' },
      ),
  ],
  'reports of changes': [
    'change_event_change',
    ({ database }) => changes.reportsOfChanges(database, ['change3', 'change4']),
  ],
  'changes around an incident': [
    'change_last',
    ({ database }) => changes.changesAround(database, { channelId: 3, from: soon, to: soon + 1_000 }),
  ],
  'old changes': [
    'change change_event change_event_created change_updated',
    ({ tx }) => changes.purgeChanges(tx, soon + 100, 100),
  ],
  'the audit log': ['audit_entry_time', ({ database }) => listAudit(database, audit, page)],
  'its next page': [
    'audit_entry_time',
    ({ database }) => listAudit(database, audit, { ...page, after: { time: late, id: 'a' } }),
  ],
  'its oldest line': ['audit_entry_time', ({ tx }) => oldestAudit(tx.query)],
  'its old lines': ['audit_entry audit_entry_time', ({ tx }) => purgeAudit(tx, soon + 100, 100)],
  'an idempotency key': ['idempotency', ({ database }) => idempotency(database).take('key 3', 'hash', soon)],
  'its answer': ['idempotency', ({ database }) => idempotency(database).answer('key 3', 'answer')],
  'its release': ['idempotency', ({ database }) => idempotency(database).release('key 3')],
  'old idempotency keys': [
    'idempotency idempotency_created',
    ({ database }) => idempotency(database).purge(soon + 100, 100),
  ],
  'a session': [
    { sqlite: 'sqlite_autoindex_session_2', postgres: 'session_token_hash_key' },
    ({ tx }) => sessions.findByHash(tx.query, 'hash 3'),
  ],
  'sessions of a member': ['session_member', ({ tx }) => sessions.listByMember(tx.query, 3)],
  'a session that is used': ['session', ({ tx }) => sessions.touch(tx, 'session3', late)],
  'a session that ends': ['session', ({ tx }) => sessions.remove(tx, ['session3'])],
  'sessions of a member who leaves': ['session_member', ({ tx }) => sessions.removeAllOf(tx, 3)],
  'old sessions': [
    'all of session session',
    ({ tx }) => sessions.purge(tx, { createdAt: soon + 100, seenAt: soon + 100 }, 100),
  ],
  'the activity of an integration': [
    { sqlite: '', postgres: 'integration_activity' },
    ({ tx }) => readActivity(tx.query, 3),
  ],
  'news of integrations': ['', ({ tx }) => saveActivity(tx, new Map([[3, { heardAt: late }]]))],
  'a replay': ['replay', ({ tx }) => replays.readReplay(tx.query, 'replay3')],
  'a replay that goes on': ['replay', ({ tx, database }) => replays.lockReplay(tx, database.dialect, 'replay3')],
  'its progress': ['replay', ({ tx }) => replays.saveReplay(tx, replay)],
  'the running replays': ['replay_running', ({ tx }) => replays.readRunning(tx.query, 0)],
  'the running replay of a webhook': ['replay_running', ({ tx }) => replays.readRunning(tx.query, webhookId)],
  'replays of all webhooks': ['replay_created', ({ tx }) => replays.listReplays(tx.query, 0, page)],
  'replays of a webhook': ['replay_webhook', ({ tx }) => replays.listReplays(tx.query, webhookId, page)],
  'outcomes of replays': [
    'delivery_replay_ended',
    ({ database }) => replays.countOutcomes(database, ['replay3', 'replay4']),
  ],
  'open deliveries of a replay': ['delivery_replay_ended', ({ tx }) => replays.countOpen(tx.query, 'replay3')],
  'last reasons of a replay': ['delivery_replay_ended', ({ tx }) => replays.readLastReasons(tx.query, 'replay3', 20)],
  'a piece of a replay': [
    'delivery delivery_lane delivery_replay event',
    ({ tx, database }) =>
      replays.makeGenerations(tx, database.dialect, ['none', 'neither'], {
        webhook,
        replayId: 'r',
        now: late,
        recordId: () => 'r',
      }),
  ],
  'a replay that is cancelled': ['delivery_replay_ended', ({ tx }) => replays.cancelOpen(tx, 'replay3', late)],
  'old replays': ['replay replay_ended', ({ tx }) => replays.purgeReplays(tx, soon + 100, 100)],
  'what a replay would send': [
    'delivery_failed_webhook delivery_lane',
    ({ database }) => countSelection(database, webhookId, selection, 'latest', late),
  ],
  'the next records of a replay': [
    'delivery_failed_webhook delivery_lane',
    ({ database }) => readCandidates(database, replay, 100),
  ],
  'an event by its id': ['event', ({ tx }) => explain.readEvent(tx.query, { eventId: 'e' })],
  'an event by its sequence': [
    'event event_entity',
    ({ tx }) => explain.readEvent(tx.query, { entityId: 'lane3', sequence: 1 }),
  ],
  'the newest event': ['event event_entity', ({ tx }) => explain.readNewestEvent(tx.query, 'lane3')],
  'the newest deliveries of an event': [
    'delivery_lane',
    ({ tx }) => explain.readNewestDeliveries(tx.query, { entityId: 'lane3', sequence: 1, eventId: 'e' }),
  ],
  // Only several nodes on PostgreSQL ask this.
  'heads for other nodes': [
    { sqlite: '', postgres: 'delivery_open' },
    async ({ tx, database }) =>
      database.kind === 'postgres' ? readHeadStates(tx.query, [{ webhookId, after: '' }], 20) : undefined,
  ],
  'a stretch of events': ['event', ({ database }) => countEvents(database, '0', 'f')],
};

for (const { name, open } of databases) {
  test(`${name}: a statement about changes, replays, sessions or logs has its index, with and without statistics`, async () => {
    await using heard = await openHeard(open, true);
    const { database } = heard;
    await fill(database);
    const wanted = Object.entries(expected).map(([what, [indexes]]) => {
      return [what, typeof indexes === 'string' ? indexes : indexes[database.kind]] as const;
    });
    for (const statistics of [false, true]) {
      if (statistics) await heard.analyze();
      const found: (readonly [string, string])[] = [];
      for (const [what, [, work]] of Object.entries(expected)) {
        found.push([
          what,
          await heard.indexes((tx) =>
            work({
              tx,
              database: { ...database, read: tx.query, longRead: tx.query, transaction: (inner) => inner(tx) },
            }),
          ),
        ]);
      }
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries(wanted), statistics ? 'with' : 'without');
    }
  });
}

/** What a busy installation has after some days; one delivery in ten comes from one of many replays. */
async function fill(database: Database): Promise<void> {
  const rows = <Row>(count: number, row: (at: number) => Row) => Array.from({ length: count }, (_, at) => row(at));
  const texts = { description: '', link: '', labels_json: '{}' };
  await database.transaction(async (tx) => {
    const change = rows(4_000, (at) => ({
      ...texts,
      change_id: `change${at}`,
      integration_id: at % 40,
      channel_id: at % 40,
      change_key: `key ${at}`,
      title: `deploy ${at}`,
      status: 'Done',
      start_time: soon + at,
      last_time: soon + at,
      end_time: soon + at,
      event_cnt: 1,
      created_at: soon + at,
      updated_at: soon + at,
    }));
    await tx.insertMany('change', change);
    await tx.insertMany(
      'change_event',
      rows(8_000, (at) => ({
        ...texts,
        event_id: `event${at}`,
        change_id: `change${at % 4_000}`,
        integration_id: at % 40,
        title: `deploy ${at}`,
        status: 'Done',
        event_time: soon + at,
        created_at: soon + at,
      })),
    );
    await tx.insertMany(
      'audit_entry',
      rows(5_000, (at) => ({
        audit_id: `audit${at}`,
        created_at: soon + at,
        member_id: at % 50,
        operation: '/webhook/update',
        object_id: '1',
        body_json: '{}',
        request_id: `request${at}`,
        address: '',
      })),
    );
    await tx.insertMany(
      'idempotency',
      rows(5_000, (at) => ({ idempotency_id: `key ${at}`, body_hash: 'hash', response: '', created_at: soon + at })),
    );
    await tx.insertMany(
      'session',
      rows(4_000, (at) => ({
        session_id: `session${at}`,
        member_id: at % 400,
        token_hash: `hash ${at}`,
        method: 'link',
        created_at: soon + at,
        seen_at: soon + at,
        address: '',
        agent: '',
      })),
    );
    await tx.insertMany(
      'integration_activity',
      rows(2_000, (at) => ({
        integration_id: at,
        last_event_at: soon,
        error_at: 0,
        error_json: '',
        truncated_at: 0,
        truncated_cnt: 0,
        unrouted_at: 0,
        unrouted_cnt: 0,
      })),
    );
    for (const at of rows(3_000, (index) => index)) {
      const isRunning = at < 10;
      const finishedAt = isRunning ? 0 : soon + at;
      await replays.insertReplay(tx, {
        ...replay,
        replayId: `replay${at}`,
        webhookId: webhookId + (at % 60),
        state: isRunning ? 'running' : 'done',
        createdAt: soon + at,
        finishedAt,
      });
    }
  });
  for (const one of [webhook, ...rows(9, () => testWebhook())]) {
    await storeDeliveries(
      database,
      one,
      rows(1_000, (at) => testEvent(one === webhook ? `lane${at}` : `of ${one.webhookId} ${at}`, 1)),
    );
  }
  await database.transaction(async ({ query }) => {
    await sql`update delivery set state = case when delivery_id like '%7' then 'failed' else 'delivered' end, shard = 0, finished_at = event_time where delivery_id not like '%99'`.execute(
      query,
    );
    await sql`update delivery set replay_id = ${sql.lit('replay')} || substr(delivery_id, 25, 4) where delivery_id like '%1'`.execute(
      query,
    );
  });
}
