import { endRestored, type RestoredPage } from './restored-store.ts';
import type { RecoveryParts } from './recovery.ts';

/** Deliveries looked at in one transaction. */
const pageMax = 500;

/**
 * Ends what waits under at_most_once in a database that was restored from a backup, because it may have been sent since:
 * the mark that says so was made after the backup. What is owed at least once stays, and may be sent again.
 * @returns how many were ended.
 */
export async function settleRestored({ database, clock, at, logger }: RecoveryParts): Promise<number> {
  let ended = 0;
  for (let after: string | undefined = ''; after !== undefined;) {
    const from: string = after;
    const page: RestoredPage = await database.transaction((tx) =>
      endRestored(tx, database.dialect, from, clock.now(), pageMax),
    );
    at('recover.mid');
    ended += page.ended;
    after = page.next;
  }
  logger.warn({ deliveries: ended }, 'deliveries.restored');
  return ended;
}
