import { sql } from 'kysely';
import type { Dialect, RowChange, Transaction } from '../database/database.ts';
import type { AttemptRow, DeliveryRow } from '../database/tables.ts';
import { noShard, shardOf } from '../database/shard.ts';
import type { DeliveryMode } from '../webhooks/webhook.ts';
import { settlement, type Delivery, type Settlement } from './delivery.ts';
import { heldBy } from './lease-store.ts';
import { mayRepeatAttempt } from './lineage-store.ts';
import type { Outcome } from './outcome.ts';
import type { Holding } from './owner.ts';

/** Everything that changes a delivery. Each function is one or two statements, and none looks at more rows than it names. */

export async function insertDeliveries(
  tx: Transaction,
  deliveries: readonly Delivery[],
  endpointOf: (webhookId: number) => string,
): Promise<void> {
  await tx.insertMany(
    'delivery',
    deliveries.map((delivery) => ({
      delivery_id: delivery.deliveryId,
      webhook_id: delivery.webhookId,
      webhook_type: delivery.webhookType,
      event_id: delivery.eventId,
      generation: delivery.generation,
      entity_id: delivery.entityId,
      sequence: delivery.sequence,
      event_type: delivery.eventType,
      event_time: delivery.eventTime,
      channel_id: delivery.channelId,
      mode: delivery.mode,
      state: 'pending',
      attempt: delivery.attempt,
      fence: delivery.fence,
      endpoint: endpointOf(delivery.webhookId),
      status_code: 0,
      duration_ms: 0,
      reason: '',
      error_message: '',
      due_at: delivery.createdAt,
      claimed_at: 0,
      created_at: delivery.createdAt,
      finished_at: 0,
      shard: delivery.sequence === 0 ? noShard : shardOf(delivery.webhookId, delivery.entityId),
      urgency: delivery.urgency,
    })),
  );
}

/**
 * The state, for a statement that names its rows by id. PostgreSQL knows its tables as of some time ago, most often a quiet
 * one, and then believes that what waits is quickly looked through: by the plain column it would go over the whole backlog
 * for each row. So does a bare `not exists`, which it makes a join of; with an order and an offset it looks at one lane.
 */
export const itsState = sql`(state || '')`;

/** What a claim gave: which attempt it is, and under which fence its result counts. */
export interface Claim {
  readonly attempt: number;
  readonly fence: number;
}

/**
 * Claims those that are still `pending` and the head of their lane. That nothing earlier of the lane is open is asked of
 * the database, whatever the caller believes: two hints may have come in the wrong order, or two nodes may race.
 * @param lease under which the lanes' shards must be held, where several nodes share the database.
 * @returns by delivery id what was really claimed.
 */
export async function claimDeliveries(
  tx: Transaction,
  dialect: Dialect,
  deliveryIds: readonly string[],
  now: number,
  lease?: Holding['lease'],
): Promise<Map<string, Claim>> {
  const fence = lease?.lineage === undefined ? sql`fence` : sql`greatest(fence, ${lease.lineage.fenceFloor}::int8)`;
  const result = await sql<{ delivery_id: string; attempt: number; fence: number }>`
    update delivery set state = 'sending', attempt = attempt + 1, fence = ${fence} + 1, claimed_at = ${now}
    where ${dialect.anyOf('delivery_id', deliveryIds)} and ${itsState} = 'pending' and ${heldBy(lease)} and not exists (
      select 1 from delivery as earlier
      where earlier.webhook_id = delivery.webhook_id and earlier.entity_id = delivery.entity_id
        and (earlier.state = 'pending' or earlier.state = 'sending' or earlier.state = 'retry_wait')
        and (earlier.sequence, earlier.generation) < (delivery.sequence, delivery.generation)
      order by earlier.sequence, earlier.generation limit 1 offset 0)
    returning delivery_id, attempt, fence`.execute(tx.query);
  return new Map(result.rows.map((row) => [row.delivery_id, { attempt: row.attempt, fence: row.fence }]));
}

