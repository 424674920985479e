import type { Database } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Logger } from '../runtime/logger.ts';
import { recoverDeliveries, type Left } from './delivery-store.ts';

/** Deliveries settled in one transaction. */
const pageMax = 500;

export interface RecoveryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly at: CrashPoints;
  readonly logger: Logger;
}

/**
 * Settles what a dead process left in `sending`. Done before anything is sent, and harmless when done again.
 * @param left which it is; all there is, unless others live.
 * @returns how many there were.
 */
export async function recover(parts: RecoveryParts, left: Left = {}): Promise<number> {
  const { database, clock, at, logger } = parts;
  let recovered = 0;
  for (;;) {
    const count = await database.transaction((tx) =>
      recoverDeliveries(tx, database.dialect, left, clock.now(), pageMax),
    );
    recovered += count;
    at('recover.mid');
    if (count < pageMax) break;
  }
  if (recovered > 0) logger.warn({ deliveries: recovered }, 'deliveries.interrupted');
  return recovered;
}
