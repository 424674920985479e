import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseFile } from '../../src/database/open.ts';
import { accepted, aim, type Bar, type Bench, type Seen, type Section } from '../bench.ts';
import { processorSeconds, residentBytes } from '../child.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, percentile, whole } from '../figures.ts';
import { digits, multiply } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';
import { query } from '../servers/postgres.ts';

const rate = 250;
const connections = 256;
/** Alerts that change in turn. */
const entities = 5_000;
const listEveryMs = 1_000;
/** Rows of history per second of the soak that are old enough to be pruned, and the most of them. */
const oldPerSecond = 5_000;
const oldMax = 5_000_000;
const dayMs = 86_400_000;
/** The last minutes against those after the first: what grows shows in it. */
const growthMax = 1.25;

const always = { delivery_mode: 'at_least_once' } as const;

interface Minute {
  readonly p50: number;
  readonly p99: number;
  /** Share of one core. */
  readonly cpu: number;
  readonly residentMb: number;
  readonly grownMb: number;
  readonly listMs: number;
}

/** Half an hour of an ordinary mixed load, minute by minute: nothing may grow with the history. */
export async function soak(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    for (const pruning of [false, true]) {
      const name = `${store}${pruning ? ', pruning' : ''}`;
      try {
        const minutes = await run(bench, store, pruning, name);
        rows.push(...minutes.map((minute, index) => [name, String(index + 1), ...shown(minute)]));
        const growth = growthOf(minutes);
        if (growth === undefined) continue;
        const promise = `the p99 of the last quarter is that of the first, ${name}`;
        bars.push({ promise, measured: `${fixed(growth)} times`, met: growth < growthMax });
      } catch (error) {
        missing.push(`${name}: ${reason(error)}`);
      }
    }
  }
  return {
    key: 'soak',
    title: 'Soak',
    about: `${rate} reports a second of ${whole(entities)} alerts for ${bench.options.soakMinutes} minutes, to a healthy webhook, one whose receiver takes 300 ms (at least once, only the latest), one that fails, and one that is paused, beside a list of incidents every second. From the report to the healthy receiver, in milliseconds; processor as a share of one core; what the database grew by. With pruning: rows that are older than the history is kept go all the while.`,
    columns: ['run', 'minute', 'p50', 'p99', 'CPU', 'memory, MB', 'grown, MB', 'list, ms'],
    rows,
    missing,
    bars,
  };
}

async function run(bench: Bench, store: Store, pruning: boolean, name: string): Promise<Minute[]> {
  const tocsin = await startTocsin(store, bench, { name: 'soak' });
  try {
    const { channelId, path } = await tocsin.source('Soak');
    const to = (place: string, more: object) =>
      tocsin.webhooks(1, {
        channelId,
        sinkPort: bench.sinkPort,
        path: place,
        eventTypes: ['a_new', 'a_update', 'a_close'],
        maxInFlight: 64,
        more,
      });
    await to('/ok', {});
    await to('/slow', { ...always, order_policy: 'latest' });
    await to('/failing', { ...always, order_policy: 'latest' });
    const [paused] = await to('/ok-paused', {});
    await tocsin.service.api('/webhook/pause', { integration_id: paused });
    await aim(bench, { ports: tocsin.ports, path, entities }, connections);
    const { soakMinutes } = bench.options;
    if (pruning) await addOldHistory(bench, tocsin, Math.min(oldMax, Math.round(soakMinutes * 60 * oldPerSecond)));
    // Less than a minute is for seeing that it works.
    const seconds = Math.min(60, soakMinutes * 60);
    const minutes: Minute[] = [];
    for (let minute = 0; minute < Math.max(1, Math.round(soakMinutes)); minute += 1) {
      const one = await measure(bench, tocsin, seconds);
      bench.say(`  ${name}, minute ${minute + 1}: ${shown(one).join('  ')}`);
      minutes.push(one);
    }
    return minutes;
  } finally {
    await tocsin.stop();
  }
}

async function measure(bench: Bench, tocsin: Tocsin, seconds: number): Promise<Minute> {
  const { pid } = tocsin.service;
  await bench.sink.call('reset', { timing: true });
  const [bytes, used, began] = [await bytesOf(tocsin), await processorSeconds(pid), performance.now()];
  const lists = new Lists(tocsin);
  accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
  const listMs = await lists.stop();
  const { latencies } = await bench.sink.call<Seen>('read');
  const elapsed = (performance.now() - began) / 1000;
  return {
    p50: percentile(latencies, 0.5) / 1000,
    p99: percentile(latencies, 0.99) / 1000,
    cpu: ((await processorSeconds(pid)) - used) / elapsed,
    residentMb: (await residentBytes(pid)) / 2 ** 20,
    grownMb: ((await bytesOf(tocsin)) - bytes) / 2 ** 20,
    listMs,
  };
}

function shown({ p50, p99, cpu, residentMb, grownMb, listMs }: Minute): string[] {
  return [fixed(p50), fixed(p99), `${whole(cpu * 100)} %`, whole(residentMb), fixed(grownMb, 1), fixed(listMs, 1)];
}

/** Of the p99; undefined when there are too few minutes to compare. The first minute pays for first use. */
function growthOf(minutes: readonly Minute[]): number | undefined {
  const quarter = Math.floor((minutes.length - 1) / 4);
  if (quarter === 0) return undefined;
  const middle = (some: readonly Minute[]) =>
    percentile(
      some.map(({ p99 }) => p99),
      0.5,
    );
  return middle(minutes.slice(-quarter)) / middle(minutes.slice(1, 1 + quarter));
}

/** A page of open incidents every second. */
class Lists {
  readonly #tocsin: Tocsin;
  readonly #timer: NodeJS.Timeout;
  readonly #times: number[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(tocsin: Tocsin) {
    this.#tocsin = tocsin;
    this.#timer = setInterval(() => void (this.#last = this.#ask()), listEveryMs);
  }

  /** @returns the median in milliseconds. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#last;
    return percentile(this.#times, 0.5);
  }

  async #ask(): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    const before = performance.now();
    const window = { start_time: now - 86_400, end_time: now + 60 };
    await this.#tocsin.service.api('/incident/list', { ...window, progress: 'Triggered', limit: 20 });
    this.#times.push(performance.now() - before);
  }
}

async function bytesOf({ folder, databaseUrl }: Tocsin): Promise<number> {
  if (databaseUrl === '') return (await stat(join(folder, databaseFile))).size;
  const [row] = await query(databaseUrl, 'select pg_database_size(current_database()) as bytes');
  return Number(row?.['bytes']);
}

/** The service keeps one day, and finds days that are older. */
async function addOldHistory(bench: Bench, tocsin: Tocsin, rows: number): Promise<void> {
  accepted(await bench.load.call<LoadResult>('openLoop', { rate: 5, seconds: 1 }));
  await tocsin.service.stop();
  const integer = tocsin.databaseUrl === '' ? 'integer' : 'bigint';
  const old = Date.now() - 4 * dayMs;
  const at = `${old} + cast(n.i / ${rows}.0 * ${dayMs} as ${integer})`;
  await multiply(tocsin, 'delivery', rows, {
    delivery_id: `'20200101' || ${digits(tocsin, 'n.i', 22, 10)}`,
    event_id: digits(tocsin, 'n.i + 1', 32, 16),
    entity_id: digits(tocsin, 'n.i / 10', 24, 16),
    sequence: 'n.i % 10 + 1',
    event_time: at,
    created_at: at,
    finished_at: at,
    state: `'delivered'`,
    attempt: '1',
  });
  await tocsin.service.restart({ TOCSIN_HISTORY_DAYS: '1' });
}
