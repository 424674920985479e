import { sql, type RawBuilder } from 'kysely';
import type { Dialect, Query, Transaction } from '../../database/database.ts';
import { isOpen, itsState } from './delivery-state-store.ts';

/** A webhook and an entity: the unit of order. */
export interface Lane {
  readonly webhookId: number;
  readonly entityId: string;
}

/** Selects shards; absent = all. */
export interface Where {
  readonly dialect: Dialect;
  readonly shards: readonly number[] | undefined;
}

/** Makes a page of due deliveries `pending` again. @returns their lanes; fewer than `limit` = no more. */
export async function releaseDue(tx: Transaction, where: Where, now: number, limit: number): Promise<Lane[]> {
  const result = await sql<{ webhook_id: number; entity_id: string }>`
    update delivery set state = 'pending'
    where ${itsState} = 'retry_wait' and delivery_id in (
      select delivery_id from delivery where state = 'retry_wait' and due_at <= ${now} and ${inShards(where)}
      order by due_at limit ${limit})
    returning webhook_id, entity_id`.execute(tx.query);
  return result.rows.map((row) => ({ webhookId: row.webhook_id, entityId: row.entity_id }));
}

/**
 * Makes a page of a webhook's deliveries that wait for their next attempt `pending`: at most one in each lane, after that
 * of `afterEntityId`.
 * @returns their entity ids, in order; fewer than `limit` = no more.
 */
export async function releaseWaiting(
  tx: Transaction,
  webhookId: number,
  afterEntityId: string,
  limit: number,
): Promise<string[]> {
  const result = await sql<{ entity_id: string }>`
    update delivery set state = 'pending'
    where ${itsState} = 'retry_wait' and delivery_id in (
      select delivery_id from delivery
      where webhook_id = ${webhookId} and entity_id > ${afterEntityId}
        and ${isOpen()} and (state || '') = 'retry_wait'
      order by entity_id limit ${limit})
    returning entity_id`.execute(tx.query);
  return result.rows.map((row) => row.entity_id).sort();
}

/** When the next delivery is due, Unix milliseconds. */
export async function nextDue(query: Query, where: Where): Promise<number | undefined> {
  const row = await query
    .selectFrom('delivery')
    .select('due_at')
    .where('state', '=', sql.lit('retry_wait'))
    .where(inShards(where))
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}

function inShards({ dialect, shards }: Where): RawBuilder<boolean> {
  return shards === undefined ? sql<boolean>`1 = 1` : dialect.anyOf('shard', shards);
}
