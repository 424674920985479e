import { sql } from 'kysely';
import type { Dialect, RowChange, Transaction } from '../../database/database.ts';
import type { AttemptRow, DeliveryRow, NewDeliveryRow } from '../../database/tables.ts';
import { noShard, shardOf } from '../../database/shard.ts';
import type { DeliveryMode } from '../../webhooks/webhook.ts';
import { settlement, type Delivery, type Settlement } from './delivery.ts';
import { isOpen, itsState } from './delivery-state-store.ts';
import type { Claim } from './claim-store.ts';
import { mayRepeatAttempt } from './failover-store.ts';
import type { Outcome } from './outcome.ts';

/**
 * All statements that change a delivery, but for its claims. Each function is one or two statements, and reads only the rows that it names.
 */

export async function insertDeliveries(
  tx: Transaction,
  deliveries: readonly Delivery[],
  endpointOf: (webhookId: number) => string,
): Promise<void> {
  await tx.insertMany(
    'delivery',
    deliveries.map((delivery) => rowOf(delivery, endpointOf(delivery.webhookId))),
  );
}

export function rowOf(delivery: Delivery, endpoint: string): NewDeliveryRow {
  return {
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
    endpoint,
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
    previous_sequence: delivery.previousSequence,
    superseded_types: delivery.supersededTypes.join(','),
    first_attempt_at: delivery.firstAttemptAt,
    replay_id: delivery.replayId,
  };
}

/** The result of one attempt, with its parts for the history. */
export interface AttemptResult {
  /** At its claim. */
  readonly delivery: Delivery;
  /** Others of its lane may have been superseded by it. */
  readonly overtook?: boolean;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly endpoint: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly maybeSent: boolean;
  /** Where its time went, as JSON; '' = not known. */
  readonly timingJson: string;
  readonly requestHeadersJson: string;
  /** '' when the event's own payload was sent. */
  readonly requestBody: string;
  readonly responseHeadersJson: string;
  readonly responseBody: string;
}

/**
 * Writes results that all count and are not written yet. Where one does not, or is, the transaction fails as a `conflict`, and
 * they are for `settleDeliveries`. It waits for no answer; and once they are written, a commit of this that was in doubt can no
 * longer take place.
 */
export async function settleInTime(tx: Transaction, results: readonly AttemptResult[], now: number): Promise<void> {
  await tx.changeAll(
    'delivery',
    results.map((result) => settledRow(result, now)),
  );
  const others = results.filter((result) => isAttempt(result) && !endsIt(result));
  await tx.insertMany(
    'attempt',
    others.map((result) => attemptRow(result, result.outcome.reason)),
  );
}

/** A claim that was given back is not an attempt. */
function isAttempt({ settlement: { state } }: AttemptResult): boolean {
  return state !== 'pending';
}

/** If it counts, its attempt stands in the row of the delivery, which never changes again. */
function endsIt({ settlement: { state } }: AttemptResult): boolean {
  return state !== 'pending' && state !== 'retry_wait';
}

/**
 * Writes results, each guarded by the fence of its claim. A late result changes nothing; its attempt is kept, marked
 * `late`.
 * @returns for each result whether it counted.
 */
export async function settleDeliveries(
  tx: Transaction,
  dialect: Dialect,
  results: readonly AttemptResult[],
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
    if (!isAttempt(result)) continue;
    const isKnown = known.has(attemptKey(result.delivery));
    if (counted[index] !== true) {
      if (!isKnown) kept.push(attemptRow(result, 'late'));
    } else if (!endsIt(result)) (isKnown ? repeated : kept).push(attemptRow(result, result.outcome.reason));
  }
  await tx.insertMany('attempt', kept);
  await tx.setMany(
    'attempt',
    repeated.map(({ delivery_id, attempt, ...set }) => ({ match: { delivery_id, attempt }, set })),
  );
  return counted;
}

