import { sql } from 'kysely';
import type { Dialect, Transaction } from '../database/database.ts';
import type { EventType } from '../events/event-types.ts';
import { itsState } from './delivery-store.ts';
import type { Delivery } from './delivery.ts';
import { readLane } from './lane-store.ts';

/** So many of a lane are looked at in one go; a longer one is caught up with in several. */
const overtakenMax = 200;

/**
 * Lets the newest that waits in a lane take the place of those before it, which are `superseded` from then on. A custom
 * action is never swallowed: what is before it goes out up to it, and it goes out itself.
 * @returns the one that is to be sent.
 */
export async function overtake(tx: Transaction, dialect: Dialect, head: Delivery, now: number): Promise<Delivery> {
  const lane = await readLane(tx.query, head.webhookId, head.entityId, overtakenMax);
  if (lane[0]?.deliveryId !== head.deliveryId) return head;
  const swallowable = lane.findIndex(keepsItsPlace);
  const run = swallowable === -1 ? lane : lane.slice(0, swallowable);
  const newest = run.at(-1);
  if (newest === undefined || newest.deliveryId === head.deliveryId) return head;
  const overtaken = run.slice(0, -1).map((delivery) => delivery.deliveryId);
  await sql`
    update delivery set state = 'superseded', reason = 'superseded', finished_at = ${now},
      error_message = ${`not sent: the event ${newest.eventId} is newer and says all of it`}
    where ${dialect.anyOf('delivery_id', overtaken)} and ${itsState} in ('pending', 'retry_wait')`.execute(tx.query);
  return newest;
}

/** The types that were superseded in this lane since something was last delivered in it, each once, in their order. */
export async function supersededTypes(tx: Transaction, delivery: Delivery): Promise<EventType[]> {
  const rows = await sql<{ event_type: EventType }>`
    select event_type from delivery
    where entity_id = ${delivery.entityId} and webhook_id = ${delivery.webhookId} and state = 'superseded'
      and sequence < ${delivery.sequence} and sequence > (
        select coalesce(max(sequence), 0) from delivery
        where entity_id = ${delivery.entityId} and webhook_id = ${delivery.webhookId} and state = 'delivered'
          and sequence < ${delivery.sequence})
    order by sequence`.execute(tx.query);
  return [...new Set(rows.rows.map((row) => row.event_type))];
}

function keepsItsPlace(delivery: Delivery): boolean {
  return delivery.eventType === 'i_custom' || delivery.generation > 0;
}
