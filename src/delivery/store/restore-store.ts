import { sql } from 'kysely';
import type { Dialect, Transaction } from '../../database/database.ts';
import { isOpen, itsState } from './delivery-state-store.ts';

export interface RestoredPage {
  readonly ended: number;
  /** The position of the next page; absent after the last. */
  readonly next: PlaceInOpen | undefined;
}

/** A position in the index of open deliveries, so that no page reads ended ones. Custom actions share positions. */
export interface PlaceInOpen {
  readonly webhook_id: number;
  readonly entity_id: string;
  readonly sequence: number;
  readonly generation: number;
}

/** The start. */
export const firstPlace: PlaceInOpen = { webhook_id: 0, entity_id: '', sequence: 0, generation: 0 };

export interface RestoredPageOf {
  readonly after: PlaceInOpen;
  /** The last delivery that may have been sent; absent = any may. */
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
    where ${isOpen()} and mode = 'at_most_once' and ${old}
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
