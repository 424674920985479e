import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import type { Database, Query, Transaction } from '../../database/database.ts';
import { countUpTo, cut, pageOf, type Cut, type KeysetPage } from '../../database/keyset.ts';
import type { AttemptRow, DeliveryRow, NewDeliveryRow, Tables } from '../../database/tables.ts';
import { payloadOf } from '../../events/stored-payload-store.ts';
import { partsOf } from '../../runtime/turns.ts';
import { openStates, type DeliveryState } from '../store/delivery.ts';
import { everyAttempt } from '../store/every-attempt.ts';
import { byLane, isFailed, isOpen } from '../store/delivery-state-store.ts';

/** Reads of the invocation history (contract 3), and what forgets it. */

/** What the history shows as failed: all that has been tried or has ended, and was not delivered. */
export const failedStates = ['failed', 'unknown', 'retry_wait', 'expired', 'cancelled', 'superseded'] as const;

/** Deliveries at or after `eventTime` in the order asked for, behind the one that a page ended with. */
export interface HistoryPosition {
  readonly eventTime: number;
  readonly deliveryId: string;
}

export interface HistoryFilter {
  /** Unix milliseconds, both included. */
  readonly startTime: number;
  readonly endTime: number;
  /** 0 = of all webhooks. */
  readonly webhookId: number;
  /** '' = of all alerts and incidents. */
  readonly entityId: string;
  /** Empty = of all types. */
  readonly eventTypes: readonly string[];
  readonly states: readonly DeliveryState[];
  /** Empty = whatever the reason. */
  readonly reasons: readonly string[];
  /** Empty = of all kinds of webhooks. */
  readonly webhookTypes: readonly string[];
  /** '' = whether or not a replay made it. */
  readonly replayId: string;
  /** As a push says it: its event id or its delivery id; absent or '' = of all pushes. */
  readonly pushId?: string;
  /** Only records with these ids; absent or empty = all. */
  readonly recordIds?: readonly string[];
}

/** What a list reads of a delivery: nothing of the wire. */
export type ListedDelivery = Pick<NewDeliveryRow, (typeof listed)[number]>;

const listed = [
  'delivery_id',
  'webhook_id',
  'webhook_type',
  'event_id',
  'generation',
  'entity_id',
  'sequence',
  'event_type',
  'event_time',
  'channel_id',
  'mode',
  'state',
  'attempt',
  'endpoint',
  'status_code',
  'duration_ms',
  'reason',
  'error_message',
  'due_at',
  'created_at',
  'finished_at',
  'replay_id',
] as const satisfies readonly (keyof NewDeliveryRow)[];

/** A page by event time, and the number of all, counted up to a limit. */
export async function listHistory(
  database: Database,
  filter: HistoryFilter,
  page: Omit<KeysetPage, 'offset'>,
): Promise<Cut<ListedDelivery> & { readonly total: number }> {
  const { after, ascending, limit } = page;
  const { longRead, dialect } = database;
  const selected = (part: HistoryFilter) =>
    inItsOrder(inHistory(longRead.selectFrom('delivery'), dialect, part), part, ascending);
  const rest = selected(after === undefined ? filter : beyond(filter, after.time, ascending));
  const columns = ['event_time', 'delivery_id'] as const;
  const rows = await pageOf(rest.select(listed), columns, { ...page, offset: 0 }).execute();
  return {
    ...cut(rows, limit, (row) => ({ time: row.event_time, id: row.delivery_id })),
    total: await countUpTo(database, selected(filter).select('delivery_id')),
  };
}

/** The span that is left behind a page. Said of the time alone too, because SQLite begins its search by that. */
function beyond(filter: HistoryFilter, eventTime: number, ascending: boolean): HistoryFilter {
  return ascending
    ? { ...filter, startTime: Math.max(filter.startTime, eventTime) }
    : { ...filter, endTime: Math.min(filter.endTime, eventTime) };
}

/** Deliveries that are looked at; where there are as many, somebody is beyond the first push. */
const firstPushesMax = 200;

