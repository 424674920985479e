import pg from 'pg';
import { DatabaseFailure } from '../database.ts';
import { postgresFailure } from './errors.ts';
import type { DatabaseLogger } from '../slow-statements.ts';

/** The longest wait for a free or new connection. */
export const connectionWaitMs = 5_000;

export function makePool(url: string, max: number, logger: DatabaseLogger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    pipeline: true,
    keepAlive: true,
    application_name: 'tocsin',
    connectionTimeoutMillis: connectionWaitMs,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  });
  // Without listeners, a lost connection would end the process, idle or in use. The statements that wait on it fail
  // separately.
  const lost = (error: Error) => logger.warn({ error: error.message }, 'database.connection_lost');
  pool.on('connect', (client) => client.on('error', lost));
  pool.on('error', () => {});
  return pool;
}

export async function lend(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.ending) throw new DatabaseFailure('unavailable', 'the database is closed');
  try {
    return await pool.connect();
  } catch (error) {
    if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') {
      throw new DatabaseFailure('busy', `no connection to the database was free for ${connectionWaitMs} ms`, error);
    }
    throw postgresFailure(error);
  }
}

const int8Oid = 20;
const numericOid = 1700;

/** Returns 64-bit integers and sums as numbers, as SQLite does, and refuses those that are not exact. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === int8Oid || oid === numericOid ? exactNumber : pg.types.getTypeParser(oid, format ?? 'text');
}

function exactNumber(text: string): number {
  const value = Number(text);
  if (!text.includes('.') && !Number.isSafeInteger(value)) {
    throw new RangeError(`the integer ${text} cannot be held exactly by a number`);
  }
  return value;
}
