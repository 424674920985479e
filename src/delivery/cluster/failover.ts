import { type SharedDatabase, isTransient } from '../../database/database.ts';
import type { Logger } from '../../runtime/logger.ts';
import { endSettling, isSettling, readPresent, type DatabaseTimeline } from '../store/failover-store.ts';
import type { RecoveryParts } from '../maintenance/crash-recovery.ts';
import { settleRestored } from '../maintenance/restore-recovery.ts';

const message =
  'not sent since the database went on without its last changes, after a failover or a restore: it may have been sent before';

/** Whether the server shows its timeline; some providers refuse it. */
export async function canReadTimeline(shared: SharedDatabase, logger: Logger): Promise<boolean> {
  try {
    await shared.transaction(readPresent);
    return true;
  } catch (error) {
    if (isTransient(error)) throw error;
    logger.warn({ error }, 'timeline.unreadable');
    return false;
  }
}

/**
 * Ends deliveries that may have been sent in the earlier timeline. Any node may, several at a time, and again after one
 * that died.
 */
export async function settleTimeline(parts: RecoveryParts, { present, until }: DatabaseTimeline): Promise<void> {
  if (until === undefined) return;
  parts.logger.warn({ timeline: present }, 'timeline.changed');
  await settleRestored(parts, { message, until, isStillDue: (tx) => isSettling(tx, present) });
  await parts.database.transaction((tx) => endSettling(tx, present));
}
