import type { Query } from '../../src/database/database.ts';
import type { AttemptRow } from '../../src/database/tables.ts';
import { everyAttempt } from '../../src/delivery/store/every-attempt.ts';

/** The attempts that were kept, of all deliveries or of one. */
export async function storedAttempts(query: Query, deliveryId?: string): Promise<AttemptRow[]> {
  const deliveries = await query.selectFrom('delivery').selectAll().orderBy('delivery_id').execute();
  const others = await query.selectFrom('attempt').selectAll().orderBy('attempt').execute();
  return deliveries
    .filter((delivery) => deliveryId === undefined || delivery.delivery_id === deliveryId)
    .flatMap((delivery) =>
      everyAttempt(
        delivery,
        others.filter((attempt) => attempt.delivery_id === delivery.delivery_id),
      ),
    );
}
