import { sql } from 'kysely';
import type { Dialect, Transaction } from '../database/database.ts';
import { itsState } from './delivery-store.ts';

export interface RestoredPage {
  readonly ended: number;
  /** Where the next page begins; nowhere after the last. */
  readonly next: PlaceInOpen | undefined;
}

/** In the order of the index of what is open, so that no page looks through what has ended. Custom actions share places. */
export interface PlaceInOpen {
  readonly webhook_id: number;
  readonly entity_id: string;
  readonly sequence: number;
  readonly generation: number;
}

/** Before everything. */
export const firstPlace: PlaceInOpen = { webhook_id: 0, entity_id: '', sequence: 0, generation: 0 };

export interface RestoredPageOf {
  readonly after: PlaceInOpen;
  /** The last delivery that may have been sent before; absent = any may. */
  readonly until?: string | undefined;
  readonly message: string;
  readonly now: number;
  readonly limit: number;
}

export async function endRestored(
  tx: Transaction,
  dialect: Dialect,
  { after, until, message, now, limit }: RestoredPageOf,
): Promise<RestoredPage> {
  const old = until === undefined ? sql`1 = 1` : sql`delivery_id <= ${until}`;
  const { rows } = await sql<PlaceInOpen & { delivery_id: string }>`
    select delivery_id, webhook_id, entity_id, sequence, generation from delivery
    where (state = 'pending' or state = 'sending' or state = 'retry_wait') and mode = 'at_most_once' and ${old}
      and (webhook_id, entity_id, sequence, generation)
        >= (${after.webhook_id}, ${after.entity_id}, ${after.sequence}, ${after.generation})
    order by webhook_id, entity_id, sequence, generation limit ${limit}`.execute(tx.query);
  if (rows.length === 0) return { ended: 0, next: undefined };
  const ids = rows.map((row) => row.delivery_id);
  await sql`
    update delivery set state = 'unknown', reason = 'restored', error_message = ${message}, finished_at = ${now}
    where ${dialect.anyOf('delivery_id', ids)} and ${itsState} in ('pending', 'sending', 'retry_wait')`.execute(
    tx.query,
  );
  return { ended: ids.length, next: ids.length < limit ? undefined : rows.at(-1) };
}
