import type { Database, Transaction } from '../../database/database.ts';
import type { Logger } from '../../runtime/logger.ts';
import { endRestored, firstPlace, type PlaceInOpen, type RestoredPage } from '../store/restore-store.ts';
import type { RecoveryParts } from './crash-recovery.ts';

/** Deliveries per transaction. */
const pageMax = 500;

const fromBackup: Restored = {
  message: 'not sent since the database was restored from a backup: it may have been sent before',
};

export interface Restored {
  /** The message of each ended delivery. */
  readonly message: string;
  /** The last delivery that may have been sent; absent = any may. */
  readonly until?: string;
  /** Checked in the transaction of each page; absent = it is due. */
  isStillDue?(tx: Transaction): Promise<boolean>;
}

/** A database that lacks acknowledged changes is treated as a restored one: its waiting deliveries may have been sent. */
export function isBehind({ lostCommits = 0 }: Database, logger: Logger): boolean {
  if (lostCommits > 0) logger.error({ lost_commits: lostCommits, treated_as: '--restored' }, 'database.behind');
  return lostCommits > 0;
}

/**
 * Ends deliveries that wait under at_most_once in a database that has lost its last changes: they may have been sent,
 * and their claims were lost. Those under at_least_once stay, and may be sent again.
 * @returns how many were ended.
 */
export async function settleRestored(parts: RecoveryParts, restored = fromBackup): Promise<number> {
  const { database, clock, at, logger, metrics } = parts;
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
    metrics.ended('restored', page.ended);
    after = page.next;
  }
  logger.warn({ deliveries: ended }, 'deliveries.restored');
  return ended;
}
