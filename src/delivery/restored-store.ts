import { sql } from 'kysely';
import type { Dialect, Transaction } from '../database/database.ts';

const message = 'not sent since the database was restored from a backup: it may have been sent before';

export interface RestoredPage {
  readonly ended: number;
  /** Where the next page begins; nowhere after the last. */
  readonly next: string | undefined;
}

export async function endRestored(
  tx: Transaction,
  dialect: Dialect,
  after: string,
  now: number,
  limit: number,
): Promise<RestoredPage> {
  const { rows } = await sql<{ delivery_id: string }>`
    select delivery_id from delivery
    where delivery_id > ${after} and state in ('pending', 'sending', 'retry_wait') and mode = 'at_most_once'
    order by delivery_id limit ${limit}`.execute(tx.query);
  const ids = rows.map((row) => row.delivery_id);
  if (ids.length === 0) return { ended: 0, next: undefined };
  await sql`
    update delivery set state = 'unknown', reason = 'restored', error_message = ${message}, finished_at = ${now}
    where ${dialect.anyOf('delivery_id', ids)}`.execute(tx.query);
  return { ended: ids.length, next: ids.length < limit ? undefined : ids.at(-1) };
}
