import { sql } from 'kysely';
import type { Dialect, Query } from '../../database/database.ts';
import type { EventType } from '../../events/event-types.ts';
import { payloadOf } from '../../events/stored-payload-store.ts';
import type { DeliveryMode, WebhookType } from '../../webhooks/webhook.ts';
import { urgencyOf, type Delivery, type OpenState, type Urgency } from './delivery.ts';
import { isOpen, isPending } from './delivery-state-store.ts';

/*
 * Reads of the open deliveries. All go by the partial indexes `delivery_open`, `delivery_pending` and
 * `delivery_pending_critical`, whose predicates they repeat word for word, because only then are they used; the order asked for
 * keeps a planner from a longer index. Deliveries behind a head cost nothing.
 */

/** The first open delivery of a lane. */
export interface Head {
  readonly delivery: Delivery;
  readonly state: OpenState;
  /** Of the lane: Critical when anything that is pending in it is, else that of its head. */
  readonly urgency: Urgency;
  /** The id of the oldest pending delivery in the lane that is Critical, or of its head. */
  readonly since: string;
}

/** A pending delivery, which may or may not be the head of its lane. */
export interface Place {
  readonly deliveryId: string;
  readonly entityId: string;
  /** Of the head of its lane. */
  readonly state: OpenState;
}

/** The next pending deliveries of a webhook and class, the oldest first, after `afterDeliveryId` ('' = from the first). */
export async function readPlaces(
  query: Query,
  webhookId: number,
  urgency: Urgency,
  afterDeliveryId: string,
  limit: number,
): Promise<Place[]> {
  const result = await sql<{ delivery_id: string; entity_id: string; state: OpenState }>`
    select place.delivery_id, place.entity_id, (
      select head.state from delivery as head
      where head.webhook_id = ${webhookId} and head.entity_id = place.entity_id
        and ${isOpen('head')}
      order by head.sequence, head.generation limit 1) as state
    from (
      select delivery_id, entity_id from delivery
      where webhook_id = ${webhookId} and urgency = ${urgency} and ${isPending()}
        and delivery_id > ${afterDeliveryId}
      order by delivery_id limit ${limit}) as place
    order by place.delivery_id`.execute(query);
  return result.rows.map((row) => ({ deliveryId: row.delivery_id, entityId: row.entity_id, state: row.state }));
}

/** The heads of these lanes of one webhook; a lane without one has nothing left to do. */
export async function readHeadsOf(
  query: Query,
  dialect: Dialect,
  webhookId: number,
  entityIds: readonly string[],
): Promise<Head[]> {
  // One text for any number of lanes, so that the statement is prepared once; the limit tells the planner the number.
  const wanted = dialect.tuples(entityIds.map((entityId) => [entityId]));
  const result = await sql<HeadRow & LaneRow>`
    with lane as (select wanted.value ->> 0 as entity_id from ${wanted} limit ${entityIds.length})
    select ${columns}, ${oldestCritical} from lane
    join delivery on delivery.delivery_id = (
      select head.delivery_id from delivery as head
      where head.webhook_id = ${webhookId} and head.entity_id = lane.entity_id
        and ${isOpen('head')}
      order by head.sequence, head.generation limit 1)
    join event on event.event_id = delivery.event_id`.execute(query);
  return result.rows.map(headOf);
}

/** The open deliveries of a lane, in order; nothing unless it may all go now: a head that waits or is being sent keeps the rest. */
export async function readLane(query: Query, webhookId: number, entityId: string, limit: number): Promise<Delivery[]> {
  const result = await sql<HeadRow>`
    select ${columns} from delivery join event on event.event_id = delivery.event_id
    where delivery.webhook_id = ${webhookId} and delivery.entity_id = ${entityId}
      and ${isOpen('delivery')}
    order by delivery.sequence, delivery.generation limit ${limit}`.execute(query);
  return result.rows[0]?.state === 'pending' ? result.rows.map(deliveryOf) : [];
}

