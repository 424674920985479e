import type { Transaction } from '../database/database.ts';
import { endRestored, firstPlace, type PlaceInOpen, type RestoredPage } from './restored-store.ts';
import type { RecoveryParts } from './recovery.ts';

/** Deliveries looked at in one transaction. */
const pageMax = 500;

const fromBackup: Restored = {
  message: 'not sent since the database was restored from a backup: it may have been sent before',
};

export interface Restored {
  /** Said of each delivery that is ended. */
  readonly message: string;
  /** The last delivery that may have been sent before; absent = any may. */
  readonly until?: string;
  /** Asked in the transaction of each page; absent = it is. */
  isStillDue?(tx: Transaction): Promise<boolean>;
}

/**
 * Ends what waits under at_most_once in a database that has lost its last changes, because it may have been sent since:
 * the mark that says so was among them. What is owed at least once stays, and may be sent again.
 * @returns how many were ended.
 */
export async function settleRestored(parts: RecoveryParts, restored = fromBackup): Promise<number> {
  const { database, clock, at, logger } = parts;
  const { message, until } = restored;
  let ended = 0;
  for (let after: PlaceInOpen | undefined = firstPlace; after !== undefined;) {
    const from: PlaceInOpen = after;
    const page: RestoredPage = await database.transaction(async (tx) => {
      if ((await restored.isStillDue?.(tx)) === false) return { ended: 0, next: undefined };
      return endRestored(tx, database.dialect, { after: from, until, message, now: clock.now(), limit: pageMax });
    });
    at('recover.mid');
    ended += page.ended;
    after = page.next;
  }
  logger.warn({ deliveries: ended }, 'deliveries.restored');
  return ended;
}
