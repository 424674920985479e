import { sql } from 'kysely';
import type { Transaction } from '../../database/database.ts';
import { byLane, isOpen } from './delivery-state-store.ts';
import type { Lane } from './retry-store.ts';

/** Lanes per statement. */
const pageMax = 500;

/** The last of a lane before an event is added to it. */
export interface LaneEnd {
  /**
   * The sequence of its last delivery; 0 = it has none. A resend does not count: the history may keep it for longer than what
   * came after its original.
   */
  readonly sequence: number;
  /** Something of it has not ended. */
  readonly isOpen: boolean;
}

/** The ends of these lanes, by `laneKey`. */
export async function readLaneEnds(tx: Transaction, lanes: readonly Lane[]): Promise<Map<string, LaneEnd>> {
  const found = new Map<string, LaneEnd>();
  for (let start = 0; start < lanes.length; start += pageMax) {
    const values = lanes
      .slice(start, start + pageMax)
      .map(({ webhookId, entityId }) => sql`(cast(${entityId} as text), cast(${webhookId} as bigint))`);
    const { rows } = await sql<LaneEndRow>`
      with lane (entity_id, webhook_id) as (values ${sql.join(values)})
      select lane.entity_id, lane.webhook_id, (
        select delivery.sequence from delivery
        where delivery.entity_id = lane.entity_id and delivery.webhook_id = lane.webhook_id and ${byLane('delivery')}
          and delivery.generation = 0
        order by delivery.sequence desc, delivery.generation desc limit 1) as sequence, (
        select 1 from delivery as open
        where open.webhook_id = lane.webhook_id and open.entity_id = lane.entity_id and ${isOpen('open')}
        order by open.sequence, open.generation limit 1) as open
      from lane`.execute(tx.query);
    for (const { entity_id: entityId, webhook_id: webhookId, sequence, open } of rows) {
      found.set(laneKey({ webhookId, entityId }), { sequence: sequence ?? 0, isOpen: open !== null });
    }
  }
  return found;
}

interface LaneEndRow {
  entity_id: string;
  webhook_id: number;
  sequence: number | null;
  open: number | null;
}

export function laneKey({ webhookId, entityId }: Lane): string {
  return `${webhookId} ${entityId}`;
}