/** The result of one attempt, with what the history keeps of it. */
export interface Result {
  /** As it was claimed. */
  readonly delivery: Delivery;
  /** Others of its lane may have been superseded by it. */
  readonly overtook?: boolean;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly endpoint: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly maybeSent: boolean;
  readonly requestHeadersJson: string;
  /** '' when the event's own payload was sent. */
  readonly requestBody: string;
  readonly responseHeadersJson: string;
  readonly responseBody: string;
}

/**
 * Writes results, each guarded by the fence it was claimed under. A result that comes too late changes nothing; its
 * attempt is kept, marked `late`.
 * @returns for each result whether it counted.
 */
export async function settleDeliveries(
  tx: Transaction,
  dialect: Dialect,
  results: readonly Result[],
  now: number,
): Promise<boolean[]> {
  const counted = await tx.updateMany(
    'delivery',
    results.map((result) => settledRow(result, now)),
  );
  const known = await attemptsKept(
    tx,
    dialect,
    results.filter(({ delivery }, index) => counted[index] !== true || mayRepeatAttempt(delivery.fence)),
  );
  const kept: AttemptRow[] = [];
  const repeated: AttemptRow[] = [];
  for (const [index, result] of results.entries()) {
    // A claim that was given back was no attempt.
    if (result.settlement.state === 'pending') continue;
    const isKnown = known.has(attemptKey(result.delivery));
    if (counted[index] === true) (isKnown ? repeated : kept).push(attemptRow(result, result.outcome.reason));
    else if (!isKnown) kept.push(attemptRow(result, 'late'));
  }
  await tx.insertMany('attempt', kept);
  await tx.updateMany(
    'attempt',
    repeated.map(({ delivery_id, attempt, ...set }) => ({ match: { delivery_id, attempt }, set })),
  );
  return counted;
}

function settledRow({ delivery, outcome, settlement, endpoint, durationMs }: Result, now: number) {
  const { state } = settlement;
  const back = state === 'pending';
  return {
    match: { delivery_id: delivery.deliveryId, state: 'sending', fence: delivery.fence },
    set: {
      state,
      attempt: back ? delivery.attempt - 1 : delivery.attempt,
      endpoint,
      status_code: outcome.statusCode,
      duration_ms: durationMs,
      reason: back ? '' : outcome.reason,
      error_message: back ? '' : outcome.message,
      due_at: state === 'retry_wait' ? settlement.dueAt : 0,
      finished_at: back || state === 'retry_wait' ? 0 : now,
    },
  } satisfies RowChange<DeliveryRow>;
}

function attemptRow(result: Result, reason: string): AttemptRow {
  const { delivery, outcome } = result;
  return {
    delivery_id: delivery.deliveryId,
    attempt: delivery.attempt,
    started_at: result.startedAt,
    duration_ms: result.durationMs,
    endpoint: result.endpoint,
    outcome: outcome.state,
    reason,
    maybe_sent: result.maybeSent ? 1 : 0,
    status_code: outcome.statusCode,
    error_message: outcome.message,
    request_headers_json: result.requestHeadersJson,
    request_body: result.requestBody,
    response_headers_json: result.responseHeadersJson,
    response_body: result.responseBody,
  };
}

function attemptKey(delivery: Pick<Delivery, 'deliveryId' | 'attempt'>): string {
  return `${delivery.deliveryId} ${delivery.attempt}`;
}

/**
 * A settlement whose commit was in doubt is tried again: then its attempt may be there already. So may one of the same
 * number whose claim was lost with a lineage of the database, and whose result was late.
 */
async function attemptsKept(tx: Transaction, dialect: Dialect, results: readonly Result[]): Promise<Set<string>> {
  if (results.length === 0) return new Set();
  const ids = results.map((result) => result.delivery.deliveryId);
  const rows = await tx.query
    .selectFrom('attempt')
    .select(['delivery_id', 'attempt'])
    .where(dialect.anyOf('delivery_id', ids))
    .execute();
  return new Set(rows.map((row) => attemptKey({ deliveryId: row.delivery_id, attempt: row.attempt })));
}

