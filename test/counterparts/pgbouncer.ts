import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, missingCommand, temporaryFolder } from './program.ts';

const command = 'pgbouncer';
const readyMaxMs = 30_000;
const readyPollMs = 20;
/** Connections to the server: so few that transactions of one client go to one and then to another. */
const serverConnections = 3;

/** A real PgBouncer in transaction mode before a database. */
export interface PgBouncer extends AsyncDisposable {
  /** The database, through it. */
  readonly url: string;
}

export function missingPgBouncer(): string | undefined {
  return missingCommand(command, 'pgbouncer');
}

/** Since 1.21 it follows the names of prepared statements from one connection to another. */
export async function followsNames(): Promise<boolean> {
  if (missingPgBouncer() !== undefined) return false;
  const { stdout } = await promisify(execFile)(command, ['--version']);
  const [, major = '0', minor = '0'] = /PgBouncer (\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > 1 || Number(minor) >= 21;
}

/** @param named how many prepared statements of a client it follows; 0 = none, as before 1.21. */
export async function startPgBouncer(url: string, named: number): Promise<PgBouncer> {
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('pgbouncer');
  stack.defer(() => folder.remove());
  // It refuses to run as root, and the user that it runs as instead has to get to its settings.
  await chmod(folder.path, 0o755);
  const port = await freePort();
  const { hostname, port: serverPort, pathname, username, password } = new URL(url);
  const database = pathname.slice(1);
  const settings = join(folder.path, 'pgbouncer.ini');
  await writeFile(
    settings,
    `[databases]
${database} = host=${hostname} port=${serverPort} dbname=${database} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 200
default_pool_size = ${serverConnections}
${(await followsNames()) ? `max_prepared_statements = ${named}` : ''}
`,
  );
  const isRoot = process.getuid?.() === 0;
  const [program, ...rest] = isRoot ? [...asNobody, command, settings] : [command, settings];
  const child = spawn(program ?? command, rest, { cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] });
  const printed: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  stack.defer(() => end(child));
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw error;
  });
  await Promise.race([failed, untilListening(port, child, () => printed.join(''))]);
  const through = new URL(url);
  through.port = String(port);
  const owned = stack.move();
  return { url: through.href, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];

async function untilListening(port: number, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + readyMaxMs;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await listens(port)) return;
    await sleep(readyPollMs);
  }
  throw new Error(`${command} did not become ready; it printed:\n${output()}`);
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** SIGINT lets it wait for its clients; SIGTERM ends it at once. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(kill);
}
