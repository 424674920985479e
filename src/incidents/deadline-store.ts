import { sql } from 'kysely';
import type { Query } from '../database/database.ts';

/** An incident and its earliest deadline. */
export interface DueIncident {
  readonly incidentId: string;
  readonly dueAt: number;
}

/** An alert with a deadline: to be judged again, or to recover unless it is reported again. */
export interface DueAlert {
  readonly alertId: string;
  readonly dueAt: number;
}

/** A literal, not a parameter: only then does the database see that the partial index covers the condition. */
const waiting = sql.lit(0);

/** Incidents that are due at `now`, the longest overdue first, from after `after`. */
export async function readDue(
  query: Query,
  now: number,
  after: DueIncident | undefined,
  limit: number,
): Promise<DueIncident[]> {
  const { dueAt, incidentId } = after ?? { dueAt: 0, incidentId: '' };
  const rows = await query
    .selectFrom('incident')
    .select(['incident_id', 'due_at'])
    .where('due_at', '>', waiting)
    .where('due_at', '<=', now)
    .where((row) =>
      row.or([row('due_at', '>', dueAt), row.and([row('due_at', '=', dueAt), row('incident_id', '>', incidentId)])]),
    )
    .orderBy('due_at')
    .orderBy('incident_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ incidentId: row.incident_id, dueAt: row.due_at }));
}

/** Alerts that are due at `now`, the longest overdue first, from after `after`. */
export async function readDueAlerts(
  query: Query,
  now: number,
  after: DueAlert | undefined,
  limit: number,
): Promise<DueAlert[]> {
  const { dueAt, alertId } = after ?? { dueAt: 0, alertId: '' };
  const rows = await query
    .selectFrom('alert')
    .select(['alert_id', 'due_at'])
    .where('due_at', '>', waiting)
    .where('due_at', '<=', now)
    .where((row) =>
      row.or([row('due_at', '>', dueAt), row.and([row('due_at', '=', dueAt), row('alert_id', '>', alertId)])]),
    )
    .orderBy('due_at')
    .orderBy('alert_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ alertId: row.alert_id, dueAt: row.due_at }));
}

/** The first deadline after `now`; `undefined` when there is none. */
export async function readNextDueAt(query: Query, now: number): Promise<number | undefined> {
  const times = [await nextDueAt(query, 'incident', now), await nextDueAt(query, 'alert', now)];
  const found = times.filter((time) => time !== undefined);
  return found.length === 0 ? undefined : Math.min(...found);
}

async function nextDueAt(query: Query, table: 'incident' | 'alert', now: number): Promise<number | undefined> {
  const row = await query
    .selectFrom(table)
    .select('due_at')
    .where('due_at', '>', waiting)
    .where('due_at', '>', now)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}
