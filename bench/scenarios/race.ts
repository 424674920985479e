import { accepted, aim, drained, type Bar, type Bench } from '../bench.ts';
import type { Child } from '../child.ts';
import { concurrency, type Entry } from '../contestants/contestant.ts';
import { Field, type Running } from '../contestants/field.ts';
import { fixed, median, ratios, spread, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

/** Pushes on their way from the first byte in to the receiver, for everyone alike. */
const windowPushes = 5_000;
/** The key of the client that posts without a source. */
export const bareKey = 'bare';
const bareName = 'bare undici client (the limit)';

/** Rates of the rounds by key of the contestant: pushes a second. */
export type Rates = Map<string, number[]>;

export interface Race {
  readonly rates: Rates;
  /** Of those that ran, by key. */
  readonly names: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

/** How many pushes a second each gets to the receiver, round by round. @param bare runs in each round too. */
export async function race(
  bench: Bench,
  entrants: readonly Entry[],
  pushesPerChange: number,
  bare?: Child,
): Promise<Race> {
  const field = await Field.start(bench, entrants, pushesPerChange);
  const { rounds, seconds } = bench.options;
  const rates: Rates = new Map();
  const lost: string[] = [];
  let body = '';
  try {
    // Round 0 warms everyone up, and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const length = round === 0 ? Math.max(1, seconds / 2) : seconds;
      for (const running of field.order(round)) {
        try {
          const run = await measure(bench, running, pushesPerChange, length);
          // The bare client posts what the first entrant does.
          if (body === '' || running.entry === entrants[0]) body = run.body;
          if (run.missing > 0)
            lost.push(
              `${running.entry.name}: in round ${round}, ${run.missing} of ${run.owed} pushes did not come in time`,
            );
          keep(bench, rates, round, running.entry.key, run.rate);
        } catch (error) {
          await field.drop(running, error);
        }
      }
      if (bare !== undefined) keep(bench, rates, round, bareKey, await measureBare(bench, bare, body, length));
    }
    const names = new Map([
      ...field.entries.map(({ key, name }) => [key, name] as const),
      ...(bare === undefined ? [] : [[bareKey, bareName] as const]),
    ]);
    return { rates, names, missing: [...field.missing, ...lost] };
  } finally {
    await field.stop();
  }
}

function keep(bench: Bench, rates: Rates, round: number, key: string, rate: number): void {
  bench.say(`  round ${round}  ${key.padEnd(16)} ${whole(rate).padStart(8)} pushes a second`);
  if (round > 0) rates.set(key, [...(rates.get(key) ?? []), rate]);
}

async function measure(bench: Bench, { contestant }: Running, pushesPerChange: number, seconds: number) {
  const { sink, load } = bench;
  await aim(bench, contestant, concurrency);
  await sink.call('reset', { timing: false });
  bench.window.perChange = pushesPerChange;
  await sink.call('tell', { on: true });
  const window = Math.max(concurrency, Math.ceil(windowPushes / pushesPerChange));
  const result = await load.call<LoadResult>('closedLoop', { seconds, window });
  const owed = accepted(result) * pushesPerChange;
  const seen = await drained(bench, owed);
  await sink.call('tell', { on: false });
  const rate = seen.count / ((seen.lastAt - result.startedAt) / 1_000_000);
  return { rate, owed, missing: owed - seen.count, body: seen.sample?.body ?? '' };
}

async function measureBare({ sink, sinkPort }: Bench, bare: Child, body: string, seconds: number): Promise<number> {
  await sink.call('reset', { timing: false });
  const input = { port: sinkPort, body: body === '' ? '{}' : body, connections: concurrency, seconds };
  const run = await bare.call<{ answered: number; startedAt: number; endedAt: number }>('run', input);
  return run.answered / ((run.endedAt - run.startedAt) / 1_000_000);
}

/** Of each its rate, the spread of the rounds and the ratio to `baseKey`; and how many times as much `ownKey` is. */
export function raceTable({ rates, names }: Race, baseKey: string, ownKey: string): string[][] {
  const base = rates.get(baseKey) ?? [];
  const own = rates.get(ownKey) ?? [];
  return [...names].flatMap(([key, name]) => {
    const values = rates.get(key);
    if (values === undefined) return [];
    const toOwn = key === ownKey ? '' : `${fixed(median(ratios(own, values)))} ×`;
    return [[name, whole(median(values)), spread(values, whole), fixed(median(ratios(values, base))), toOwn]];
  });
}

/** Met when the median of the ratios is at least so much; undefined when one of the two did not run. */
export function raceBar(promise: string, { rates }: Race, key: string, toKey: string, least: number): Bar | undefined {
  const found = ratios(rates.get(key) ?? [], rates.get(toKey) ?? []);
  if (found.length === 0) return undefined;
  const ratio = median(found);
  const range = spread(found, fixed);
  return { promise, measured: range === '' ? fixed(ratio) : `${fixed(ratio)} (${range})`, met: ratio >= least };
}
