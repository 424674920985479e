import { sql } from 'kysely';
import type { Query, Transaction } from '../database/database.ts';
import type { IntegrationActivityRow } from '../database/tables.ts';

/** Changes of an integration's activity; `undefined` = unchanged. Instants are Unix milliseconds. */
export interface ActivityNews {
  readonly heardAt?: number | undefined;
  readonly refusal?: PushRefusal | undefined;
  readonly truncatedAt?: number | undefined;
  /** Alerts that its sender cut off, since the last write. */
  readonly truncated?: number | undefined;
  readonly unroutedAt?: number | undefined;
  /** Reports without a route, since the last write. */
  readonly unrouted?: number | undefined;
}

/** A refused push. */
export interface PushRefusal {
  readonly at: number;
  readonly status: number;
  /** One of `refusalReasons`. */
  readonly reason: string;
  readonly message: string;
  readonly bytes: number;
}

export interface IntegrationActivity {
  /** 0 = never. */
  readonly lastEventAt: number;
  readonly lastError: PushRefusal | undefined;
  readonly truncatedAt: number;
  readonly truncated: number;
  readonly unroutedAt: number;
  readonly unrouted: number;
}

/** Adds to the stored activity: of two nodes the later time stays, and counts are added. */
export async function saveActivity(tx: Transaction, news: ReadonlyMap<number, ActivityNews>): Promise<void> {
  for (const [integrationId, one] of news) {
    await tx.query
      .insertInto('integration_activity')
      .values(rowOf(integrationId, one))
      .onConflict((conflict) =>
        conflict.column('integration_id').doUpdateSet({
          last_event_at: later('last_event_at'),
          error_json: sql<string>`case when excluded.error_at > integration_activity.error_at then excluded.error_json else integration_activity.error_json end`,
          error_at: later('error_at'),
          truncated_at: later('truncated_at'),
          truncated_cnt: sum('truncated_cnt'),
          unrouted_at: later('unrouted_at'),
          unrouted_cnt: sum('unrouted_cnt'),
        }),
      )
      .execute();
  }
}

export async function readActivity(query: Query, integrationId: number): Promise<IntegrationActivity> {
  const row = await query
    .selectFrom('integration_activity')
    .selectAll()
    .where('integration_id', '=', integrationId)
    .executeTakeFirst();
  return {
    lastEventAt: row?.last_event_at ?? 0,
    lastError: row === undefined || row.error_at === 0 ? undefined : (JSON.parse(row.error_json) as PushRefusal),
    truncatedAt: row?.truncated_at ?? 0,
    truncated: row?.truncated_cnt ?? 0,
    unroutedAt: row?.unrouted_at ?? 0,
    unrouted: row?.unrouted_cnt ?? 0,
  };
}

function later(column: 'last_event_at' | 'error_at' | 'truncated_at' | 'unrouted_at') {
  const [stored, given] = [sql.ref(`integration_activity.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`case when ${given} > ${stored} then ${given} else ${stored} end`;
}

/** Counts end here: a number beyond 2^53 could not be read again. */
export const activityCountMax = 1_000_000_000_000;

function sum(column: 'truncated_cnt' | 'unrouted_cnt') {
  const both = sql`${sql.ref(`integration_activity.${column}`)} + ${sql.ref(`excluded.${column}`)}`;
  return sql<number>`case when ${both} > ${sql.lit(activityCountMax)} then ${sql.lit(activityCountMax)} else ${both} end`;
}

function rowOf(integrationId: number, news: ActivityNews): IntegrationActivityRow {
  return {
    integration_id: integrationId,
    last_event_at: news.heardAt ?? 0,
    error_at: news.refusal?.at ?? 0,
    error_json: news.refusal === undefined ? '' : JSON.stringify(news.refusal),
    truncated_at: news.truncatedAt ?? 0,
    truncated_cnt: news.truncated ?? 0,
    unrouted_at: news.unroutedAt ?? 0,
    unrouted_cnt: news.unrouted ?? 0,
  };
}
