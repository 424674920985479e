import { sql } from 'kysely';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { AttemptRow, DeliveryRow } from '../database/tables.ts';
import type { DeliveryState } from './delivery.ts';

/** Reads of the invocation history (contract 3), and what forgets it. */

/** What the history shows as failed: all that has been tried or has ended, and was not delivered. */
export const failedStates = ['failed', 'unknown', 'retry_wait', 'expired', 'cancelled', 'superseded'] as const;

/** The same, as the partial indexes `delivery_failed` and `delivery_failed_webhook` say it: only then are they used. */
const isFailed = sql<boolean>`state <> 'pending' and state <> 'sending' and state <> 'delivered'`;

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
}

/** Counted exactly below this; what has more says this. */
const historyTotalMax = 1_000;

export async function listHistory(
  database: Database,
  filter: HistoryFilter,
  page: { readonly after: HistoryPosition | undefined; readonly ascending: boolean; readonly limit: number },
): Promise<DeliveryRow[]> {
  const { after, ascending } = page;
  const direction = ascending ? 'asc' : 'desc';
  let query = filtered(database, after === undefined ? filter : beyond(filter, after, ascending)).selectAll();
  if (after !== undefined) {
    const sign = ascending ? sql.raw('>') : sql.raw('<');
    query = query.where(sql<boolean>`(event_time, delivery_id) ${sign} (${after.eventTime}, ${after.deliveryId})`);
  }
  return query.orderBy('event_time', direction).orderBy('delivery_id', direction).limit(page.limit).execute();
}

/** The span that is left behind a page. Said of the time alone too, because SQLite begins its search by that. */
function beyond(filter: HistoryFilter, { eventTime }: HistoryPosition, ascending: boolean): HistoryFilter {
  return ascending
    ? { ...filter, startTime: Math.max(filter.startTime, eventTime) }
    : { ...filter, endTime: Math.min(filter.endTime, eventTime) };
}

export async function countHistory(database: Database, filter: HistoryFilter): Promise<number> {
  const some = filtered(database, filter).select('delivery_id').limit(historyTotalMax);
  const row = await database.read
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return row?.count ?? 0;
}

function filtered({ read, dialect }: Database, filter: HistoryFilter) {
  let query = read
    .selectFrom('delivery')
    .where('event_time', '>=', filter.startTime)
    .where('event_time', '<=', filter.endTime)
    .where(filter.states === failedStates ? isFailed : dialect.anyOf('state', filter.states));
  if (filter.webhookId !== 0) query = query.where('webhook_id', '=', filter.webhookId);
  if (filter.entityId !== '') query = query.where('entity_id', '=', filter.entityId);
  if (filter.eventTypes.length > 0) query = query.where(dialect.anyOf('event_type', filter.eventTypes));
  return query;
}

/** A delivery with its attempts, the first one first, and the event's own payload. */
export interface HistoryRecord {
  readonly delivery: DeliveryRow;
  readonly attempts: readonly AttemptRow[];
  readonly payload: string;
}

export async function readHistory(
  query: Query,
  webhookId: number,
  deliveryId: string,
): Promise<HistoryRecord | undefined> {
  const delivery = await query
    .selectFrom('delivery')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .where('webhook_id', '=', webhookId)
    .executeTakeFirst();
  if (delivery === undefined) return undefined;
  const attempts = await query
    .selectFrom('attempt')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('attempt')
    .execute();
  const event = await query
    .selectFrom('event')
    .select('payload')
    .where('event_id', '=', delivery.event_id)
    .executeTakeFirst();
  return { delivery, attempts, payload: event?.payload ?? '' };
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
 * Forgets a page of what ended before a time, with its attempts, in the order of event times. What is open is never
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
  const open = new Set(['pending', 'sending', 'retry_wait']);
  const ended = rows.filter((row) => !open.has(row.state) && row.finished_at < span.before);
  const oldest = ended[0]?.event_time;
  const before = oldest === undefined ? span.before : Math.min(span.before, oldest + span.stepMs);
  const ids = ended.filter((row) => row.event_time < before).map((row) => row.delivery_id);
  if (ids.length > 0) {
    await tx.query.deleteFrom('attempt').where(dialect.anyOf('delivery_id', ids)).execute();
    await tx.query.deleteFrom('delivery').where(dialect.anyOf('delivery_id', ids)).execute();
  }
  const last = rows.at(-1);
  const more = last !== undefined && rows.length === limit;
  return {
    purged: ids.length,
    before,
    next: more ? { eventTime: last.event_time, deliveryId: last.delivery_id } : undefined,
  };
}

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
