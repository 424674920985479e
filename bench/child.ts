import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How long a program may take to say that it is ready, and to end. */
const readyMaxMs = 30_000;
const endMaxMs = 5_000;
const outputShownChars = 2_000;

/** What must not outlive this process, whatever ends it. */
const pids = new Set<() => number | undefined>();

process.on('exit', () => {
  for (const pidOf of pids) {
    const pid = pidOf();
    if (pid !== undefined) killIfThere(pid);
  }
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Says that a process ends with this one; `pidOf` gives nothing for one that has ended. @returns what takes it back. */
export function endsWithUs(pidOf: () => number | undefined): () => void {
  pids.add(pidOf);
  return () => void pids.delete(pidOf);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** For `endsWithUs`. */
export function alive(child: ChildProcess): number | undefined {
  return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
}

/** A program of the benchmark in a separate process. */
export interface Child {
  readonly pid: number;
  call<Result>(name: string, input?: unknown): Promise<Result>;
  /** For what it says unasked. */
  listen(listener: (message: Record<string, unknown>) => void): void;
  /** For messages that need no answer. */
  tell(name: string, input: unknown): void;
  stop(): Promise<void>;
}

interface Reply {
  readonly call?: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts `programs/<name>.ts`. */
export async function startChild(name: string, nodeFlags: readonly string[] = []): Promise<Child> {
  const program = join(import.meta.dirname, 'programs', `${name}.ts`);
  const child = spawn(process.execPath, [...nodeFlags, program], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  endsWithUs(() => alive(child));
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-outputShownChars));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners: ((message: Record<string, unknown>) => void)[] = [];
  child.on('message', (message: Reply) => {
    const asked = message.call === undefined ? undefined : waiting.get(message.call);
    if (message.call === undefined || asked === undefined) {
      for (const listener of listeners) listener(message as Record<string, unknown>);
      return;
    }
    waiting.delete(message.call);
    if (message.error === undefined) asked.resolve(message.result);
    else asked.reject(new Error(`${name}: ${message.error}`));
  });
  child.once('exit', (code) => {
    for (const asked of waiting.values()) asked.reject(new Error(`${name} ended with ${code}; it printed: ${output}`));
    waiting.clear();
  });
  let calls = 0;
  const call = <Result>(method: string, input?: unknown): Promise<Result> => {
    calls += 1;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(calls, asked);
    child.send({ call: calls, name: method, input });
    return asked.promise as Promise<Result>;
  };
  await untilReady(child, name, () => output);
  return {
    pid: child.pid ?? 0,
    call,
    listen: (listener) => void listeners.push(listener),
    tell: (method, input) => void (child.connected && child.send({ call: 0, name: method, input })),
    stop: () => endProcess(child),
  };
}

async function untilReady(child: ChildProcess, name: string, output: () => string): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${String(code)}; it printed: ${output()}`);
  });
  const late = AbortSignal.timeout(readyMaxMs);
  await Promise.race([once(child, 'message', { signal: late }), ended]);
  ended.catch(() => {});
}

/** Ends a process that the benchmark has started, and waits until it has ended. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), endMaxMs);
  await ended;
  clearTimeout(kill);
}

/** Processor time of a process so far in seconds; 0 where the system does not tell. */
export async function processorSeconds(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8').catch(() => '');
  // After the name, which may hold blanks: the state is the first, user and system time the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / clockTicksPerSecond;
}

/** Linux on every platform of ours. */
const clockTicksPerSecond = 100;

/** Resident memory of a process in bytes; 0 where the system does not tell. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
