import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a program may take from its start until it says that it is ready. */
const readyMaxMs = 40_000;
const readyPollMs = 50;
/** How long a program may take to end after SIGTERM before it is killed. */
const endMaxMs = 5_000;

/** A real program, started for a test in its own folder. */
export interface Program {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Everything it has printed so far. */
  output(): string;
  /** Ends it and waits until it has ended. */
  stop(): Promise<void>;
}

export interface Start {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly port: number;
  /** Path whose 2xx answer means that it is ready. */
  readonly readyPath: string;
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a program and resolves once it is ready; rejects with what it printed when it ends first or takes too long. */
export async function startProgram(start: Start): Promise<Program> {
  const child = spawn(start.command, start.arguments, {
    cwd: start.folder,
    env: { ...process.env, ...start.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const output = () => printed.join('');
  const stop = () => end(child);
  const url = `http://127.0.0.1:${start.port}`;
  try {
    await Promise.race([untilReady(url + start.readyPath, child), failed(child)]);
  } catch (error) {
    await stop();
    throw new Error(`${start.command} did not become ready; it printed:\n${output()}`, { cause: error });
  }
  return { url, output, stop };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + readyMaxMs;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error('it ended');
    const answer = await fetch(url, { redirect: 'manual' }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await sleep(readyPollMs);
  }
  throw new Error(`no 2xx from ${url} within ${readyMaxMs} ms`);
}

async function failed(child: ChildProcess): Promise<never> {
  const [error]: unknown[] = await once(child, 'error');
  throw error;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), endMaxMs);
  await ended;
  clearTimeout(kill);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/**
 * A loopback port that is free, below the range that the kernel takes ports of outgoing connections from: so that no
 * client that tries to reach a program which is down can be given that program's own port.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port found between 20000 and 32000');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (bound) await new Promise((resolve) => server.close(resolve));
  return bound;
}

/** An empty folder and what removes it. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `tocsin-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Says how to get a Debian package's command when it is not there. */
export function missingCommand(command: string, debianPackage: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.some((folder) => isExecutable(join(folder, command)));
  return found ? undefined : `${command} is not installed: apt-get install ${debianPackage}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The `skip` of a test that needs a real program: the reason when it is missing. With CI set nothing is skipped, so that
 * the test fails at the start of the program instead of passing unseen.
 */
export function skipWithout(reason: string | undefined): { skip: string | false } {
  const inCi = (process.env['CI'] ?? '') !== '';
  return { skip: inCi ? false : (reason ?? false) };
}
