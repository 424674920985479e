import { sql } from 'kysely';
import type { Query, Transaction } from '../database/database.ts';
import type { WebhookVersionRow } from '../database/tables.ts';
import type { EventType } from '../events/event-types.ts';
import type { Subscription } from './subscription.ts';
import type { Webhook, WebhookStatus, WebhookType } from './webhook.ts';

/**
 * Which events a webhook was to get, change by change, so that the service can say later why it did or did not get one.
 * Every change runs under the lock of the configuration, so versions follow each other as their transactions do.
 */

/** A webhook's subscription from one change to the next. */
export interface WebhookVersion extends Subscription {
  readonly webhookId: number;
  readonly name: string;
  /** Unix milliseconds. */
  readonly changedAt: number;
}

/** Records the subscription where it differs from the last version. */
export async function recordVersion(tx: Transaction, webhook: Webhook): Promise<void> {
  const last = await readLast(tx.query, webhook.webhookId);
  const now = Math.max(webhook.updatedAt, last?.changed_at ?? 0);
  const row: WebhookVersionRow = {
    webhook_id: webhook.webhookId,
    revision: await readRevision(tx.query),
    changed_at: last === undefined ? webhook.createdAt : now,
    replaced_at: 0,
    webhook_name: webhook.name,
    webhook_type: webhook.type,
    status: webhook.status,
    channel_ids_json: JSON.stringify(webhook.channelIds),
    event_types_json: JSON.stringify(webhook.eventTypes),
  };
  if (last !== undefined && isSame(last, row)) return;
  await append(tx, row);
}

export async function recordDeletion(tx: Transaction, webhookId: number, now: number): Promise<void> {
  const last = await readLast(tx.query, webhookId);
  if (last === undefined) return;
  const changedAt = Math.max(now, last.changed_at);
  const revision = await readRevision(tx.query);
  await append(tx, { ...last, revision, changed_at: changedAt, replaced_at: changedAt, status: 'deleted' });
}

/** The versions that may have been in force from an instant on, the oldest of each webhook first. */
export async function readVersions(query: Query, since: number): Promise<WebhookVersion[]> {
  const rows = await query
    .selectFrom('webhook_version')
    .selectAll()
    .where(sql<boolean>`(replaced_at = 0 or replaced_at >= ${since} or status = 'deleted')`)
    .orderBy('webhook_id')
    .orderBy('revision')
    .execute();
  return rows.map((row) => ({
    webhookId: row.webhook_id,
    name: row.webhook_name,
    changedAt: row.changed_at,
    type: row.webhook_type as WebhookType,
    status: row.status as WebhookStatus,
    channelIds: JSON.parse(row.channel_ids_json) as number[],
    eventTypes: JSON.parse(row.event_types_json) as EventType[],
  }));
}

/** Forgets versions that were replaced before, and webhooks that were deleted before. */
export async function purgeVersions(tx: Transaction, before: number): Promise<void> {
  await tx.query.deleteFrom('webhook_version').where('replaced_at', '>', 0).where('replaced_at', '<', before).execute();
}

async function append(tx: Transaction, row: WebhookVersionRow): Promise<void> {
  const { webhook_id, revision: _, ...rest } = row;
  await tx.query
    .updateTable('webhook_version')
    .set({ replaced_at: row.changed_at })
    .where('webhook_id', '=', webhook_id)
    .where('replaced_at', '=', 0)
    .execute();
  await tx.query
    .insertInto('webhook_version')
    .values(row)
    // Two changes in one transaction are one version.
    .onConflict((conflict) => conflict.columns(['webhook_id', 'revision']).doUpdateSet(rest))
    .execute();
}

/** The last one, which is in force unless the webhook is deleted. */
function readLast(query: Query, webhookId: number): Promise<WebhookVersionRow | undefined> {
  return query
    .selectFrom('webhook_version')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Of the change that this transaction makes. */
async function readRevision(query: Query): Promise<number> {
  const row = await query
    .selectFrom('config_part')
    .select('revision')
    .where('part', '=', 'webhooks')
    .executeTakeFirst();
  return row?.revision ?? 0;
}

function isSame(one: WebhookVersionRow, other: WebhookVersionRow): boolean {
  return (
    one.webhook_name === other.webhook_name &&
    one.status === other.status &&
    one.channel_ids_json === other.channel_ids_json &&
    one.event_types_json === other.event_types_json
  );
}
