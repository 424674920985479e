import type { Database } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CrashPoints } from '../../runtime/crash-points.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import { recoverDeliveries, type Left } from '../store/delivery-store.ts';

/** Deliveries per transaction. */
const pageMax = 500;

export interface RecoveryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly logger: Logger;
  readonly metrics: Pick<DeliveryMetrics, 'ended' | 'unsent'>;
}

/**
 * Ends the claims that a dead process left in `sending`. Done before anything is sent, and harmless when repeated.
 * @param left which claims; all, unless other nodes live.
 * @returns their number.
 */
export async function recover(parts: RecoveryParts, left: Left = {}): Promise<number> {
  const { database, clock, at, logger, metrics } = parts;
  let recovered = 0;
  for (;;) {
    const count = await database.transaction((tx) =>
      recoverDeliveries(tx, database.dialect, left, clock.now(), pageMax),
    );
    recovered += count;
    metrics.unsent('interrupted', count);
    at('recover.mid');
    if (count < pageMax) break;
  }
  if (recovered > 0) logger.warn({ deliveries: recovered }, 'deliveries.interrupted');
  return recovered;
}
