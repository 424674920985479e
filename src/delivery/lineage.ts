import type { SharedDatabase } from '../database/database.ts';
import type { Logger } from '../runtime/logger.ts';
import { endSettling, isSettling, readPresent, type Lineage } from './lineage-store.ts';
import type { RecoveryParts } from './recovery.ts';
import { settleRestored } from './restored.ts';
import { isPassing } from './settler.ts';

const message =
  'not sent since the database went on without its last changes, after a failover or a restore: it may have been sent before';

/** Whether the server says which lineage it is of: some providers refuse it to all but themselves. */
export async function tellsLineage(shared: SharedDatabase, logger: Logger): Promise<boolean> {
  try {
    await shared.transaction(readPresent);
    return true;
  } catch (error) {
    if (isPassing(error)) throw error;
    logger.warn({ error }, 'lineage.not_told');
    return false;
  }
}

/** Settles what may have been sent in the lineage before. Any node may, several at a time, and again after one that died. */
export async function settleLineage(parts: RecoveryParts, { present, until }: Lineage): Promise<void> {
  if (until === undefined) return;
  parts.logger.warn({ lineage: present }, 'lineage.changed');
  await settleRestored(parts, { message, until, isStillDue: (tx) => isSettling(tx, present) });
  await parts.database.transaction((tx) => endSettling(tx, present));
}
