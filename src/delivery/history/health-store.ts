import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { DeliveryState } from '../store/delivery.ts';
import { isFailed, isOpen } from '../store/delivery-state-store.ts';

/** Deliveries of one webhook that are read for its health, newest first: a busier webhook is judged by these. */
export const countedMax = 2_000;
/** Ended deliveries of one webhook that it is judged by, newest first: a busier one is judged by these, and not by a whole hour. */
export const judgedMax = 2_000;
/** Attempts of one webhook whose durations are read. */
export const timedMax = 200;
/** Deliveries of one webhook among which those that ended are looked for: beyond them, behind so many that wait, none is found. */
export const lookedAtMax = 10_000;
/** Waiting deliveries of one webhook that are counted. */
export const waitingMax = 10_000;

export interface HourCount {
  /** Whole hours since 1970. */
  readonly hour: number;
  readonly state: DeliveryState;
  readonly count: number;
}

/** Deliveries of events since an instant, the newest first; without those of replays, which are beside the traffic. */
function newestOf({ longRead }: Database, webhookId: number, since: number) {
  return longRead
    .selectFrom('delivery')
    .where('webhook_id', '=', webhookId)
    .where('event_time', '>=', since)
    .where('replay_id', '=', '')
    .orderBy('event_time', 'desc')
    .orderBy('delivery_id', 'desc');
}

/** The outcomes of deliveries since an instant, by the hour of the event. */
export async function countHours(database: Database, webhookId: number, since: number): Promise<HourCount[]> {
  const some = newestOf(database, webhookId, since).select(['event_time', 'state']).limit(countedMax);
  const rows = await database.longRead
    .selectFrom(some.as('some'))
    .select([sql<number>`event_time / 3600000`.as('hour'), 'state', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy([sql`event_time / 3600000`, 'state'])
    .execute();
  return rows.map((row) => ({ hour: row.hour, state: row.state as DeliveryState, count: row.count }));
}

export interface EndedDelivery {
  readonly state: DeliveryState;
  readonly finishedAt: number;
  readonly durationMs: number;
}

/** The newest deliveries that were tried and have ended. Both bounds are limits, so the newest are read and no others. */
function newestEnded({ longRead }: Database, webhookId: number, since: number, limit: number) {
  const newest = longRead
    .selectFrom('delivery')
    .select(['state', 'finished_at', 'duration_ms'])
    // A span and an order of webhooks, so that PostgreSQL does not look for this webhook's among all deliveries by time.
    .where(sql<boolean>`(webhook_id, event_time) >= (${webhookId}, ${since})`)
    .where('webhook_id', '<=', webhookId)
    .where('replay_id', '=', '')
    .orderBy('webhook_id', 'desc')
    .orderBy('event_time', 'desc')
    .orderBy('delivery_id', 'desc')
    .limit(lookedAtMax);
  return longRead
    .selectFrom(newest.as('newest'))
    .select(['state', 'finished_at', 'duration_ms'])
    .where(sql<boolean>`(state = 'delivered' or state = 'failed' or state = 'unknown')`)
    .limit(limit);
}

/** Deliveries that ended within the past hour. */
export interface Lately {
  readonly ended: number;
  readonly delivered: number;
}

/** @param endedAfter Unix milliseconds. */
export async function countLately(
  database: Database,
  webhookId: number,
  since: number,
  endedAfter: number,
): Promise<Lately> {
  const row = await database.longRead
    .selectFrom(newestEnded(database, webhookId, since, judgedMax).as('ended'))
    .select(({ fn }) => [
      fn.countAll<number>().as('ended'),
      sql<number>`coalesce(sum(case when state = 'delivered' then 1 else 0 end), 0)`.as('delivered'),
    ])
    .where('finished_at', '>', endedAfter)
    .executeTakeFirstOrThrow();
  return { ended: row.ended, delivered: row.delivered };
}

/**
 * Whether one of the newest deliveries failed within the past hour: where none did, nobody has to count them. It reads failures
 * alone, and as many as {@link countLately} may look at.
 * @param endedAfter Unix milliseconds.
 */
export async function hasFailedLately(
  database: Database,
  webhookId: number,
  since: number,
  endedAfter: number,
): Promise<boolean> {
  const newest = newestOf(database, webhookId, since)
    .select(['state', 'finished_at'])
    .where(isFailed)
    .limit(lookedAtMax);
  const row = await database.longRead
    .selectFrom(newest.as('newest'))
    .select('state')
    .where(sql<boolean>`(state = 'failed' or state = 'unknown')`)
    .where('finished_at', '>', endedAfter)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Those whose durations say how fast the receiver is. */
export async function readEnded(database: Database, webhookId: number, since: number): Promise<EndedDelivery[]> {
  const rows = await newestEnded(database, webhookId, since, timedMax).execute();
  return rows.map((row) => ({
    state: row.state as DeliveryState,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
  }));
}

export interface LastFailure {
  /** Unix milliseconds: of its end, or of the event while it is tried again. */
  readonly at: number;
  readonly reason: string;
  readonly message: string;
}

export async function readLastFailure(
  database: Database,
  webhookId: number,
  since: number,
): Promise<LastFailure | undefined> {
  const row = await newestOf(database, webhookId, since)
    .select(['finished_at', 'claimed_at', 'reason', 'error_message'])
    // With the webhook and the time, the condition of the partial index.
    .where(isFailed)
    .where(sql<boolean>`state <> 'cancelled' and state <> 'superseded'`)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    at: row.finished_at === 0 ? row.claimed_at : row.finished_at,
    reason: row.reason,
    message: row.error_message,
  };
}

export interface Backlog {
  /** Exact below {@link waitingMax}. */
  readonly waiting: number;
  /** Alerts and incidents with waiting deliveries. */
  readonly entities: number;
  /** When the oldest was made, Unix milliseconds; 0 = none. */
  readonly oldestAt: number;
  readonly bySeverity: Readonly<Record<'Critical' | 'Warning' | 'Info', number>>;
}

/** @param webhookId 0 = all webhooks. */
export async function readBacklog({ longRead }: Database, webhookId: number): Promise<Backlog> {
  const open = longRead
    .selectFrom('delivery')
    .select(['entity_id', 'created_at', 'urgency'])
    .where(isOpen())
    .limit(waitingMax);
  const some = webhookId === 0 ? open : open.where('webhook_id', '=', webhookId);
  const row = await longRead
    .selectFrom(some.as('some'))
    .select(({ fn }) => [
      fn.countAll<number>().as('waiting'),
      fn.count<number>('entity_id').distinct().as('entities'),
      fn.min<number | null>('created_at').as('oldest'),
      sql<number>`coalesce(sum(case when urgency = 0 then 1 else 0 end), 0)`.as('critical'),
      sql<number>`coalesce(sum(case when urgency = 1 then 1 else 0 end), 0)`.as('warning'),
    ])
    .executeTakeFirst();
  const [waiting, Critical, Warning] = [row?.waiting ?? 0, row?.critical ?? 0, row?.warning ?? 0];
  return {
    waiting,
    entities: row?.entities ?? 0,
    oldestAt: row?.oldest ?? 0,
    bySeverity: { Critical, Warning, Info: waiting - Critical - Warning },
  };
}