/** Whether a push has ever reached its receiver, as far as the oldest deliveries that are kept can tell. */
export async function wasPushed(query: Query): Promise<boolean> {
  const rows = await query
    .selectFrom('delivery')
    .select('state')
    .orderBy('event_time')
    .orderBy('delivery_id')
    .limit(firstPushesMax)
    .execute();
  return rows.length === firstPushesMax || rows.some(({ state }) => state === 'delivered');
}

/** The table, or some rows of it under its name. */
export type Deliveries = SelectQueryBuilder<Tables, 'delivery', object>;

/** The deliveries that a filter selects. The columns have no table before them, so it may be part of another query. */
export function inHistory(deliveries: Deliveries, dialect: Database['dialect'], filter: HistoryFilter) {
  const { startTime: from, endTime: until, pushId = '', recordIds = [], webhookId } = filter;
  // The deliveries of one alert, incident or push, and named ones, are found by that, and not by their times as well.
  const time = isByTime(filter) ? sql<number>`event_time` : sql<number>`(event_time + 0)`;
  const inSpan = isOfOneWebhook(filter)
    ? deliveries.where(dialect.within({ place: 'webhook_id', time: 'event_time' }, { place: webhookId, from, until }))
    : deliveries.where(time, '>=', from).where(time, '<=', until);
  let query = inSpan.where(filter.states === failedStates ? isFailed : dialect.anyOf('state', filter.states));
  // Said beside the states, so that the partial indexes of what failed are used for some of them too.
  if (filter.states !== failedStates && filter.states.every(isFailedState)) query = query.where(isFailed);
  // The second condition is that of the partial index.
  if (filter.replayId !== '')
    query = query.where('replay_id', '=', filter.replayId).where(sql<boolean>`replay_id <> ''`);
  if (pushId !== '') query = query.where(isOfPush(pushId));
  if (recordIds.length > 0) query = query.where(dialect.anyOf('delivery_id', recordIds));
  if (webhookId !== 0 && !isOfOneWebhook(filter))
    query = query.where(
      pushId === '' && recordIds.length === 0 ? sql<boolean>`webhook_id = ${webhookId}` : isTo(webhookId),
    );
  if (filter.entityId !== '') query = query.where('entity_id', '=', filter.entityId).where(byLane());
  if (filter.eventTypes.length > 0) query = query.where(dialect.anyOf('event_type', filter.eventTypes));
  if (filter.reasons.length > 0) query = query.where(dialect.anyOf('reason', filter.reasons));
  if (filter.webhookTypes.length > 0) query = query.where(dialect.anyOf('webhook_type', filter.webhookTypes));
  return query;
}

/** Those of one webhook go in the order of its index; what else they are ordered by follows. */
export function inItsOrder(deliveries: Deliveries, filter: HistoryPlace, ascending: boolean): Deliveries {
  return isOfOneWebhook(filter) ? deliveries.orderBy('webhook_id', ascending ? 'asc' : 'desc') : deliveries;
}

type HistoryPlace = Pick<HistoryFilter, 'webhookId' | 'entityId' | 'pushId' | 'recordIds'>;

function isOfOneWebhook(filter: HistoryPlace): boolean {
  return filter.webhookId !== 0 && isByTime(filter);
}

function isByTime({ entityId, pushId = '', recordIds = [] }: Omit<HistoryPlace, 'webhookId'>): boolean {
  return entityId === '' && pushId === '' && recordIds.length === 0;
}

function isFailedState(state: DeliveryState): boolean {
  return failedStates.some((failed) => failed === state);
}

/** A delivery with its attempts, the first one first, and the event's own payload. */
export interface HistoryRecord {
  readonly delivery: DeliveryRow;
  readonly attempts: readonly AttemptRow[];
  readonly payload: string;
}

/** A delivery's own id has another length. */
const eventIdForm = /^[0-9a-f]{32}$/;

/** The delivery of this id, or those of the event of this id. */
function isOfPush(id: string): RawBuilder<boolean> {
  if (!eventIdForm.test(id)) return sql<boolean>`delivery_id = ${id}`;
  // The index of lanes finds it, whatever else the webhook's history holds.
  return sql<boolean>`entity_id = (select event.entity_id from event where event.event_id = ${id}) and event_id = ${id}
    and ${byLane()}`;
}

