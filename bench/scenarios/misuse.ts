import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startChild } from '../child.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, percentile } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';
import { alertsOfBodyMax } from '../options.ts';

const rate = 200;
const connections = 256;
/** They open all alerts, which only change later, and pay for the first use of everything. */
const firstSeconds = 5;
/** The p99 may be so many times what it is without them. */
const ratioMax = 1.5;
/** The limits that an installation has by default; the benchmark otherwise has none. */
const usualLimits = { TOCSIN_INGEST_RATE: '5000', TOCSIN_API_RATE: '500' };
/** How long the deliveries that they left may take, and how often that is asked. */
const leftMaxMs = 60_000;
const leftPollMs = 500;

/** One viewer, one sender and one stranger, each doing the worst that they may, beside an ordinary load. */
export async function misuse(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    try {
      const { without, beside, calls } = await measure(bench, store);
      const ratio = beside.p99 / without.p99;
      rows.push([store, ...figures(without), ...figures(beside), fixed(ratio), String(calls)]);
      bars.push({
        promise: `misuse moves the p99 by less than half, ${store}`,
        measured: `${fixed(ratio)} times`,
        met: ratio < ratioMax,
      });
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'misuse',
    title: 'A viewer, a sender and a stranger at their worst',
    about: `${rate} changes a second, from the moment a change is due to its arrival at the receiver, in milliseconds; half of ${bench.options.misuseSeconds} s alone before and half after as long beside a viewer who searches, a sender who changes ${alertsOfBodyMax} alerts with each push, and a stranger who opens connections, tries keys and reads the reference, from a process of the lowest priority, since they usually are on other machines. With the limits that are the default.`,
    columns: ['database', 'alone: median', 'p99', 'beside: median', 'p99', 'p99 ratio', 'their requests'],
    rows,
    missing,
    bars,
  };
}

interface Ways {
  readonly median: number;
  readonly p99: number;
}

function figures({ median, p99 }: Ways): string[] {
  return [fixed(median), fixed(p99)];
}

async function measure(bench: Bench, store: Store) {
  await using stack = new AsyncDisposableStack();
  const tocsin = await startTocsin(store, bench, { name: 'misuse' });
  try {
    const { channelId, path } = await tocsin.source('Ordinary');
    const other = await tocsin.source('Other');
    const to = { sinkPort: bench.sinkPort, maxInFlight: 64, eventTypes: ['a_new', 'a_update'] };
    await tocsin.webhooks(1, { ...to, channelId, path: '/ok' });
    await tocsin.webhooks(1, { ...to, channelId: other.channelId, path: '/aside' });
    const viewer = await viewerKey(tocsin);
    await tocsin.service.stop();
    await tocsin.service.restart(usualLimits);
    await aim(bench, { ports: tocsin.ports, path, entities: rate * firstSeconds }, connections);
    const { misuseSeconds, misusers: which } = bench.options;
    await ways(bench, firstSeconds);
    const before = await ways(bench, misuseSeconds / 2);
    const misusers = await startChild('misusers');
    stack.defer(() => misusers.stop());
    await misusers.call('start', { url: tocsin.service.url, viewerKey: viewer, pushPath: other.path, which });
    const beside = await ways(bench, misuseSeconds);
    const calls = await misusers.call<number>('end');
    await nothingOpen(tocsin);
    const after = await ways(bench, misuseSeconds / 2);
    return { without: figuresOf([...before, ...after]), beside: figuresOf(beside), calls };
  } finally {
    await tocsin.stop();
  }
}

/** @returns microseconds from each change to its arrival. */
async function ways(bench: Bench, seconds: number): Promise<readonly number[]> {
  await bench.sink.call('reset', { timing: true });
  const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
  const { count, latencies } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
  return latencies;
}

function figuresOf(latencies: readonly number[]): Ways {
  return { median: percentile(latencies, 0.5) / 1000, p99: percentile(latencies, 0.99) / 1000 };
}

/** Waits until what the misusers left is delivered. */
async function nothingOpen({ service }: Tocsin): Promise<void> {
  const until = performance.now() + leftMaxMs;
  for (;;) {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    if (text.includes('tocsin_deliveries_open') && !/^tocsin_deliveries_open.* [1-9]/m.test(text)) return;
    if (performance.now() > until) throw new Error('what the misusers left was not delivered in time');
    await sleep(leftPollMs);
  }
}

async function viewerKey({ service }: Tocsin): Promise<string> {
  const invited = await service.api('/member/invite', { members: [{ email: 'viewer@example.org' }] });
  const id = (invited['items'] as { member_id: number }[])[0]?.member_id;
  return String((await service.api('/person/app-key/create', { key_name: 'viewer', person_id: id }))['key']);
}