function settledRow(result: AttemptResult, now: number) {
  const { delivery, outcome, settlement, endpoint, durationMs, startedAt } = result;
  const { state } = settlement;
  const back = state === 'pending';
  const ends = endsIt(result);
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
      first_attempt_at: back || delivery.firstAttemptAt !== 0 ? delivery.firstAttemptAt : startedAt,
      started_at: ends ? startedAt : 0,
      ...exchangeOf(ends ? result : undefined),
    },
  } satisfies RowChange<DeliveryRow>;
}

function attemptRow(result: AttemptResult, reason: string): AttemptRow {
  const { delivery, outcome } = result;
  return {
    delivery_id: delivery.deliveryId,
    attempt: delivery.attempt,
    started_at: result.startedAt,
    duration_ms: result.durationMs,
    endpoint: result.endpoint,
    outcome: outcome.state,
    reason,
    status_code: outcome.statusCode,
    error_message: outcome.message,
    ...exchangeOf(result),
  };
}

function exchangeOf(result: AttemptResult | undefined) {
  return {
    maybe_sent: result?.maybeSent === true ? 1 : 0,
    timing_json: result?.timingJson ?? '',
    request_headers_json: result?.requestHeadersJson ?? '',
    request_body: result?.requestBody ?? '',
    response_headers_json: result?.responseHeadersJson ?? '',
    response_body: result?.responseBody ?? '',
  };
}

function attemptKey(delivery: Pick<Delivery, 'deliveryId' | 'attempt'>): string {
  return `${delivery.deliveryId} ${delivery.attempt}`;
}

/**
 * A result whose commit was in doubt is written again, so its attempt may exist. So may one of the same number whose
 * claim was lost in a failover, with a late result; readers are shown the one that counted.
 */
async function attemptsKept(
  tx: Transaction,
  dialect: Dialect,
  results: readonly AttemptResult[],
): Promise<Set<string>> {
  if (results.length === 0) return new Set();
  const ids = results.map((result) => result.delivery.deliveryId);
  const rows = await tx.query
    .selectFrom('attempt')
    .select(['delivery_id', 'attempt'])
    .where(dialect.anyOf('delivery_id', ids))
    .unionAll(
      tx.query
        .selectFrom('delivery')
        .select(['delivery_id', 'attempt'])
        .where(dialect.anyOf('delivery_id', ids))
        .where('started_at', '>', 0),
    )
    .execute();
  return new Set(rows.map((row) => attemptKey({ deliveryId: row.delivery_id, attempt: row.attempt })));
}

/**
 * Gives back claims under which certainly nothing was sent: by their fence, so it is harmless when the claim never
 * happened. A later claim has the same fence then, and differs by its time.
 */
export async function releaseDeliveries(tx: Transaction, claimed: readonly (Delivery & Claim)[]): Promise<void> {
  if (claimed.length === 0) return;
  await tx.setMany(
    'delivery',
    claimed.map((delivery) => ({
      match: {
        delivery_id: delivery.deliveryId,
        state: 'sending',
        fence: delivery.fence,
        claimed_at: delivery.claimedAt,
      },
      set: { state: 'pending', attempt: delivery.attempt - 1 },
    })),
  );
}

/** Selects deliveries in `sending` that no process is sending. */
export interface Left {
  /** Absent = all. */
  readonly shards?: readonly number[];
  /** Unix milliseconds; absent = any time. */
  readonly claimedBefore?: number;
}

/**
 * Ends a page of claims that a dead process left in `sending`: they may have been sent. Writes no attempt, because
 * nobody knows whether there was one; a result that arrives later writes its own.
 * @returns how many; fewer than `limit` = no more.
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
  await tx.setMany(
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

/** Expires deliveries beyond their webhook's maximum age. */
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

/**
 * Cancels a page of a webhook's waiting deliveries. Attempts in flight end as they end. @returns how many were
 * cancelled.
 */
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
      where webhook_id = ${webhookId} and ${isOpen()}
        and state in ('pending', 'retry_wait')
      order by entity_id limit ${limit})
    returning delivery_id`.execute(tx.query);
  return result.rows.length;
}
