import { sql } from 'kysely';
import type { Dialect, Transaction } from '../../database/database.ts';
import type { EventType } from '../../events/event-types.ts';
import { payloadOf } from '../../events/stored-payload-store.ts';
import type { DeliveryMode, WebhookType } from '../../webhooks/webhook.ts';
import { byLane } from '../store/delivery-state-store.ts';
import type { Delivery, DeliveryState, Urgency } from '../store/delivery.ts';

/**
 * A delivery with the number of its generations. Until the end of the transaction its event is locked: of several that resend it at
 * once, on any node, each sees the generations of those before.
 */
export async function readForResend(
  { query }: Transaction,
  dialect: Dialect,
  webhookId: number,
  deliveryId: string,
): Promise<{ delivery: Delivery; state: DeliveryState; generations: number } | undefined> {
  const row = await query
    .selectFrom('delivery')
    .innerJoin('event', 'event.event_id', 'delivery.event_id')
    .selectAll('delivery')
    .select(payloadOf().as('payload'))
    .where('delivery.delivery_id', '=', deliveryId)
    .where('delivery.webhook_id', '=', webhookId)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const last = await query
    .selectFrom('delivery')
    .select(({ fn }) => fn.max('generation').as('generation'))
    .where('entity_id', '=', row.entity_id)
    .where('webhook_id', '=', webhookId)
    .where('sequence', '=', row.sequence)
    .where(byLane())
    // Custom actions have no place in a lane.
    .where(row.sequence > 0 ? sql<boolean>`1 = 1` : sql<boolean>`event_id = ${row.event_id}`)
    .executeTakeFirstOrThrow();
  const delivery: Delivery = {
    deliveryId: row.delivery_id,
    webhookId: row.webhook_id,
    webhookType: row.webhook_type as WebhookType,
    eventId: row.event_id,
    generation: row.generation,
    entityId: row.entity_id,
    sequence: row.sequence,
    eventType: row.event_type as EventType,
    eventTime: row.event_time,
    channelId: row.channel_id,
    mode: row.mode as DeliveryMode,
    attempt: row.attempt,
    fence: row.fence,
    createdAt: row.created_at,
    urgency: row.urgency as Urgency,
    previousSequence: row.previous_sequence,
    supersededTypes: [],
    firstAttemptAt: 0,
    replayId: '',
    payload: row.payload,
  };
  return { delivery, state: row.state as DeliveryState, generations: last.generation + 1 };
}