/** Not by the index of webhooks, which would read all that is kept of one. */
function isTo(webhookId: number): RawBuilder<boolean> {
  return sql<boolean>`(webhook_id + 0) = ${webhookId}`;
}

/** @param id the delivery's, or that of the event in the push: then the delivery is the newest of that event. */
export async function readHistory(query: Query, webhookId: number, id: string): Promise<HistoryRecord | undefined> {
  const delivery = await query
    .selectFrom('delivery')
    .selectAll()
    .where(isOfPush(id))
    .where(isTo(webhookId))
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (delivery === undefined) return undefined;
  const deliveryId = delivery.delivery_id;
  const others = await query
    .selectFrom('attempt')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('attempt')
    .execute();
  const event = await query
    .selectFrom('event')
    .select(payloadOf().as('payload'))
    .where('event_id', '=', delivery.event_id)
    .executeTakeFirst();
  return { delivery, attempts: everyAttempt(delivery, others), payload: event?.payload ?? '' };
}

/** Where a delivery stands in its lane, as sequences of events; 0 = nothing to say. */
export interface LanePlace {
  /** The next event of the lane that was not superseded itself. */
  readonly supersededBy: number;
  /** The open delivery that goes first. */
  readonly behind: number;
}

/** Of the superseded and the waiting among these deliveries; the others have no place. */
export async function placesInLanes(
  { longRead, dialect }: Database,
  rows: readonly ListedDelivery[],
): Promise<ReadonlyMap<string, LanePlace>> {
  const ids = rows
    .filter(({ state, sequence }) => sequence > 0 && (state === 'superseded' || isWaiting(state)))
    .map((row) => row.delivery_id);
  if (ids.length === 0) return new Map();
  const found = await sql<{ delivery_id: string; superseded_by: number | null; behind: number | null }>`
    select delivery_id,
      case when state = 'superseded' then (
        select later.sequence from delivery later
        where later.entity_id = delivery.entity_id and later.webhook_id = delivery.webhook_id
          and later.sequence > delivery.sequence and ${byLane('later')} and later.state <> 'superseded'
        order by later.sequence limit 1) end as superseded_by,
      case when state <> 'superseded' then (
        select head.sequence from delivery head
        where head.webhook_id = delivery.webhook_id and head.entity_id = delivery.entity_id
          and ${isOpen('head')}
          and (head.sequence, head.generation) < (delivery.sequence, delivery.generation)
        order by head.sequence, head.generation limit 1) end as behind
    from delivery where ${dialect.anyOf('delivery_id', ids)}`.execute(longRead);
  return new Map(
    found.rows.map((row) => [row.delivery_id, { supersededBy: row.superseded_by ?? 0, behind: row.behind ?? 0 }]),
  );
}

/** A later sending of the same event to the same webhook. */
export interface LaterDelivery {
  readonly deliveryId: string;
  /** '' = it was a resend. */
  readonly replayId: string;
}

const missedStates: ReadonlySet<string> = new Set(['failed', 'unknown', 'expired', 'cancelled', 'superseded']);

/** For those of these deliveries that ended without arriving: the first later sending of their event that arrived. */
export async function deliveredLater(
  { longRead, dialect }: Database,
  rows: readonly ListedDelivery[],
): Promise<ReadonlyMap<string, LaterDelivery>> {
  const ids = rows.filter(({ state }) => missedStates.has(state)).map((row) => row.delivery_id);
  if (ids.length === 0) return new Map();
  const found = await sql<{ missed_id: string; delivery_id: string; replay_id: string }>`
    select missed.missed_id, later.delivery_id, later.replay_id
    from (select delivery_id as missed_id, (
        select other.delivery_id from delivery other
        where other.entity_id = delivery.entity_id and other.webhook_id = delivery.webhook_id
          and other.sequence = delivery.sequence and other.generation > delivery.generation and ${byLane('other')}
          and other.state = 'delivered' and other.event_id = delivery.event_id
        order by other.generation limit 1) as later_id
      from delivery where ${dialect.anyOf('delivery_id', ids)}) missed
    join delivery later on later.delivery_id = missed.later_id`.execute(longRead);
  return new Map(found.rows.map((row) => [row.missed_id, { deliveryId: row.delivery_id, replayId: row.replay_id }]));
}

