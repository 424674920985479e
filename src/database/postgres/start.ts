import pg from 'pg';
import { DatabaseFailure } from '../database.ts';
import { mayPass, postgresFailure } from './errors.ts';
import { connectionWaitMs } from './pool.ts';
import { retryWhile, type WaitOptions } from '../waiting.ts';

/** The oldest server that is tested. */
const serverVersionMin = 140_000;

/** @throws DatabaseFailure when the server is not usable, or cannot be reached and there is no `waiting`. */
export function waitForServer({ url, ...options }: WaitOptions & { readonly url: string }): Promise<void> {
  return retryWhile(
    options,
    () => checkServer(url, options.waiting?.stop),
    (error) => {
      const failure = postgresFailure(error);
      return { failure: failure instanceof Error ? failure : new Error(String(failure)), passes: mayPass(failure) };
    },
  );
}

/** On a separate connection, because one that a pool is making cannot be abandoned before it fails. */
async function checkServer(url: string, stop: AbortSignal | undefined): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'tocsin',
    connectionTimeoutMillis: connectionWaitMs,
  });
  // Without a listener, a lost connection would end the process; the statement fails separately.
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
