import { accepted, aim, drained, type Bar, type Bench, type Plot, type Section } from '../bench.ts';
import { concurrency } from '../contestants/contestant.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store } from '../contestants/tocsin.ts';
import { fixed, percentile, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

/** Pushes a second that the webhook may send, and new alerts a second that come in. */
const served = 290;
const overload = 1.7;
/** What leaves may be this much newer than the oldest that waits, seconds. */
const overtakingMax = 2;

interface Ages {
  /** Seconds from the report to the request, in the order of the requests. */
  readonly ages: readonly number[];
  readonly wanted: number;
}

export async function overloaded(bench: Bench): Promise<Section> {
  const { overloadSeconds } = bench.options;
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  const plots: Plot[] = [];
  for (const store of bench.options.databases) {
    try {
      const found = await measure(bench, store);
      const { ages, wanted } = found;
      const overtaken = overtakenBy(ages);
      const whileLoaded = ages.slice(0, served * overloadSeconds);
      const shown = [0.5, 1].flatMap((share) => [percentile(whileLoaded, share), percentile(ages, share)]);
      rows.push([store, whole(ages.length), ...shown.map((age) => `${fixed(age)} s`), `${fixed(overtaken)} s`]);
      plots.push(plotOf(store, ages));
      bars.push({
        promise: `${store}: under an overload of ${overload} nothing leaves that is over ${overtakingMax} s newer than the oldest that waits`,
        measured: `${fixed(overtaken)} s, ${whole(ages.length)} of ${whole(wanted)} pushes`,
        met: overtaken <= overtakingMax && ages.length === wanted,
      });
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'overload',
    title: `An overload of ${overload} for ${overloadSeconds} s`,
    about: `${whole(served * overload)} new alerts a second for a webhook that may send ${served} a second, for ${overloadSeconds} s; then the rest goes out. The age of a push is the time from the report to its request: while the load lasts, and over all. The plots show it second by second: the youngest and the oldest of what left then lie close together, because the oldest goes first. Overtaken by: how much newer than the oldest that still waits a push was at most when it left.`,
    columns: [
      'database',
      'pushes',
      'median age, under load',
      'median',
      'maximum, under load',
      'maximum',
      'overtaken by',
    ],
    rows,
    missing,
    bars,
    plots,
  };
}

async function measure(bench: Bench, store: Store): Promise<Ages> {
  const tocsin = await startTocsin(store, bench, { name: 'overload' });
  try {
    const { channelId, path } = await tocsin.source('Overload');
    const more = { rate_limit_per_second: served };
    await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok', maxInFlight: concurrency, more });
    await aim(bench, { ports: tocsin.ports, path }, concurrency);
    await bench.sink.call('reset', { timing: true });
    const seconds = bench.options.overloadSeconds;
    const wanted = accepted(
      await bench.load.call<LoadResult>('openLoop', { rate: Math.round(served * overload), seconds }),
    );
    const seen = await drained(bench, wanted);
    return { ages: seen.latencies.map((age) => age / 1_000_000), wanted };
  } finally {
    await tocsin.stop();
  }
}

/** The youngest and the oldest of each second: the webhook sends as many in each. */
function plotOf(store: Store, ages: readonly number[]): Plot {
  const seconds = Math.max(1, Math.ceil(ages.length / served));
  const each = Array.from({ length: seconds }, (_, second) => ages.slice(second * served, (second + 1) * served));
  return {
    title: `Age at sending, ${store}: youngest and oldest of each second`,
    label: 'age, s',
    seconds: [0, seconds],
    lines: [each.map((some) => Math.min(...some)), each.map((some) => Math.max(...some))],
  };
}

/** The requests are evenly spaced, so their places say when they were. */
function overtakenBy(ages: readonly number[]): number {
  let [newest, most] = [Number.NEGATIVE_INFINITY, 0];
  for (const [index, age] of ages.entries()) {
    const reportedAt = index / served - age;
    most = Math.max(most, newest - reportedAt);
    newest = Math.max(newest, reportedAt);
  }
  return most;
}
