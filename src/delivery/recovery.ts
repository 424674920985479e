import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import { recoverDeliveries } from './delivery-store.ts';

/** Deliveries settled in one transaction. */
const pageMax = 500;

/**
 * Settles what a dead process left in `sending`. Done before anything is sent, and harmless when done again.
 * @returns how many there were.
 */
export async function recover(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly logger: Logger;
}): Promise<number> {
  const { database, clock, at, logger } = parts;
  let recovered = 0;
  for (;;) {
    const count = await database.transaction((tx) => recoverDeliveries(tx, clock.now(), pageMax));
    recovered += count;
    at('recover.mid');
    if (count < pageMax) break;
  }
  if (recovered > 0) logger.warn({ deliveries: recovered }, 'deliveries.interrupted');
  return recovered;
}
