import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { freePort } from '../counterparts/program.ts';

/** How long the service may take from its start until it is ready. */
const startMaxMs = 30_000;
/** How long it may take to end after SIGTERM: the longest delivery timeout and two seconds. */
const endMaxMs = 32_000;
/** How much of what it printed a failure shows. */
const shownLinesMax = 60;

const root = join(import.meta.dirname, '..', '..');
/** It says so when it is ready; it takes connections long before. */
export const readyLine = /^listening on http:\/\/127\.0\.0\.1:\d+/;

export interface ServiceOptions {
  /** Where its data goes; the caller makes and removes it. */
  readonly folder: string;
  readonly database: 'sqlite' | 'postgres';
  /** An empty database; needed for `postgres`. */
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command that starts it; the program itself by default. */
  readonly command?: readonly [string, ...string[]];
  /** The line to wait for; that it is ready by default. */
  readonly until?: RegExp;
}

/** The real program as a child process, as an operator runs it. */
export interface Service {
  /** The same after a restart. */
  readonly url: string;
  readonly appKey: string;
  readonly pid: number | undefined;
  /** Every line it has printed, over all its lives. */
  readonly logs: readonly string[];
  /** Calls an operation and gives its `data`; throws with the error's code and message when it is refused. */
  api(path: string, body?: object): Promise<Json>;
  /** Sends an alert event and gives the answer's status; rejects when there is no answer. */
  push(type: string, integrationKey: string, body: object): Promise<{ status: number; body: string }>;
  /** Ends it with a signal and waits until it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Starts it again on the same data and the same port, after it has ended. Rejects when it ends before it is ready.
   * @param env for this life only.
   * @param command how it is started, for this life only.
   */
  restart(env?: Readonly<Record<string, string>>, command?: ServiceOptions['command']): Promise<void>;
  /** Resolves when it has ended, by whatever cause, with the signal if it was one. */
  ended(): Promise<NodeJS.Signals | null>;
  /** How it ended the last time; null while it runs, and where it was a signal. */
  readonly exitCode: number | null;
  /** Ends it in good order; fails when it does not end with 0 in time. */
  stop(): Promise<void>;
}

export type Json = Record<string, unknown>;

export async function startService(options: ServiceOptions): Promise<Service> {
  const port = await freePort();
  const appKey = `test-key-${'k'.repeat(32)}`;
  const logs: string[] = [];
  const environment = { ...cleanEnvironment(), ...settings(options, port, appKey), ...options.env };
  let child = launch(options.command, environment);
  await untilSaid(options.until ?? readyLine, child, logs);
  const url = `http://127.0.0.1:${port}`;

  const kill = async (signal: NodeJS.Signals) => {
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url,
    appKey,
    logs,
    get pid() {
      return child.pid;
    },
    async api(path, body = {}) {
      const answer = await post(`${url}${path}`, body, { authorization: `Bearer ${appKey}` }).catch(
        (error: unknown) => {
          throw failure(`${path} has no answer`, logs, error);
        },
      );
      return dataOf(path, answer);
    },
    push: (type, integrationKey, body) => push(`${url}/event/push/alert/${type}`, integrationKey, body),
    get exitCode() {
      return child.exitCode;
    },
    kill,
    async restart(env = {}, command = options.command) {
      if (!hasEnded(child)) throw new Error('the service still runs: end it before it is started again');
      child = launch(command, { ...environment, ...env });
      await untilSaid(options.until ?? readyLine, child, logs);
    },
    async ended() {
      if (!hasEnded(child)) await once(child, 'exit');
      return child.signalCode;
    },
    async stop() {
      const late = setTimeout(() => child.kill('SIGKILL'), endMaxMs);
      await kill('SIGTERM');
      clearTimeout(late);
      if (child.signalCode === 'SIGKILL') throw failure(`the service did not end within ${endMaxMs} ms`, logs);
      if (child.exitCode !== null && child.exitCode !== 0) {
        throw failure(`the service ended with ${child.exitCode}`, logs);
      }
    },
  };
}

/** The service must not read the settings of the machine's user. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(?:TOCSIN_|NODE_)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

function settings(options: ServiceOptions, port: number, appKey: string): Record<string, string> {
  if (options.database === 'postgres' && options.databaseUrl === undefined) {
    throw new Error('a service on PostgreSQL needs the URL of an empty database');
  }
  const compiled = process.env['NODE_COMPILE_CACHE'];
  return {
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    TOCSIN_LISTEN: `127.0.0.1:${port}`,
    TOCSIN_DATA: options.folder,
    TOCSIN_APP_KEY: appKey,
    TOCSIN_ADMIN_EMAIL: 'admin@example.org',
    TOCSIN_EGRESS_ALLOW: '127.0.0.1/32',
    TOCSIN_TEST_CHECK_REPLIES: '1',
    ...(options.database === 'postgres' ? { TOCSIN_DATABASE_URL: options.databaseUrl ?? '' } : {}),
  };
}

/** The bundle, as users start it; the global setup builds it when it is stale. */
export const usualCommand = [process.execPath, 'dist/tocsin.js', 'serve'] as const;

type Child = ChildProcessByStdio<null, Readable, Readable>;

function launch(command: ServiceOptions['command'] = usualCommand, env: Record<string, string>): Child {
  const [program, ...rest] = command;
  return spawn(program, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function untilSaid(wanted: RegExp, child: Child, logs: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const keep = lines((line) => {
    logs.push(line);
    if (wanted.test(line)) resolve();
  });
  child.stdout.on('data', keep);
  child.stderr.on(
    'data',
    lines((line) => logs.push(line)),
  );
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(failure(`the service ended with ${code ?? signal}`, logs)));
  const late = setTimeout(() => {
    child.kill('SIGKILL');
    reject(failure(`the service did not say ${wanted} within ${startMaxMs} ms`, logs));
  }, startMaxMs);
  try {
    await promise;
  } finally {
    clearTimeout(late);
  }
}

/** Cuts a stream of chunks into lines. */
function lines(take: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) take(stripVTControlCharacters(part));
  };
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function dataOf(path: string, answer: Response): Promise<Json> {
  const envelope = (await answer.json()) as { data?: Json; error?: { code: string; message: string } };
  if (envelope.error !== undefined || !answer.ok) {
    const { code, message } = envelope.error ?? { code: '', message: 'no error in the envelope' };
    throw new Error(`${path} answered ${answer.status} ${code}: ${message}`);
  }
  return envelope.data ?? {};
}

async function push(url: string, integrationKey: string, body: object): Promise<{ status: number; body: string }> {
  const answer = await post(`${url}?integration_key=${encodeURIComponent(integrationKey)}`, body);
  return { status: answer.status, body: await answer.text() };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function failure(message: string, logs: readonly string[], cause?: unknown): Error {
  return new Error(`${message}; it printed:\n${logs.slice(-shownLinesMax).join('\n')}`, { cause });
}
