import type { Query } from '../database/database.ts';
import type { EventRow } from '../database/tables.ts';
import { byLane } from '../delivery/store/delivery-state-store.ts';
import type { DeliveryState } from '../delivery/store/delivery.ts';
import type { EventType } from '../events/event-types.ts';
import { payloadOf } from '../events/stored-payload-store.ts';
import type { EntityKind, Event } from '../events/event.ts';

/** An event, and all about it but its payload. */
export type ExplainedEvent = Omit<Event, 'severity' | 'person' | 'detail' | 'payload'>;

/** The event of an id, or the one with a sequence of an alert or incident. */
export type EventRef = { readonly eventId: string } | { readonly entityId: string; readonly sequence: number };

const shown = ['event_id', 'entity_kind', 'entity_id', 'sequence', 'event_type', 'event_time', 'channel_id'] as const;
const columns = [...shown, payloadOf().as('payload')] as const;

type StoredEvent = ExplainedEvent & { readonly payload: string };

export async function readEvent(query: Query, ref: EventRef): Promise<StoredEvent | undefined> {
  const all = query.selectFrom('event').select(columns);
  const one =
    'eventId' in ref
      ? all.where('event_id', '=', ref.eventId)
      : all.where('entity_id', '=', ref.entityId).where('sequence', '=', ref.sequence);
  const row = await one.executeTakeFirst();
  return row === undefined ? undefined : eventOf(row);
}

/** The last event of an alert or incident. */
export async function readNewestEvent(query: Query, entityId: string): Promise<StoredEvent | undefined> {
  const row = await query
    .selectFrom('event')
    .select(columns)
    .where('entity_id', '=', entityId)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : eventOf(row);
}

function eventOf(row: Pick<EventRow, (typeof shown)[number] | 'payload'>): StoredEvent {
  return {
    eventId: row.event_id,
    kind: row.entity_kind as EntityKind,
    entityId: row.entity_id,
    sequence: row.sequence,
    type: row.event_type as EventType,
    eventTime: row.event_time,
    channelId: row.channel_id,
    payload: row.payload,
  };
}

/** The newest delivery of an event to one webhook. */
export interface NewestDelivery {
  readonly webhookId: number;
  readonly deliveryId: string;
  readonly state: DeliveryState;
  readonly reason: string;
  readonly message: string;
}

/** One for each webhook that has any. */
export async function readNewestDeliveries(
  query: Query,
  { entityId, sequence, eventId }: Pick<ExplainedEvent, 'entityId' | 'sequence' | 'eventId'>,
): Promise<NewestDelivery[]> {
  const rows = await query
    .selectFrom('delivery')
    .select(['webhook_id', 'delivery_id', 'state', 'reason', 'error_message'])
    .where('entity_id', '=', entityId)
    .where('event_id', '=', eventId)
    .where('sequence', '=', sequence)
    .where(byLane())
    .orderBy('webhook_id')
    .orderBy('generation')
    .execute();
  const newest = new Map<number, NewestDelivery>();
  for (const row of rows) {
    newest.set(row.webhook_id, {
      webhookId: row.webhook_id,
      deliveryId: row.delivery_id,
      state: row.state as DeliveryState,
      reason: row.reason,
      message: row.error_message,
    });
  }
  return [...newest.values()];
}
