import { sql, type RawBuilder } from 'kysely';
import type { Dialect, Transaction } from '../../database/database.ts';
import type { NewDeliveryRow } from '../../database/tables.ts';
import type { Delivery } from './delivery.ts';
import { isOpen, itsState } from './delivery-state-store.ts';
import { rowOf } from './delivery-store.ts';
import { heldBy } from './shard-lease-store.ts';
import type { ClaimContext } from './ownership.ts';

/** The statements that claim a delivery, and so decide who sends it. */

/** A claim: the number of the attempt, and the fence under which its result counts. */
export interface Claim {
  readonly attempt: number;
  readonly fence: number;
  /** Unix milliseconds. */
  readonly claimedAt: number;
}

export interface BirthTerms {
  readonly endpointOf: (webhookId: number) => string;
  readonly now: number;
  /** Under which the lanes' shards must be held, with several nodes. */
  readonly lease: ClaimContext['lease'];
  /** Hears which claims are granted, before the end of the transaction is reported. */
  readonly granted: (deliveryIds: readonly string[]) => void;
}

/**
 * Inserts deliveries with the claims of their first attempts, where these are granted; the others are `pending`. The
 * caller has found their lanes free in the same transaction.
 * @returns the claims as they are if granted, by delivery id.
 */
export async function insertClaimed(
  tx: Transaction,
  deliveries: readonly Delivery[],
  { endpointOf, now, lease, granted }: BirthTerms,
): Promise<Map<string, Claim>> {
  const rows = deliveries.map((delivery) => {
    const { attempt, fence, claimedAt } = claimOf(delivery, { now, lease });
    const state = 'sending' as const;
    return { ...rowOf(delivery, endpointOf(delivery.webhookId)), state, attempt, fence, claimed_at: claimedAt };
  });
  if (lease === undefined) {
    await tx.insertMany('delivery', rows);
    granted(rows.map((row) => row.delivery_id));
  } else await insertUnderLease(tx, rows, lease, granted);
  return new Map(rows.map(({ delivery_id, attempt, fence }) => [delivery_id, { attempt, fence, claimedAt: now }]));
}

/**
 * Asks for the lease and the free lane in the statement that inserts. It waits for no lock on a lease, because the change
 * must not wait for a renewal: the delivery is `pending` then.
 */
async function insertUnderLease(
  tx: Transaction,
  rows: readonly NewDeliveryRow[],
  lease: NonNullable<ClaimContext['lease']>,
  granted: BirthTerms['granted'],
): Promise<void> {
  const kept = Object.keys(rows[0] ?? {}).filter(
    (column) => !['state', 'attempt', 'fence', 'claimed_at'].includes(column),
  );
  const statement = sql<{ delivery_id: string; attempt: number }>`
    insert into "delivery" (${sql.raw(kept.join(', '))}, state, attempt, fence, claimed_at)
    select ${sql.raw(kept.map((column) => `delivery.${column}`).join(', '))},
      case when may.be_claimed then delivery.state else 'pending' end,
      case when may.be_claimed then delivery.attempt else 0 end,
      case when may.be_claimed then delivery.fence else 0 end,
      case when may.be_claimed then delivery.claimed_at else 0 end
    from json_populate_recordset(null::delivery, ${JSON.stringify(rows)}::json) as delivery
    cross join lateral (
      select ${heldBy(lease, sql`skip locked`)} and ${isHead} as be_claimed offset 0) as may
    returning delivery_id, attempt`.compile(tx.query);
  await tx.ask(statement, (made) => granted(made.flatMap((row) => (row.attempt > 0 ? row.delivery_id : []))));
}

/** Nothing before it in its lane is open. */
const isHead = sql<boolean>`not exists (
      select 1 from delivery as earlier
      where earlier.webhook_id = delivery.webhook_id and earlier.entity_id = delivery.entity_id
        and ${isOpen('earlier')}
        and (earlier.sequence, earlier.generation) < (delivery.sequence, delivery.generation)
      order by earlier.sequence, earlier.generation limit 1 offset 0)`;

export interface ClaimTerms {
  readonly now: number;
  /** Under which the lanes' shards must be held, with several nodes. */
  readonly lease?: ClaimContext['lease'];
  /** What else must be so; absent = nothing. */
  readonly holds?: RawBuilder<boolean>;
}

/**
 * Claims deliveries that are still `pending` and the head of their lane. The database checks that nothing earlier of
 * the lane is open, whatever the caller believes: hints may arrive out of order, and nodes may race.
 * @param granted hears the claims by delivery id, before the end of the transaction is reported.
 */
export function askClaims(
  tx: Transaction,
  dialect: Dialect,
  deliveryIds: readonly string[],
  { now, lease, holds = sql<boolean>`1 = 1` }: ClaimTerms,
  granted: (claims: Map<string, Claim>) => void,
): Promise<void> {
  const fence = lease?.timeline === undefined ? sql`fence` : sql`greatest(fence, ${lease.timeline.fenceFloor}::int8)`;
  const statement = sql<{ delivery_id: string; attempt: number; fence: number }>`
    update delivery set state = 'sending', attempt = attempt + 1, fence = ${fence} + 1, claimed_at = ${now}
    where ${dialect.anyOf('delivery_id', deliveryIds)} and ${itsState} = 'pending' and ${heldBy(lease)} and ${isHead}
      and ${holds}
    returning delivery_id, attempt, fence`.compile(tx.query);
  return tx.ask(statement, (rows) =>
    granted(new Map(rows.map((row) => [row.delivery_id, { attempt: row.attempt, fence: row.fence, claimedAt: now }]))),
  );
}

/** As `askClaims`, and waits for the answer. */
export async function claimDeliveries(
  tx: Transaction,
  dialect: Dialect,
  deliveryIds: readonly string[],
  now: number,
  lease?: ClaimContext['lease'],
): Promise<Map<string, Claim>> {
  let claims = new Map<string, Claim>();
  await askClaims(tx, dialect, deliveryIds, { now, lease }, (granted) => (claims = granted));
  await tx.answered();
  return claims;
}

/** The claim that this delivery gets if it is granted, and is as it was last read. */
export function claimOf({ attempt, fence }: Delivery, { now, lease }: ClaimTerms): Claim {
  return { attempt: attempt + 1, fence: Math.max(fence, lease?.timeline?.fenceFloor ?? 0) + 1, claimedAt: now };
}
