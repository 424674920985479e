import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { chosen, Field, ours, type Running } from '../contestants/field.ts';
import { fixed, median, percentile } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

const rates = [200, 1_000];
/** More than can be waiting for an answer, so that the load never waits itself. */
const connections = 128;

interface Latency {
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

export async function latency(bench: Bench): Promise<Section> {
  const field = await Field.start(bench, chosen(bench, ['relay-dispatch', 'bullmq-always']), 1);
  const found = new Map<string, Latency[]>();
  try {
    for (let round = 0; round <= bench.options.rounds; round += 1) {
      for (const running of field.order(round)) {
        for (const rate of rates) {
          try {
            const one = await measure(bench, running, rate, round === 0 ? 1 : bench.options.seconds);
            bench.say(
              `  round ${round}  ${running.entry.key.padEnd(16)} ${String(rate).padStart(5)}/s  ${fixed(one.median)} ms, p99 ${fixed(one.p99)} ms`,
            );
            const key = `${running.entry.key} ${rate}`;
            if (round > 0) found.set(key, [...(found.get(key) ?? []), one]);
          } catch (error) {
            await field.drop(running, error);
            break;
          }
        }
      }
    }
    return {
      key: 'latency',
      title: 'Latency',
      about:
        'From the moment a change is due to be sent to its arrival at the receiver, in milliseconds, at a steady rate. Each figure is the median of the rounds.',
      columns: ['contestant', ...rates.flatMap((rate) => [`${rate}/s median`, `${rate}/s p99`])],
      rows: field.entries.map(({ key, name }) => [
        name,
        ...rates.flatMap((rate) => {
          const { median, p99 } = middle(found.get(`${key} ${rate}`) ?? []);
          return [fixed(median), fixed(p99)];
        }),
      ]),
      missing: field.missing,
      bars: bars(found),
    };
  } finally {
    await field.stop();
  }
}

async function measure(bench: Bench, { contestant }: Running, rate: number, seconds: number): Promise<Latency> {
  await aim(bench, contestant, connections);
  await bench.sink.call('reset', { timing: true });
  const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
  const { count, latencies } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
  return { median: percentile(latencies, 0.5) / 1000, p99: percentile(latencies, 0.99) / 1000 };
}

function middle(values: readonly Latency[]): Latency {
  return { median: median(values.map((one) => one.median)), p99: median(values.map((one) => one.p99)) };
}

function bars(found: ReadonlyMap<string, Latency[]>): Bar[] {
  const own = found.get(`${ours.key} 1000`);
  if (own === undefined) return [];
  const { median, p99 } = middle(own);
  return [
    { promise: 'median under 3 ms at 1,000 changes a second', measured: `${fixed(median)} ms`, met: median < 3 },
    { promise: 'p99 under 20 ms at 1,000 changes a second', measured: `${fixed(p99)} ms`, met: p99 < 20 },
  ];
}