/** The next webhooks that have something open, in the order of their ids. */
export async function readOpenWebhooks(query: Query, afterWebhookId: number, limit: number): Promise<number[]> {
  const result = await sql<{ webhook_id: number }>`
    with recursive open (webhook_id, number) as (
      select (
        select webhook_id from delivery
        where ${isOpen()} and webhook_id > ${afterWebhookId}
        order by webhook_id limit 1), 1
      union all
      select (
        select delivery.webhook_id from delivery
        where ${isOpen('delivery')} and delivery.webhook_id > open.webhook_id
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
 * The heads of the next lanes of several webhooks, each after its own lane, without their bodies. Needs lateral
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
        where delivery.webhook_id = webhook.webhook_id and ${isOpen()}
          and entity_id > webhook.after_entity_id
        order by entity_id, sequence, generation limit 1)
        union all
        select next.entity_id, next.state, head.number + 1 from head cross join lateral (
          select entity_id, state from delivery
          where delivery.webhook_id = webhook.webhook_id and ${isOpen()}
            and delivery.entity_id > head.entity_id
          order by entity_id, sequence, generation limit 1) as next
        where head.number < ${limitEach})
      select entity_id, state, number from head) as head
    order by webhook.webhook_id, head.number`.execute(query);
  return result.rows.map((row) => ({ webhookId: row.webhook_id, entityId: row.entity_id, state: row.state }));
}

/** The open deliveries of one webhook. */
export interface OpenCount {
  readonly webhookId: number;
  readonly pending: number;
  readonly sending: number;
  readonly retryWait: number;
  /** When the oldest was made, Unix milliseconds. */
  readonly oldestAt: number;
}

/**
 * Counts what is open, by webhook. One statement, whose cost is that of the rows that it counts.
 * @param eachMax of one webhook.
 */
export async function countOpen(query: Query, eachMax: number): Promise<OpenCount[]> {
  // Packed into one text, because a subquery in this place gives one value.
  const result = await sql<{ webhook_id: number; counts: string }>`
    with recursive open (webhook_id) as (
      select (
        select webhook_id from delivery
        where ${isOpen()}
        order by webhook_id limit 1)
      union all
      select (
        select delivery.webhook_id from delivery
        where ${isOpen('delivery')} and delivery.webhook_id > open.webhook_id
        order by delivery.webhook_id limit 1)
      from open where open.webhook_id is not null)
    select webhook_id, (
      select coalesce(sum(case when part.state = 'pending' then 1 else 0 end), 0) || ' '
        || coalesce(sum(case when part.state = 'sending' then 1 else 0 end), 0) || ' '
        || coalesce(sum(case when part.state = 'retry_wait' then 1 else 0 end), 0) || ' '
        || coalesce(min(part.created_at), 0)
      from (
        select waits.state, waits.created_at from delivery as waits
        where waits.webhook_id = open.webhook_id
          and ${isOpen('waits')}
        order by waits.entity_id limit ${eachMax}) as part) as counts
    from open where webhook_id is not null order by webhook_id`.execute(query);
  return result.rows.map(({ webhook_id: webhookId, counts }) => {
    const [pending = 0, sending = 0, retryWait = 0, oldestAt = 0] = counts.split(' ').map(Number);
    return { webhookId, pending, sending, retryWait, oldestAt };
  });
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
  previous_sequence: number;
  superseded_types: string;
  first_attempt_at: number;
  replay_id: string;
  payload: string;
}

interface LaneRow {
  oldest_critical: string | null;
}

const columns = sql`delivery.delivery_id, delivery.webhook_id, delivery.webhook_type, delivery.event_id,
  delivery.generation, delivery.entity_id, delivery.sequence, delivery.event_type, delivery.event_time,
  delivery.channel_id, delivery.mode, delivery.state, delivery.attempt, delivery.fence, delivery.created_at,
  delivery.urgency, delivery.previous_sequence, delivery.superseded_types, delivery.first_attempt_at, delivery.replay_id,
  ${payloadOf()} as payload`;

const oldestCritical = sql`(
    select critical.delivery_id from delivery as critical
    where critical.webhook_id = delivery.webhook_id and (critical.entity_id || '') = lane.entity_id
      and critical.urgency = 0 and ${isPending('critical')}
    order by critical.delivery_id limit 1) as oldest_critical`;

function headOf(row: HeadRow & LaneRow): Head {
  const delivery = deliveryOf(row);
  const { oldest_critical: since } = row;
  return since === null
    ? { delivery, state: row.state, urgency: delivery.urgency, since: delivery.deliveryId }
    : { delivery, state: row.state, urgency: urgencyOf.Critical, since };
}

/** As they are stored: separated by commas. */
export function typesOf(text: string): readonly EventType[] {
  return text === '' ? [] : (text.split(',') as EventType[]);
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
    previousSequence: row.previous_sequence,
    supersededTypes: typesOf(row.superseded_types),
    firstAttemptAt: row.first_attempt_at,
    replayId: row.replay_id,
    payload: row.payload,
  };
}
