import pg from 'pg';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure } from './database.ts';
import { postgresFailure } from './postgres-failure.ts';
import type { DatabaseLogger } from './slow-statements.ts';

/** How long a caller waits for a free connection, or for a new one to be made. */
export const connectionWaitMs = 5_000;
/** The oldest server that is tested. */
export const serverVersionMin = 140_000;

const startRetryFirstMs = 100;
const startRetryMaxMs = 2_000;

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
  // Without listeners, a connection that is lost would end the process, whether it is idle or lent. The statements that
  // wait on it fail on their own.
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

export interface WaitOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long to wait for a server that cannot be reached yet; 0 = not at all. */
  readonly waitMs?: number;
}

/** @throws DatabaseFailure when the server cannot be reached, or cannot be used. */
export async function waitForServer(pool: pg.Pool, { clock, timers, waitMs = 0 }: WaitOptions): Promise<void> {
  const until = clock.monotonic() + waitMs;
  for (let delayMs = startRetryFirstMs; ; delayMs = Math.min(delayMs * 2, startRetryMaxMs)) {
    try {
      return await checkServer(pool);
    } catch (error) {
      const failure = postgresFailure(error);
      const canWait = failure instanceof DatabaseFailure && failure.kind === 'unavailable';
      if (!canWait || clock.monotonic() + delayMs > until) throw failure;
    }
    await new Promise<void>((resolve) => void timers.after(delayMs, resolve));
  }
}

async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string; encoding: string }>(
    `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
  );
  const { version = '', encoding = '' } = rows[0] ?? {};
  if (Number(version) < serverVersionMin) {
    throw new DatabaseFailure('broken', `PostgreSQL ${version} is too old: use ${serverVersionMin / 10_000} or newer`);
  }
  if (encoding !== 'UTF8') {
    throw new DatabaseFailure('broken', `the database stores text as ${encoding}: create it with encoding 'UTF8'`);
  }
}

const int8Oid = 20;
const numericOid = 1700;

/** 64-bit integers and sums come as numbers, as from SQLite, and are refused where a number is not exact. */
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
