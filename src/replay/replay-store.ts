import { sql } from 'kysely';
import type { Database, Dialect, Query, Transaction } from '../database/database.ts';
import { totalMax } from '../database/keyset.ts';
import type { ReplayRow } from '../database/tables.ts';
import { urgencyOf, type Delivery, type DeliveryState } from '../delivery/store/delivery.ts';
import { byLane } from '../delivery/store/delivery-state-store.ts';
import { insertDeliveries } from '../delivery/store/delivery-store.ts';
import type { Reason } from '../delivery/store/outcome.ts';
import { payloadOf } from '../events/stored-payload-store.ts';
import type { EventType } from '../events/event-types.ts';
import type { Webhook, WebhookType } from '../webhooks/webhook.ts';
import type { Replay, ReplayOrder, ReplayState, Selection } from './replay.ts';

export async function insertReplay(tx: Transaction, replay: Replay): Promise<void> {
  await tx.query.insertInto('replay').values(rowOf(replay)).execute();
}

/** Keeps the progress and the state of a replay; the rest never changes. */
export async function saveReplay(tx: Transaction, replay: Replay): Promise<void> {
  const { state, made, skipped, cursor_time, cursor_id, message, due_at, pause_ms, finished_at } = rowOf(replay);
  const set = { state, made, skipped, cursor_time, cursor_id, message, due_at, pause_ms, finished_at };
  await tx.setMany('replay', [{ match: { replay_id: replay.replayId }, set }]);
}

/** Locks it until the end of the transaction: of several nodes, one makes its next piece. */
export async function lockReplay(tx: Transaction, dialect: Dialect, replayId: string): Promise<Replay | undefined> {
  const { rows } = await sql<ReplayRow>`
    select * from replay where replay_id = ${replayId} ${dialect.forUpdate}`.execute(tx.query);
  return rows[0] === undefined ? undefined : replayOf(rows[0]);
}

export async function readReplay(query: Query, replayId: string): Promise<Replay | undefined> {
  const row = await query.selectFrom('replay').selectAll().where('replay_id', '=', replayId).executeTakeFirst();
  return row === undefined ? undefined : replayOf(row);
}

/** Of one webhook, or of all (0). */
export async function readRunning(query: Query, webhookId: number): Promise<Replay[]> {
  const running = query
    .selectFrom('replay')
    .selectAll()
    .where(sql<boolean>`state = 'running'`);
  const rows = await (webhookId === 0 ? running : running.where('webhook_id', '=', webhookId)).execute();
  // Sorted here: to get the order from an index, SQLite would read all replays that are kept.
  return rows.map(replayOf).sort((a, b) => a.createdAt - b.createdAt);
}

