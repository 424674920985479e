import { writeCursor } from '../../src/http/routes/paging.ts';
import { accepted, aim, drained, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, percentile, whole } from '../figures.ts';
import { digits, multiply, pick } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';

const webhookCount = 20;
const dayMs = 86_400_000;
const days = 7;
/** One in so many deliveries has failed; a prime, so that every webhook has some. */
const failedEvery = 1_009;
/** Deliveries of one alert. */
const perEntity = 10;
/** A hundredth of the rows, to compare with. */
const smallShare = 0.01;
const calls = 100;

interface Ready {
  readonly tocsin: Tocsin;
  readonly rows: number;
  readonly webhookIds: readonly number[];
  readonly from: number;
}

type Ask = (ready: Ready, chance: number) => object;

const asks: readonly { readonly name: string; readonly ask: Ask }[] = [
  { name: 'newest 20 of all', ask: (ready) => span(ready, 0, days) },
  {
    name: 'one webhook, within an hour',
    ask: (ready, chance) => ({ ...span(ready, chance * (days - 1), 1 / 24), integration_id: webhook(ready, chance) }),
  },
  { name: 'one alert', ask: (ready, chance) => ({ ...span(ready, 0, days), ref_id: entityId(ready, chance) }) },
  {
    name: 'failures of one webhook, a day',
    ask: (ready, chance) => ({
      ...span(ready, chance * (days - 1), 1),
      integration_id: webhook(ready, chance),
      status: 'failed',
    }),
  },
  { name: 'failures of all, seven days', ask: (ready) => ({ ...span(ready, 0, days), status: 'failed' }) },
  {
    name: 'a page deep in all',
    ask: (ready, chance) => ({
      ...span(ready, 0, days),
      // The page before it ended at the end of this time.
      search_after_ctx: cursorAt(ready.from + chance * days * dayMs),
    }),
  },
];

export async function history(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  for (const store of bench.options.databases) {
    const built: Ready[] = [];
    try {
      const sizes = [Math.max(1_000, Math.round(bench.options.historyRows * smallShare)), bench.options.historyRows];
      for (const size of sizes) {
        bench.say(`  ${store}: building a history of ${whole(size)} rows`);
        built.push(await build(bench, store, size));
      }
      for (const { name, ask } of asks) rows.push([store, name, ...(await measure(built, ask))]);
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    } finally {
      for (const { tocsin } of built) await tocsin.stop();
    }
  }
  return {
    key: 'history',
    title: `History queries over ${whole(bench.options.historyRows)} rows`,
    about: `POST /webhook/history/list over HTTP, 20 rows a page with the total, one call at a time; median and p99 of ${calls} calls in milliseconds, each call beside the same one over a hundredth of the rows. One delivery in ${whole(failedEvery)} failed.`,
    columns: ['database', 'query', 'a hundredth: median', 'p99', 'all: median', 'p99'],
    rows,
    missing,
    bars: [],
  };
}

async function build(bench: Bench, store: Store, rows: number): Promise<Ready> {
  const tocsin = await startTocsin(store, bench, { name: 'history' });
  const { channelId, path } = await tocsin.source('History');
  const webhookIds = await tocsin.webhooks(webhookCount, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
  await aim(bench, { ports: tocsin.ports, path }, 1);
  await bench.sink.call('reset', { timing: false });
  accepted(await bench.load.call<LoadResult>('openLoop', { rate: 1, seconds: 1 }));
  await drained(bench, webhookCount);
  await tocsin.service.stop();
  const from = Date.now() - days * dayMs;
  const failed = `n.i % ${failedEvery} = 0`;
  await multiply(tocsin, 'delivery', rows, {
    delivery_id: `'20200101' || ${digits(tocsin, 'n.i', 22, 10)}`,
    webhook_id: pick(webhookIds, `n.i % ${webhookCount}`),
    event_id: digits(tocsin, `n.i + 1`, 32, 16),
    entity_id: digits(tocsin, `n.i / ${perEntity}`, 24, 16),
    sequence: `n.i % ${perEntity} + 1`,
    event_time: `${from} + cast(n.i / ${rows}.0 * ${days * dayMs - 60_000} as ${tocsin.databaseUrl === '' ? 'integer' : 'bigint'})`,
    state: `case when ${failed} then 'failed' else 'delivered' end`,
    status_code: `case when ${failed} then 500 else 200 end`,
    attempt: '1',
  });
  await tocsin.service.restart();
  return { tocsin, rows, webhookIds, from };
}

/** Both sizes in turn, with the same questions. */
async function measure(built: readonly Ready[], ask: Ask): Promise<string[]> {
  const times = built.map((): number[] => []);
  for (let call = 0; call <= calls; call += 1) {
    for (const [index, ready] of built.entries()) {
      const body = ask(ready, (call * 0.618_034) % 1);
      const before = performance.now();
      await ready.tocsin.service.api('/webhook/history/list', body);
      // The first call pays for everything that is made at first use.
      if (call > 0) times[index]?.push(performance.now() - before);
    }
  }
  return times.flatMap((values) => [fixed(percentile(values, 0.5)), fixed(percentile(values, 0.99))]);
}

function span({ from }: Ready, firstDay: number, dayCount: number): object {
  const start = Math.round(from + firstDay * dayMs);
  return { start_time: start, end_time: Math.round(start + dayCount * dayMs), limit: 20 };
}

/** As a list gives it, to go on with. */
function cursorAt(time: number): string {
  return writeCursor('history', { time: Math.round(time), id: '0' });
}

function webhook({ webhookIds }: Ready, chance: number): number {
  return webhookIds[Math.floor(chance * webhookIds.length)] ?? 0;
}

function entityId({ rows }: Ready, chance: number): string {
  return Math.floor((chance * rows) / perEntity)
    .toString(16)
    .padStart(24, '0');
}
