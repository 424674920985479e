import { sql } from 'kysely';
import type { Transaction } from '../../database/database.ts';
import type { Lane } from './retry-store.ts';

/** Lanes per statement. */
const pageMax = 500;

/**
 * The sequence of the last delivery in each of these lanes, by `laneKey`; a lane without one is absent. A resend does not
 * count: the history may keep it for longer than what came after its original.
 */
export async function readLastSequences(tx: Transaction, lanes: readonly Lane[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let start = 0; start < lanes.length; start += pageMax) {
    const values = lanes
      .slice(start, start + pageMax)
      .map(({ webhookId, entityId }) => sql`(cast(${entityId} as text), cast(${webhookId} as bigint))`);
    const { rows } = await sql<{ entity_id: string; webhook_id: number; sequence: number | null }>`
      with lane (entity_id, webhook_id) as (values ${sql.join(values)})
      select lane.entity_id, lane.webhook_id, (
        select delivery.sequence from delivery
        where delivery.entity_id = lane.entity_id and delivery.webhook_id = lane.webhook_id and delivery.sequence > 0
          and delivery.generation = 0
        order by delivery.sequence desc, delivery.generation desc limit 1) as sequence
      from lane`.execute(tx.query);
    for (const row of rows) {
      if (row.sequence === null) continue;
      found.set(laneKey({ webhookId: row.webhook_id, entityId: row.entity_id }), row.sequence);
    }
  }
  return found;
}

export function laneKey({ webhookId, entityId }: Lane): string {
  return `${webhookId} ${entityId}`;
}