function isWaiting(state: string): boolean {
  return state === 'pending' || state === 'retry_wait';
}

/** How many deliveries of each of these alerts or incidents are in each state. */
export async function countByEntity(
  { longRead, dialect }: Database,
  entityIds: readonly string[],
): Promise<{ readonly entityId: string; readonly state: DeliveryState; readonly count: number }[]> {
  const rows = await longRead
    .selectFrom('delivery')
    .select(['entity_id', 'state', ({ fn }) => fn.countAll<number>().as('count')])
    .where(dialect.anyOf('entity_id', entityIds))
    .where(byLane())
    .groupBy(['entity_id', 'state'])
    .execute();
  return rows.map((row) => ({ entityId: row.entity_id, state: row.state as DeliveryState, count: row.count }));
}

/** How many of a webhook's deliveries are in each state, of events in a time span (Unix ms, both included). */
export async function countStates(
  query: Query,
  webhookId: number,
  startTime: number,
  endTime: number,
): Promise<Map<DeliveryState, number>> {
  const rows = await query
    .selectFrom('delivery')
    .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
    .where('webhook_id', '=', webhookId)
    .where('event_time', '>=', startTime)
    .where('event_time', '<=', endTime)
    .groupBy('state')
    .execute();
  return new Map(rows.map((row) => [row.state as DeliveryState, row.count]));
}

/**
 * Forgets a page of deliveries that ended before a time, with their attempts, in the order of event times. An open one is never
 * touched, nor what is only old by its event: a resend of yesterday is kept from yesterday on. Events stay, because the
 * timelines show them.
 */
export async function purgeHistory(
  tx: Transaction,
  dialect: Database['dialect'],
  span: PurgeSpan,
  after: HistoryPosition,
  limit: number,
): Promise<PurgedPage> {
  const rows = await tx.query
    .selectFrom('delivery')
    .select(['delivery_id', 'event_time', 'state', 'finished_at'])
    .where('event_time', '<', span.before)
    .where(sql<boolean>`(event_time, delivery_id) > (${after.eventTime}, ${after.deliveryId})`)
    .orderBy('event_time')
    .orderBy('delivery_id')
    .limit(limit)
    .execute();
  const open = new Set<string>(openStates);
  const ended = rows.filter((row) => !open.has(row.state) && row.finished_at < span.before);
  const oldest = ended[0]?.event_time;
  const before = oldest === undefined ? span.before : Math.min(span.before, oldest + span.stepMs);
  const ids = ended.filter((row) => row.event_time < before).map((row) => row.delivery_id);
  if (ids.length > 0) {
    // Sent together: one after the other, they would hold a connection of PostgreSQL for 25 round trips.
    await Promise.all([
      ...partsOf(ids, withAttemptsMax).map((some) =>
        tx.query.deleteFrom('attempt').where(dialect.anyOf('delivery_id', some)).execute(),
      ),
      tx.query.deleteFrom('delivery').where(dialect.anyOf('delivery_id', ids)).execute(),
    ]);
  }
  const last = rows.at(-1);
  const more = last !== undefined && rows.length === limit;
  return {
    purged: ids.length,
    before,
    next: more ? { eventTime: last.event_time, deliveryId: last.delivery_id } : undefined,
  };
}

/** Of more deliveries at once, PostgreSQL without statistics would read all attempts that are kept. */
const withAttemptsMax = 20;

export interface PurgeSpan {
  /** Unix milliseconds: what ended before, of an event before. */
  readonly before: number;
  /** No further than this beyond the oldest that is found. */
  readonly stepMs: number;
}

export interface PurgedPage {
  readonly purged: number;
  /** The end of what may be forgotten, now that the oldest is known. */
  readonly before: number;
  /** Where the next page begins; undefined = there is none. */
  readonly next: HistoryPosition | undefined;
}
