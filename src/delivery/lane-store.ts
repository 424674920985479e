import { sql, type RawBuilder } from 'kysely';
import type { Query } from '../database/database.ts';
import type { EventType } from '../events/event-types.ts';
import type { DeliveryMode, WebhookType } from '../webhooks/webhook.ts';
import type { Delivery, OpenState, Urgency } from './delivery.ts';

/*
 * Reads of what is still to be done. All go by the partial index `delivery_open`, or by `delivery_open_critical`, whose
 * predicates they repeat word for word, because only then are they used; the order asked for keeps a planner from a
 * longer index. They skip from lane to lane: what waits behind a head costs nothing.
 */

/** The first open delivery of a lane. */
export interface Head {
  readonly delivery: Delivery;
  readonly state: OpenState;
  /** Of the lane: Critical when anything that is open in it is, else that of its head. */
  readonly urgency: Urgency;
}

/** The heads of the next lanes of a webhook, in the order of entity ids, after `afterEntityId` ('' = from the first). */
export function readHeads(query: Query, webhookId: number, afterEntityId: string, limit: number): Promise<Head[]> {
  return readPage(
    query,
    webhookId,
    sql`(state = 'pending' or state = 'sending' or state = 'retry_wait')`,
    afterEntityId,
    limit,
  );
}

/** As `readHeads`, only of lanes in which something Critical is open; the head itself may be less urgent. */
export function readCriticalHeads(
  query: Query,
  webhookId: number,
  afterEntityId: string,
  limit: number,
): Promise<Head[]> {
  const critical = sql`urgency = 0 and (state = 'pending' or state = 'sending' or state = 'retry_wait')`;
  return readPage(query, webhookId, critical, afterEntityId, limit);
}

/** @param predicate of the index by which the lanes are found. */
async function readPage(
  query: Query,
  webhookId: number,
  predicate: RawBuilder<unknown>,
  afterEntityId: string,
  limit: number,
): Promise<Head[]> {
  const result = await sql<HeadRow & LaneRow>`
    with recursive lane (entity_id, number) as (
      select (
        select entity_id from delivery
        where webhook_id = ${webhookId} and ${predicate}
          and entity_id > ${afterEntityId}
        order by entity_id limit 1), 1
      union all
      select (
        select delivery.entity_id from delivery
        where webhook_id = ${webhookId} and ${predicate}
          and delivery.entity_id > lane.entity_id
        order by delivery.entity_id limit 1), lane.number + 1
      from lane where lane.entity_id is not null and lane.number < ${limit})
    select ${columns}, ${laneUrgency} from lane
    join delivery on delivery.delivery_id = (
      select head.delivery_id from delivery as head
      where head.webhook_id = ${webhookId} and head.entity_id = lane.entity_id
        and (head.state = 'pending' or head.state = 'sending' or head.state = 'retry_wait')
      order by head.sequence, head.generation limit 1)
    join event on event.event_id = delivery.event_id
    order by lane.number`.execute(query);
  return result.rows.map(headOf);
}

/** The heads of these lanes of one webhook; a lane without one has nothing left to do. */
export async function readHeadsOf(query: Query, webhookId: number, entityIds: readonly string[]): Promise<Head[]> {
  const wanted = sql.join(entityIds.map((entityId) => sql`(${entityId})`));
  const result = await sql<HeadRow & LaneRow>`
    with lane (entity_id) as (values ${wanted})
    select ${columns}, ${laneUrgency} from lane
    join delivery on delivery.delivery_id = (
      select head.delivery_id from delivery as head
      where head.webhook_id = ${webhookId} and head.entity_id = lane.entity_id
        and (head.state = 'pending' or head.state = 'sending' or head.state = 'retry_wait')
      order by head.sequence, head.generation limit 1)
    join event on event.event_id = delivery.event_id`.execute(query);
  return result.rows.map(headOf);
}

/** What is open in a lane, in order; nothing unless it may all go now: a head that waits or is being sent keeps the rest. */
export async function readLane(query: Query, webhookId: number, entityId: string, limit: number): Promise<Delivery[]> {
  const result = await sql<HeadRow>`
    select ${columns} from delivery join event on event.event_id = delivery.event_id
    where delivery.webhook_id = ${webhookId} and delivery.entity_id = ${entityId}
      and (delivery.state = 'pending' or delivery.state = 'sending' or delivery.state = 'retry_wait')
    order by delivery.sequence, delivery.generation limit ${limit}`.execute(query);
  return result.rows[0]?.state === 'pending' ? result.rows.map(deliveryOf) : [];
}

