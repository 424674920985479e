import { sql, type RawBuilder } from 'kysely';
import type { Database, Query } from '../../database/database.ts';
import type { DeliveryState } from '../store/delivery.ts';
import { isFailed } from '../store/delivery-state-store.ts';

/** Deliveries of events in a span, cut into steps. */
export interface StatsSpan {
  /** 0 = of all webhooks. */
  readonly webhookId: number;
  /** Unix milliseconds, the end not included. */
  readonly startTime: number;
  readonly endTime: number;
  readonly stepMs: number;
}

export interface StepCount {
  /** Counted from 0. */
  readonly step: number;
  readonly state: DeliveryState;
  readonly count: number;
}

export interface StepDuration {
  readonly step: number;
  /** Milliseconds, rounded down to a thirty-second of its magnitude. */
  readonly durationMs: number;
  readonly count: number;
}

export async function countSteps(database: Database, span: StatsSpan): Promise<StepCount[]> {
  const step = stepOf(span);
  const rows = await inSpan(database.longRead, span)
    .select([step.as('step'), 'state', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy([step, 'state'])
    .execute();
  return rows.map((row) => ({ step: row.step, state: row.state as DeliveryState, count: row.count }));
}

/** The durations of the last attempts of ended deliveries. */
export async function countDurations(database: Database, span: StatsSpan): Promise<StepDuration[]> {
  const step = stepOf(span);
  const rows = await inSpan(database.longRead, span)
    .select([step.as('step'), roundedDuration.as('duration'), ({ fn }) => fn.countAll<number>().as('count')])
    .where(sql<boolean>`(state = 'delivered' or state = 'failed' or state = 'unknown')`)
    .groupBy([step, roundedDuration])
    .execute();
  return rows.map((row) => ({ step: row.step, durationMs: row.duration, count: row.count }));
}

/** Why what was not delivered was not, the most frequent first. */
export async function countReasons(database: Database, span: StatsSpan): Promise<{ reason: string; count: number }[]> {
  return inSpan(database.longRead, span)
    .select(['reason', ({ fn }) => fn.countAll<number>().as('count')])
    .where(isFailed)
    .groupBy('reason')
    .orderBy('count', 'desc')
    .orderBy('reason')
    .execute();
}

function inSpan(query: Query, { webhookId, startTime, endTime }: StatsSpan) {
  const some = query
    .selectFrom('delivery')
    .where('event_time', '>=', startTime)
    .where('event_time', '<', endTime)
    // A replay of yesterday is no news of yesterday.
    .where('replay_id', '=', '');
  return webhookId === 0 ? some : some.where('webhook_id', '=', webhookId);
}

/** Numbers of ours, written out: a parameter in two places would be two expressions to PostgreSQL. */
function stepOf({ startTime, stepMs }: StatsSpan): RawBuilder<number> {
  return sql<number>`(event_time - ${sql.lit(startTime)}) / ${sql.lit(stepMs)}`;
}

/** So that as few groups come out of the database as percentiles need. */
const roundedDuration = sql<number>`case
  when duration_ms < 32 then duration_ms
  when duration_ms < 64 then duration_ms / 2 * 2
  when duration_ms < 128 then duration_ms / 4 * 4
  when duration_ms < 256 then duration_ms / 8 * 8
  when duration_ms < 512 then duration_ms / 16 * 16
  when duration_ms < 1024 then duration_ms / 32 * 32
  when duration_ms < 2048 then duration_ms / 64 * 64
  when duration_ms < 4096 then duration_ms / 128 * 128
  when duration_ms < 8192 then duration_ms / 256 * 256
  when duration_ms < 16384 then duration_ms / 512 * 512
  else duration_ms / 1024 * 1024 end`;
