import type { Database } from './database.ts';
import { readRevision } from './installation-store.ts';

/** With less room on the data folder's disk, a push and its changes may not fit. */
const roomMinBytes = 1024 * 1024;

/**
 * Why the database cannot take a change now, in sentences; empty = it can. A transaction shows that it works, because it
 * takes the writer's lock, but not that there is room.
 */
export async function notReady(database: Database): Promise<string[]> {
  const reasons: string[] = [];
  try {
    await database.transaction((tx) => readRevision(tx.query));
  } catch (error) {
    reasons.push(`the database does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Its folder may be gone.
  const room = await database.roomBytes?.().catch(() => undefined);
  if (room !== undefined && room < roomMinBytes) {
    reasons.push(`the disk of TOCSIN_DATA has ${room} bytes left, and ${roomMinBytes} are needed: free some`);
  }
  return reasons;
}