/** The next webhooks that have something open, in the order of their ids. */
export async function readOpenWebhooks(query: Query, afterWebhookId: number, limit: number): Promise<number[]> {
  const result = await sql<{ webhook_id: number }>`
    with recursive open (webhook_id, number) as (
      select (
        select webhook_id from delivery
        where (state = 'pending' or state = 'sending' or state = 'retry_wait') and webhook_id > ${afterWebhookId}
        order by webhook_id limit 1), 1
      union all
      select (
        select delivery.webhook_id from delivery
        where (delivery.state = 'pending' or delivery.state = 'sending' or delivery.state = 'retry_wait') and delivery.webhook_id > open.webhook_id
        order by delivery.webhook_id limit 1), open.number + 1
      from open where open.webhook_id is not null and open.number < ${limit})
    select webhook_id from open where webhook_id is not null order by webhook_id`.execute(query);
  return result.rows.map((row) => row.webhook_id);
}

export interface HeadState {
  readonly webhookId: number;
  readonly entityId: string;
  readonly state: OpenState;
}

/**
 * The heads of the next lanes of several webhooks, each after a lane of its own, without what they say. Needs lateral
 * joins: only where several nodes can be.
 */
export async function readHeadStates(
  query: Query,
  from: readonly { readonly webhookId: number; readonly after: string }[],
  limitEach: number,
): Promise<HeadState[]> {
  const webhookIds = from.map(({ webhookId }) => webhookId);
  const result = await sql<{ webhook_id: number; entity_id: string; state: OpenState }>`
    select webhook.webhook_id, head.entity_id, head.state
    from unnest(${webhookIds}::int8[], ${from.map(({ after }) => after)}::text[]) as webhook (webhook_id, after_entity_id)
    cross join lateral (
      with recursive head (entity_id, state, number) as (
        (select entity_id, state, 1 from delivery
        where delivery.webhook_id = webhook.webhook_id and (state = 'pending' or state = 'sending' or state = 'retry_wait')
          and entity_id > webhook.after_entity_id
        order by entity_id, sequence, generation limit 1)
        union all
        select next.entity_id, next.state, head.number + 1 from head cross join lateral (
          select entity_id, state from delivery
          where delivery.webhook_id = webhook.webhook_id and (state = 'pending' or state = 'sending' or state = 'retry_wait')
            and delivery.entity_id > head.entity_id
          order by entity_id, sequence, generation limit 1) as next
        where head.number < ${limitEach})
      select entity_id, state, number from head) as head
    order by webhook.webhook_id, head.number`.execute(query);
  return result.rows.map((row) => ({ webhookId: row.webhook_id, entityId: row.entity_id, state: row.state }));
}

/** How many of a webhook's deliveries are in each open state, each counted no further than `max`. */
export async function countOpen(query: Query, webhookId: number, max: number): Promise<Map<OpenState, number>> {
  const result = await sql<{ state: OpenState; count: number }>`
    select state, count(*) as count from (
      select state from delivery
      where webhook_id = ${webhookId} and (state = 'pending' or state = 'sending' or state = 'retry_wait')
      order by entity_id limit ${max}) as open
    group by state`.execute(query);
  return new Map(result.rows.map((row) => [row.state, row.count]));
}

interface HeadRow {
  delivery_id: string;
  webhook_id: number;
  webhook_type: WebhookType;
  event_id: string;
  generation: number;
  entity_id: string;
  sequence: number;
  event_type: EventType;
  event_time: number;
  channel_id: number;
  mode: DeliveryMode;
  state: OpenState;
  attempt: number;
  fence: number;
  created_at: number;
  urgency: Urgency;
  payload: string;
}

interface LaneRow {
  lane_urgency: Urgency;
}

const columns = sql`delivery.delivery_id, delivery.webhook_id, delivery.webhook_type, delivery.event_id,
  delivery.generation, delivery.entity_id, delivery.sequence, delivery.event_type, delivery.event_time,
  delivery.channel_id, delivery.mode, delivery.state, delivery.attempt, delivery.fence, delivery.created_at,
  delivery.urgency, event.payload`;

const laneUrgency = sql`case when exists (
    select 1 from delivery as critical
    where critical.webhook_id = delivery.webhook_id and critical.entity_id = lane.entity_id
      and critical.urgency = 0 and (critical.state = 'pending' or critical.state = 'sending' or critical.state = 'retry_wait'))
  then 0 else delivery.urgency end as lane_urgency`;

function headOf(row: HeadRow & LaneRow): Head {
  return { delivery: deliveryOf(row), state: row.state, urgency: row.lane_urgency };
}

function deliveryOf(row: HeadRow): Delivery {
  return {
    deliveryId: row.delivery_id,
    webhookId: row.webhook_id,
    webhookType: row.webhook_type,
    eventId: row.event_id,
    generation: row.generation,
    entityId: row.entity_id,
    sequence: row.sequence,
    eventType: row.event_type,
    eventTime: row.event_time,
    channelId: row.channel_id,
    mode: row.mode,
    attempt: row.attempt,
    fence: row.fence,
    createdAt: row.created_at,
    urgency: row.urgency,
    payload: row.payload,
  };
}
