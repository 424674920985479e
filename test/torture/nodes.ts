import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { startService } from '../support/service.ts';
import type { Json, Service, ServiceOptions } from '../support/service.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { Episode, NodeFacts, Span } from './evidence.ts';

/** What an armed process has until it has come to its crash point. */
const crashMaxMs = 5_000;
const startsMax = 5;
const startRetryMs = 300;
/** Lines of its log that are shown of a node that ended unasked. */
const shownLinesMax = 25;
/** A database that was away is missed for so long after it is back. */
const aftermathMs = 1_000;

export interface NodeOptions {
  /** 1, 2, 3 … */
  readonly number: number;
  /** There will be no other. */
  readonly alone: boolean;
  readonly database: 'sqlite' | 'postgres';
  readonly databaseUrl?: string;
  /** It gets its own folder in it. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command?: readonly [string, ...string[]];
}

/** The faults, as those who made them reported. */
export interface Diary {
  readonly episodes: Episode[];
  readonly accidents: string[];
  /** Starts that came to nothing; the database may have been away. */
  readonly failedStarts: (Span & { readonly why: string })[];
}

/** One process of the service after the other, on the same folder, with a way to its database that can be cut. */
export class TortureNode {
  readonly number: number;
  readonly service: Service;
  readonly proxy: TcpProxy | undefined;
  readonly facts: NodeFacts;
  readonly #diary: Diary;
  /** What happens to it now is meant to. */
  #handled = false;
  #life = 0;

  constructor(parts: {
    number: number;
    service: Service;
    proxy: TcpProxy | undefined;
    facts: NodeFacts;
    diary: Diary;
  }) {
    this.number = parts.number;
    this.service = parts.service;
    this.proxy = parts.proxy;
    this.facts = parts.facts;
    this.#diary = parts.diary;
    this.#watch();
  }

  async kill(): Promise<void> {
    this.#handled = true;
    await this.during('kill', () => this.service.kill('SIGKILL'));
  }

  /** SIGTERM; that it does not end well is an accident. */
  async leave(): Promise<void> {
    this.#handled = true;
    await this.during('leave', () =>
      this.service.stop().catch((error: unknown) => this.#accident('did not leave in good order', error)),
    );
  }

  async pause(ms: number): Promise<void> {
    const { pid } = this.service;
    if (pid === undefined) throw new Error('a node that does not run cannot be paused');
    await this.during('pause', async () => {
      process.kill(pid, 'SIGSTOP');
      await sleep(ms);
      process.kill(pid, 'SIGCONT');
    });
  }

  /** Starts it after it has ended; a start that fails is tried again, as a supervisor would do. */
  async start(): Promise<void> {
    for (let starts = 1; ; starts += 1) {
      const at = Date.now();
      try {
        await this.service.restart();
        this.#watch();
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#diary.failedStarts.push({ at, endedAt: Date.now(), why: `node ${this.number}: ${why}` });
        if (starts >= startsMax) throw error;
        await sleep(startRetryMs);
      }
    }
  }

  /** Starts it after it has ended, and kills it so many milliseconds later. */
  async killWhileStarting(afterMs: number): Promise<void> {
    const starting = this.service.restart().catch(() => {});
    await sleep(afterMs);
    await this.kill();
    await starting;
  }

  /** Starts it after it has ended, armed, and waits for its death; kills it when that takes too long. */
  async crash(point: CrashPoint, pass: number): Promise<void> {
    // The end of a start that dies at its recovery is heard of here, as well as that of a life.
    await this.service.restart({ TOCSIN_TEST_CRASH: `${point}:${pass}` }).catch(() => {});
    const died = await Promise.race([this.service.ended(), sleep(crashMaxMs)]);
    if (died !== 'SIGKILL') return this.kill();
    const at = Date.now();
    this.#diary.episodes.push({ kind: 'crash', node: this.number, at, endedAt: at });
  }

  /** Calls an operation here. */
  api(path: string, body: object): Promise<Json> {
    return this.service.api(path, body);
  }

  /** Notes what is done meanwhile. */
  async during(kind: Episode['kind'], work: () => Promise<unknown>): Promise<void> {
    const at = Date.now();
    await work();
    this.#diary.episodes.push({ kind, node: this.number, at, endedAt: Date.now() });
  }

  #watch(): void {
    this.#handled = false;
    this.#life += 1;
    const life = this.#life;
    void this.service.ended().then((signal) => {
      if (this.#handled || life !== this.#life) return;
      this.#accident(`ended unasked (${signal ?? 'exit'})`);
    });
  }

  #accident(what: string, error?: unknown): void {
    const printed = error instanceof Error ? error.message : this.service.logs.slice(-shownLinesMax).join('\n');
    this.#diary.accidents.push(`node ${this.number} ${what}:\n${printed}`);
  }
}

/** Starts one for the first time; `stack` ends it. */
export async function startNode(
  { number, alone, database, databaseUrl, folder, env, command }: NodeOptions,
  diary: Diary,
  stack: AsyncDisposableStack,
): Promise<TortureNode> {
  const way = databaseUrl === undefined ? undefined : await TcpProxy.before(databaseUrl);
  if (way !== undefined) stack.defer(() => way.proxy.close());
  // Each has its own address, which its requests come from.
  const address = alone ? '127.0.0.1' : `127.0.0.${10 + number}`;
  const own = nodeFolder(folder, number);
  const options: ServiceOptions = {
    folder: own,
    database,
    ...(way === undefined ? {} : { databaseUrl: way.url }),
    env: { ...env, ...(alone ? {} : { TOCSIN_EGRESS_BIND: address }) },
    ...(command === undefined ? {} : { command }),
  };
  const service = await startService(options);
  stack.defer(() => service.kill('SIGKILL'));
  const name = database === 'sqlite' ? '' : (await readFile(join(own, 'node'), 'utf8')).trim();
  return new TortureNode({ number, service, proxy: way?.proxy, facts: { name, address }, diary });
}

export function nodeFolder(folder: string, number: number): string {
  return join(folder, `node${number}`);
}

/** Starts that failed while the database was there, or hung because it had been away, in words. */
export function unexplainedStarts({ failedStarts, episodes }: Diary): string[] {
  const away = episodes.filter(({ kind }) => ['postgres', 'backends', 'cut', 'commit'].includes(kind));
  return failedStarts
    .filter(
      ({ at, endedAt, why }) =>
        why.includes('did not say') || !away.some((one) => one.at <= endedAt && at <= one.endedAt + aftermathMs),
    )
    .map(({ why }) => why);
}
