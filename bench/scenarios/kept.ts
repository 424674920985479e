import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, percentile, whole } from '../figures.ts';
import { digits, multiply } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';
import type { Json } from '../../test/support/service.ts';

const dayMs = 86_400_000;
const days = 7;
const rate = 200;
const connections = 64;
const calls = 50;
/** Beside one delivery. */
const incidentShare = 0.15;
const alertShare = 0.25;

interface Kept {
  readonly tocsin: Tocsin;
  readonly path: string;
  readonly incidentId: string;
}

/** The median may take so many times as long beside all that is kept. */
const ratioMax = 1.15;
/** Rounds of changes beside each. */
const rounds = 3;

/** Milliseconds. */
interface Times {
  readonly median: number;
  readonly p99: number;
}

interface Compared {
  readonly what: string;
  readonly empty: Times;
  readonly full: Times;
}

/** Everything beside much that is kept, and beside nothing: nothing should cost more. */
export async function kept(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  const { keptDeliveries } = bench.options;
  for (const store of bench.options.databases) {
    try {
      for (const { what, empty, full } of await compared(bench, store, keptDeliveries)) {
        const ratio = full.median / empty.median;
        const times = [empty.median, empty.p99, full.median, full.p99, ratio];
        rows.push([store, what, ...times.map((one) => fixed(one))]);
        bars.push({
          promise: `${store}, ${what}: at most ${ratioMax} times as long beside all that is kept`,
          measured: `${fixed(ratio)} times`,
          met: ratio <= ratioMax,
        });
      }
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'kept',
    title: `Beside ${whole(keptDeliveries)} deliveries, ${whole(keptDeliveries * incidentShare)} incidents and ${whole(keptDeliveries * alertShare)} alerts`,
    about: `From a change to its arrival at the receiver at ${rate} changes a second for ${rounds} × ${bench.options.seconds} s, and ${calls} calls of lists and details one at a time, in turn to a service beside nothing and to one beside what seven days have left; milliseconds.`,
    columns: ['database', 'what', 'empty: median', 'p99', 'full: median', 'p99', 'full / empty'],
    rows,
    missing,
    bars,
  };
}

/** Both services run, and have their turns one after the other: what the machine does meanwhile comes to both. */
async function compared(bench: Bench, store: Store, deliveries: number): Promise<Compared[]> {
  bench.say(`  ${store}: beside ${whole(deliveries)} deliveries`);
  const both = [await build(bench, store, 0)];
  try {
    both.push(await build(bench, store, deliveries));
    const arrived: number[][] = both.map(() => []);
    for (const kept of both) await arrivals(bench, kept, 1);
    for (let round = 0; round < rounds; round += 1) {
      for (const [at, kept] of both.entries())
        arrived[at]?.push(...(await arrivals(bench, kept, bench.options.seconds)));
    }
    const found = [comparison('from a change to its arrival', arrived)];
    const asked = both.map(asks);
    for (const [index, [what]] of (asked[0] ?? []).entries()) {
      const times: number[][] = both.map(() => []);
      for (let call = 0; call <= calls; call += 1) {
        for (const [at, kept] of both.entries()) {
          const [, path, body] = asked[at]?.[index] ?? ['', '', {}];
          const took = await answer(kept, path, body);
          // The first call pays for everything that is made at first use.
          if (call > 0) times[at]?.push(took);
        }
      }
      found.push(comparison(what, times));
    }
    return found;
  } finally {
    for (const { tocsin } of both) await tocsin.stop();
  }
}

function comparison(what: string, [empty = [], full = []]: readonly (readonly number[])[]): Compared {
  return { what, empty: timesOf(empty), full: timesOf(full) };
}

function timesOf(times: readonly number[]): Times {
  return { median: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

function asks({ incidentId }: Kept): readonly [what: string, path: string, body: Json][] {
  const now = Date.now();
  const seconds = {
    start_time: Math.floor((now - days * dayMs) / 1000),
    end_time: Math.floor(now / 1000) + 60,
    limit: 20,
  };
  const milliseconds = { start_time: now - days * dayMs, end_time: now + 60_000, limit: 20 };
  return [
    ['first page of open incidents', '/incident/list', { ...seconds, progress: 'Triggered' }],
    ['first page of incidents', '/incident/list', seconds],
    ['first page of alerts', '/alert/list', seconds],
    ['first page of the history', '/webhook/history/list', milliseconds],
    ['an incident', '/incident/info', { incident_id: incidentId }],
    ['the timeline of an incident', '/incident/feed', { incident_id: incidentId, limit: 20 }],
  ];
}

/** @returns milliseconds of each change. */
async function arrivals(bench: Bench, { tocsin, path }: Kept, seconds: number): Promise<number[]> {
  await aim(bench, { ports: tocsin.ports, path }, connections);
  await bench.sink.call('reset', { timing: true });
  const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
  const { count, latencies } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
  return latencies.map((one) => one / 1000);
}

/** @returns milliseconds. */
async function answer({ tocsin }: Kept, path: string, body: Json): Promise<number> {
  const before = performance.now();
  await tocsin.service.api(path, body);
  return performance.now() - before;
}

/** A service that has had one change, and as many copies of what that left as asked for, all of them ended. */
async function build(bench: Bench, store: Store, deliveries: number): Promise<Kept> {
  const tocsin = await startTocsin(store, bench, { name: 'kept' });
  try {
    const { channelId, path } = await tocsin.source('Kept');
    await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
    await aim(bench, { ports: tocsin.ports, path }, 1);
    await bench.sink.call('reset', { timing: false });
    accepted(await bench.load.call<LoadResult>('openLoop', { rate: 1, seconds: 1 }));
    await drained(bench, 1);
    const span = { start_time: Math.floor((Date.now() - dayMs) / 1000), end_time: Math.floor(Date.now() / 1000) + 60 };
    const { items } = await tocsin.service.api('/incident/list', { ...span, limit: 1 });
    const incidentId = String((items as Json[])[0]?.['incident_id']);
    await tocsin.service.stop();
    await copyAll(tocsin, deliveries);
    await tocsin.service.restart();
    return { tocsin, path, incidentId };
  } catch (error) {
    await tocsin.stop();
    throw error;
  }
}

async function copyAll(tocsin: Tocsin, deliveries: number): Promise<void> {
  const [incidents, alerts] = [Math.round(deliveries * incidentShare), Math.round(deliveries * alertShare)];
  const from = Date.now() - days * dayMs;
  const integer = tocsin.databaseUrl === '' ? 'integer' : 'bigint';
  const time = (rows: number) => `${from} + cast(n.i / ${rows}.0 * ${days * dayMs - 60_000} as ${integer})`;
  const id = (first: string) => `'${first}' || ${digits(tocsin, 'n.i', 22, 16)}`;
  await multiply(tocsin, 'alert', alerts, {
    alert_id: id('0a'),
    source_key: `'kept ' || n.i`,
    alert_key: `'kept ' || n.i`,
    incident_id: `'0b' || ${digits(tocsin, `n.i % ${Math.max(1, incidents)}`, 22, 16)}`,
    progress: `'Closed'`,
    due_at: '0',
    created_at: time(alerts),
    updated_at: time(alerts),
  });
  await multiply(tocsin, 'incident', incidents, {
    incident_id: id('0b'),
    progress: `'Closed'`,
    due_at: '0',
    start_time: time(incidents),
  });
  await multiply(tocsin, 'delivery', deliveries, {
    delivery_id: `'20200101' || ${digits(tocsin, 'n.i', 22, 10)}`,
    event_id: digits(tocsin, 'n.i + 1', 32, 16),
    entity_id: id('0a'),
    event_time: time(deliveries),
  });
}