/** The newest first. @param webhookId 0 = of all webhooks. */
export async function listReplays(
  query: Query,
  webhookId: number,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ readonly items: readonly Replay[]; readonly total: number }> {
  const all = query.selectFrom('replay');
  const some = webhookId === 0 ? all : all.where('webhook_id', '=', webhookId);
  const rows = await some
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('replay_id', 'desc')
    .offset(offset)
    .limit(limit)
    .execute();
  const { total } = await query
    .selectFrom(some.select('replay_id').limit(totalMax).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { items: rows.map(replayOf), total };
}

/** The condition of the partial indexes; with a parameter, PostgreSQL would not see that, and read all deliveries. */
const isOfReplay = sql<boolean>`replay_id <> ''`;

/** How many deliveries of each replay are in each state. */
export async function countOutcomes(
  { longRead, dialect }: Pick<Database, 'longRead' | 'dialect'>,
  replayIds: readonly string[],
): Promise<Map<string, Map<DeliveryState, number>>> {
  const counts = new Map(replayIds.map((id) => [id, new Map<DeliveryState, number>()]));
  if (replayIds.length === 0) return counts;
  const rows = await longRead
    .selectFrom('delivery')
    .select(['replay_id', 'state', ({ fn }) => fn.countAll<number>().as('count')])
    .where(dialect.anyOf('replay_id', replayIds))
    .where(isOfReplay)
    .groupBy(['replay_id', 'state'])
    .execute();
  for (const row of rows) counts.get(row.replay_id)?.set(row.state as DeliveryState, row.count);
  return counts;
}

/** Deliveries of a replay that have not ended. */
export async function countOpen(query: Query, replayId: string): Promise<number> {
  const { count } = await query
    .selectFrom('delivery')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('replay_id', '=', replayId)
    .where(isOfReplay)
    .where('finished_at', '=', 0)
    .executeTakeFirstOrThrow();
  return count;
}

/** Why the deliveries of a replay that ended last ended as they did, the last one first. */
export async function readLastReasons(query: Query, replayId: string, limit: number): Promise<Reason[]> {
  const rows = await query
    .selectFrom('delivery')
    .select('reason')
    .where('replay_id', '=', replayId)
    .where(isOfReplay)
    .where('finished_at', '>', 0)
    .orderBy('finished_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => row.reason as Reason);
}

/**
 * Makes a new generation of each of these records, in the caller's transaction, but one of an event for each replay: a resend
 * that was open when the replay came to its original is a record too once it has ended.
 * @returns the new deliveries.
 */
export async function makeGenerations(
  tx: Transaction,
  dialect: Dialect,
  recordIds: readonly string[],
  made: { readonly webhook: Webhook; readonly replayId: string; readonly now: number; readonly recordId: () => string },
): Promise<Delivery[]> {
  if (recordIds.length === 0) return [];
  const { webhook, replayId, now, recordId } = made;
  const rows = await tx.query
    .selectFrom('delivery')
    .innerJoin('event', 'event.event_id', 'delivery.event_id')
    .selectAll('delivery')
    .select([
      payloadOf().as('payload'),
      sql<number>`(select max(other.generation) from delivery as other
        where other.entity_id = delivery.entity_id and other.webhook_id = delivery.webhook_id
          and other.sequence = delivery.sequence and ${byLane('other')})`.as('generations'),
    ])
    .where(dialect.anyOf('delivery.delivery_id', recordIds))
    .where(
      sql<boolean>`not exists (
        select 1 from delivery as made
        where made.replay_id = ${replayId} and made.replay_id <> '' and made.webhook_id = delivery.webhook_id
          and made.entity_id = delivery.entity_id and made.sequence = delivery.sequence)`,
    )
    .orderBy('delivery.event_time')
    .orderBy('delivery.delivery_id')
    .execute();
  const firsts = new Map(rows.toReversed().map((row) => [`${row.entity_id} ${row.sequence}`, row]));
  const deliveries = rows
    .filter((row) => firsts.get(`${row.entity_id} ${row.sequence}`) === row)
    .map((row): Delivery => ({
      deliveryId: recordId(),
      webhookId: row.webhook_id,
      webhookType: row.webhook_type as WebhookType,
      eventId: row.event_id,
      generation: row.generations + 1,
      entityId: row.entity_id,
      sequence: row.sequence,
      eventType: row.event_type as EventType,
      eventTime: row.event_time,
      channelId: row.channel_id,
      mode: webhook.mode,
      attempt: 0,
      fence: 0,
      createdAt: now,
      // Whatever its severity was: new events go first.
      urgency: urgencyOf.Info,
      previousSequence: row.previous_sequence,
      supersededTypes: [],
      firstAttemptAt: 0,
      replayId,
      payload: row.payload,
    }));
  await insertDeliveries(tx, deliveries, () => webhook.endpoint);
  return deliveries;
}

/** Cancels the deliveries of a replay that wait; attempts in flight end as they end. @returns how many. */
export async function cancelOpen(tx: Transaction, replayId: string, now: number): Promise<number> {
  const result = await sql<{ delivery_id: string }>`
    update delivery set state = 'cancelled', reason = 'cancelled', finished_at = ${now},
      error_message = 'not sent: its replay was cancelled'
    where replay_id = ${replayId} and replay_id <> '' and finished_at = 0 and state in ('pending', 'retry_wait')
    returning delivery_id`.execute(tx.query);
  return result.rows.length;
}

/** Forgets replays that ended before, so many at most, so that the statement stays short. @returns how many. */
export async function purgeReplays(tx: Transaction, before: number, limit: number): Promise<number> {
  const old = tx.query
    .selectFrom('replay')
    .select('replay_id')
    .where(sql<boolean>`state <> 'running'`)
    .where('finished_at', '<', before)
    .orderBy('finished_at')
    .limit(limit);
  const gone = await tx.query.deleteFrom('replay').where('replay_id', 'in', old).returning('replay_id').execute();
  return gone.length;
}

function rowOf(replay: Replay): ReplayRow {
  return {
    replay_id: replay.replayId,
    webhook_id: replay.webhookId,
    member_id: replay.memberId,
    state: replay.state,
    selection_json: JSON.stringify(replay.selection),
    order_policy: replay.order,
    per_second: replay.perSecond,
    total: replay.total,
    made: replay.made,
    skipped: replay.skipped,
    cursor_time: replay.cursor.time,
    cursor_id: replay.cursor.id,
    message: replay.message,
    due_at: replay.dueAt,
    pause_ms: replay.pauseMs,
    created_at: replay.createdAt,
    finished_at: replay.finishedAt,
  };
}

function replayOf(row: ReplayRow): Replay {
  return {
    replayId: row.replay_id,
    webhookId: row.webhook_id,
    memberId: row.member_id,
    state: row.state as ReplayState,
    selection: JSON.parse(row.selection_json) as Selection,
    order: row.order_policy as ReplayOrder,
    perSecond: row.per_second,
    total: row.total,
    made: row.made,
    skipped: row.skipped,
    cursor: { time: row.cursor_time, id: row.cursor_id },
    message: row.message,
    dueAt: row.due_at,
    pauseMs: row.pause_ms,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}
