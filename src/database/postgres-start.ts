import pg from 'pg';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure } from './database.ts';
import { mayPass, postgresFailure } from './postgres-failure.ts';
import { connectionWaitMs } from './postgres-pool.ts';
import type { DatabaseLogger } from './slow-statements.ts';

/** The oldest server that is tested. */
const serverVersionMin = 140_000;

const retryFirstMs = 100;
const retryMaxMs = 2_000;
/** How often the log is told that the server is still waited for. */
const logEveryMs = 60_000;

/** How to wait for a server that cannot be reached yet. */
export interface Waiting {
  /** Ends it; the start then fails with the signal's reason. */
  readonly stop: AbortSignal;
  /** Is told after each try why it has failed; `undefined` when it has not. */
  readonly told: (why: string | undefined) => void;
}

export interface WaitOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: DatabaseLogger;
  /** Without it, the first failure is the last. */
  readonly waiting?: Waiting | undefined;
}

/** @throws DatabaseFailure when the server cannot be used, or cannot be reached and nobody waits for it. */
export async function waitForServer(options: WaitOptions): Promise<void> {
  const { url, timers, waiting } = options;
  const log = logOfTries(options);
  waiting?.stop.throwIfAborted();
  for (let delayMs = retryFirstMs; ; delayMs = Math.min(delayMs * 2, retryMaxMs)) {
    try {
      await checkServer(url, waiting?.stop);
      return waiting?.told(undefined);
    } catch (error) {
      waiting?.stop.throwIfAborted();
      const failure = postgresFailure(error);
      if (waiting === undefined || !mayPass(failure)) throw failure;
      waiting.told(failure.message);
      log(failure.message);
    }
    await pause(delayMs, timers, waiting.stop);
  }
}

/** Tells of the first try that failed, and then once in a while. */
function logOfTries({ clock, logger }: WaitOptions): (why: string) => void {
  const started = clock.monotonic();
  let nextMs = 0;
  return (why) => {
    const waitedMs = clock.monotonic() - started;
    if (waitedMs < nextMs) return;
    nextMs = waitedMs + logEveryMs;
    logger?.warn({ error: why, waited_ms: Math.round(waitedMs) }, 'database.awaited');
  };
}

/** @throws the signal's reason as soon as it is given. */
async function pause(delayMs: number, timers: Timers, stop: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = timers.after(delayMs, resolve);
  const end = () => reject(stop.reason as Error);
  stop.addEventListener('abort', end, { once: true });
  await promise.finally(() => {
    cancel();
    stop.removeEventListener('abort', end);
  });
}

/** On a connection of its own, because one that a pool is making cannot be given up before it fails. */
async function checkServer(url: string, stop: AbortSignal | undefined): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'tocsin',
    connectionTimeoutMillis: connectionWaitMs,
  });
  // Without a listener, a connection that is lost would end the process; the statement fails on its own.
  client.on('error', () => {});
  const cut = () => client.connection.stream.destroy();
  stop?.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
    await checkSettings(client);
    await client.end();
  } finally {
    stop?.removeEventListener('abort', cut);
    cut();
  }
}

async function checkSettings(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string }>(
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
