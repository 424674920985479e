import { startChild, type Child } from './child.ts';
import type { LoadResult, Target } from './programs/load.ts';
import type { Lanes } from './programs/lanes.ts';
import type { BenchPostgres } from './servers/postgres.ts';
import type { Options } from './options.ts';

/** What every scenario is given. */
export interface Bench {
  readonly options: Options;
  readonly sink: Child;
  readonly sinkPort: number;
  readonly load: Child;
  /** How many arrivals at the sink make one change, for the window of the load. */
  readonly window: { perChange: number };
  /** Absent when it could not be started. */
  readonly postgres: BenchPostgres | undefined;
  say(line: string): void;
}

/** One table of the report, with what to know about it. */
export interface Section {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that could not run, each with its reason. */
  readonly missing: readonly string[];
  readonly bars: readonly Bar[];
  readonly plots?: readonly Plot[];
}

/** Lines over time. */
export interface Plot {
  readonly title: string;
  /** Of the y axis, with its unit. */
  readonly label: string;
  /** Seconds at the first and the last point. */
  readonly seconds: readonly [number, number];
  readonly lines: readonly (readonly number[])[];
}

/** The promise, and the measured result. */
export interface Bar {
  readonly promise: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What the sink has seen since it was reset. */
export interface Seen {
  readonly count: number;
  readonly refused: number;
  readonly hung: number;
  /** Microseconds of the monotonic clock. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly sample: { readonly head: string; readonly body: string } | undefined;
  /** Microseconds from the moment of sending, when it was asked for. */
  readonly latencies: readonly number[];
  /** By path, when the order was watched. */
  readonly lanes: Readonly<Record<string, Lanes>>;
}

/** How long nothing may come before what is missing is given up. */
const quietMaxMs = 5_000;
const pollMs = 20;

export async function startProcesses(): Promise<Pick<Bench, 'sink' | 'sinkPort' | 'load' | 'window'>> {
  const [sink, load] = [await startChild('sink'), await startChild('load')];
  const sinkPort = await sink.call<number>('start');
  const window = { perChange: 1 };
  sink.listen(({ count }) => {
    if (typeof count === 'number') load.tell('delivered', Math.floor(count / window.perChange));
  });
  return { sink, sinkPort, load, window };
}

/** Where the next changes go. */
export async function aim({ load }: Bench, target: Target, connections: number): Promise<void> {
  const { ports, path, body, entities } = target;
  await load.call('configure', { ports, path, body, entities, connections });
}

/** Waits until so many have come, or none comes any more. */
export async function drained({ sink }: Bench, wanted: number): Promise<Seen> {
  let last = -1;
  let since = performance.now();
  for (;;) {
    const seen = await sink.call<Seen>('read');
    if (seen.count >= wanted || performance.now() - since > quietMaxMs) return seen;
    if (seen.count !== last) {
      last = seen.count;
      since = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** @throws when the contestant refused, because a rate of refusals is no rate. */
export function accepted(result: LoadResult): number {
  if (result.refused > 0)
    throw new Error(`${result.refused} of ${result.sent} refused: ${result.refusal.slice(0, 300)}`);
  return result.accepted;
}
