import { sql } from 'kysely';
import type { Query } from '../database/database.ts';

/** An incident, and the earliest moment at which something is due in it. */
export interface DueIncident {
  readonly incidentId: string;
  readonly dueAt: number;
}

/** Written out, not bound: only so does the database see that the index of those that wait for something holds them all. */
const waiting = sql.lit(0);

/** Incidents in which something is due at `now`, the longest overdue first, those after `after` only. */
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

/** The first moment after `now` at which something is due; `undefined` when nothing is. */
export async function readNextDueAt(query: Query, now: number): Promise<number | undefined> {
  const row = await query
    .selectFrom('incident')
    .select('due_at')
    .where('due_at', '>', waiting)
    .where('due_at', '>', now)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}