/**
 * Gives back claims of which it is certain that nothing was begun under them: by their own fence, so that it is harmless
 * when the claim never took place.
 */
export async function releaseDeliveries(tx: Transaction, claimed: readonly Delivery[]): Promise<void> {
  if (claimed.length === 0) return;
  await tx.updateMany(
    'delivery',
    claimed.map((delivery) => ({
      match: { delivery_id: delivery.deliveryId, state: 'sending', fence: delivery.fence },
      set: { state: 'pending', attempt: delivery.attempt - 1 },
    })),
  );
}

/** Which of the deliveries in `sending` nobody is sending any more. */
export interface Left {
  /** Absent = all. */
  readonly shards?: readonly number[];
  /** Unix milliseconds; absent = whenever. */
  readonly claimedBefore?: number;
}

/**
 * Settles a page of what a dead process left in `sending`: it may have been sent. No attempt is written, because nobody
 * knows whether there was one; a result that turns up later writes its own.
 * @returns how many; fewer than `limit` = no more are left.
 */
export async function recoverDeliveries(
  tx: Transaction,
  dialect: Dialect,
  left: Left,
  now: number,
  limit: number,
): Promise<number> {
  const { shards, claimedBefore } = left;
  const inShards = shards === undefined ? sql`1 = 1` : dialect.anyOf('shard', shards);
  const longAgo = claimedBefore === undefined ? sql`1 = 1` : sql`claimed_at < ${claimedBefore}`;
  const rows = await sql<{ delivery_id: string; fence: number; mode: DeliveryMode }>`
    select delivery_id, fence, mode from delivery
    where state = 'sending' and ${inShards} and ${longAgo}
    order by shard limit ${limit}`.execute(tx.query);
  if (rows.rows.length === 0) return 0;
  const outcome: Outcome = { state: 'unknown', reason: 'interrupted', statusCode: 0, message: interruptedMessage };
  await tx.updateMany(
    'delivery',
    rows.rows.map((row) => {
      const to = settlement(row.mode, outcome, () => now);
      return {
        match: { delivery_id: row.delivery_id, state: 'sending', fence: row.fence },
        set: {
          state: to.state,
          reason: outcome.reason,
          error_message: outcome.message,
          due_at: to.state === 'retry_wait' ? to.dueAt : 0,
          finished_at: to.state === 'retry_wait' ? 0 : now,
        },
      };
    }),
  );
  return rows.rows.length;
}

const interruptedMessage =
  'the service was interrupted while it was sending: the receiver may have acted on the request';

/** Ends what is older than its webhook wants to hear of. */
export async function expireDeliveries(
  tx: Transaction,
  dialect: Dialect,
  deliveryIds: readonly string[],
  now: number,
): Promise<void> {
  if (deliveryIds.length === 0) return;
  await sql`
    update delivery set state = 'expired', reason = 'expired', error_message = ${expiredMessage}, finished_at = ${now}
    where ${dialect.anyOf('delivery_id', deliveryIds)} and ${itsState} in ('pending', 'retry_wait')`.execute(tx.query);
}

const expiredMessage = "not sent: it is older than the webhook's retry.max_age_seconds";

/** Cancels a page of what waits for a webhook. What is in flight ends as it ends. @returns how many were cancelled. */
export async function cancelDeliveries(
  tx: Transaction,
  webhookId: number,
  message: string,
  now: number,
  limit: number,
): Promise<number> {
  const result = await sql<{ delivery_id: string }>`
    update delivery set state = 'cancelled', reason = 'cancelled', error_message = ${message}, finished_at = ${now}
    where state in ('pending', 'retry_wait') and delivery_id in (
      select delivery_id from delivery
      where webhook_id = ${webhookId} and (state = 'pending' or state = 'sending' or state = 'retry_wait')
        and state in ('pending', 'retry_wait')
      order by entity_id limit ${limit})
    returning delivery_id`.execute(tx.query);
  return result.rows.length;
}
