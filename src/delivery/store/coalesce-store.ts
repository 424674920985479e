import { sql } from 'kysely';
import type { Dialect, Transaction } from '../../database/database.ts';
import type { EventType } from '../../events/event-types.ts';
import { byLane, itsState } from './delivery-state-store.ts';
import type { Delivery, DeliveryState } from './delivery.ts';
import { readLane, typesOf } from './backlog-store.ts';

/** Deliveries of a lane per statement; a longer lane takes several. */
const overtakenMax = 200;

export interface Coalesced {
  readonly delivery: Delivery;
  readonly superseded: number;
}

/**
 * Replaces the waiting deliveries of a lane by the newest; the others become `superseded`. A custom action is never
 * superseded: deliveries up to it coalesce, and it goes out itself. The row of the newest keeps the types of the
 * superseded events, so that no claim reads the history of its lane.
 * @returns the delivery to send, and how many it replaced.
 */
export async function coalesceToLatest(
  tx: Transaction,
  dialect: Dialect,
  head: Delivery,
  now: number,
): Promise<Coalesced> {
  const lane = await readLane(tx.query, head.webhookId, head.entityId, overtakenMax);
  const first = lane[0];
  if (first?.deliveryId !== head.deliveryId) return { delivery: head, superseded: 0 };
  const end = lane.findIndex(keepsItsPlace);
  const run = end === -1 ? lane : lane.slice(0, end);
  const newest = run.at(-1) ?? first;
  const overtaken = run.slice(0, -1);
  const superseded = await supersede(tx, dialect, overtaken, newest, now);
  const inherited = first.attempt === 0 ? await undelivered(tx, first) : [];
  const types = new Set([
    ...inherited,
    ...overtaken.flatMap((delivery) => [...delivery.supersededTypes, delivery.eventType]),
    ...newest.supersededTypes,
  ]);
  if (types.size === newest.supersededTypes.length) return { delivery: newest, superseded };
  const supersededTypes = [...types];
  await sql`
    update delivery set superseded_types = ${supersededTypes.join(',')}
    where delivery_id = ${newest.deliveryId}`.execute(tx.query);
  return { delivery: { ...newest, supersededTypes }, superseded };
}

async function supersede(
  tx: Transaction,
  dialect: Dialect,
  overtaken: readonly Delivery[],
  newest: Delivery,
  now: number,
): Promise<number> {
  if (overtaken.length === 0) return 0;
  const ids = overtaken.map((delivery) => delivery.deliveryId);
  const { numAffectedRows = 0n } = await sql`
    update delivery set state = 'superseded', reason = 'superseded', finished_at = ${now},
      error_message = ${`not sent: the event ${newest.eventId} is newer and says all of it`}
    where ${dialect.anyOf('delivery_id', ids)} and ${itsState} in ('pending', 'retry_wait')`.execute(tx.query);
  return Number(numAffectedRows);
}

/** The types that the delivery before this one replaced, when it was not delivered. */
async function undelivered(tx: Transaction, { webhookId, entityId, previousSequence }: Delivery): Promise<EventType[]> {
  if (previousSequence === 0) return [];
  const { rows } = await sql<{ state: DeliveryState; superseded_types: string }>`
    select state, superseded_types from delivery
    where entity_id = ${entityId} and webhook_id = ${webhookId} and ${byLane()} and sequence = ${previousSequence}
    order by generation limit 1`.execute(tx.query);
  const before = rows[0];
  return before === undefined || before.state === 'delivered' ? [] : [...typesOf(before.superseded_types)];
}

function keepsItsPlace(delivery: Delivery): boolean {
  return delivery.eventType === 'i_custom' || delivery.generation > 0;
}
