import { accepted, aim, drained, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Source, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, ratios, spread, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';
import { notifications } from '../programs/notification.ts';

const healthyCount = 20;
/** With the healthy ones, as many webhooks as an installation may have. */
const hungMax = 980;
const hungQuick = 200;
/** Changes a second for the healthy ones; each is owed to all of them. */
const rate = 25;
/** How often something changes for the hung ones. */
const hungEveryMs = 1_000;
/** API calls at a time. */
const callsMax = 16;
/** Until the hung ones have filled every slot that they can get. */
const settleMs = 1_500;

export async function hung(bench: Bench): Promise<Section> {
  const hungCount = countOf(bench);
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars = [];
  for (const store of bench.options.databases ?? (['sqlite'] as const)) {
    try {
      const { alone, beside, reached } = await measureStore(bench, store);
      const found = ratios(
        beside.map((one) => one.p99),
        alone.map((one) => one.p99),
      );
      const show = (values: readonly { median: number; p99: number }[]) => [
        fixed(median(values.map((one) => one.median))),
        fixed(median(values.map((one) => one.p99))),
      ];
      rows.push([store, ...show(alone), ...show(beside), fixed(median(found)), spread(found, fixed), whole(reached)]);
      if (store === 'sqlite') {
        const ratio = median(found);
        bars.push({
          promise: 'p99 of the healthy beside the hung within 1.2 of without',
          measured: fixed(ratio),
          met: ratio <= 1.2,
        });
      }
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'hung',
    title: `${hungCount} hung endpoints beside ${healthyCount} healthy ones`,
    about: `${rate} changes a second to ${healthyCount} healthy webhooks, in milliseconds from sending to arrival; without and with ${hungCount} webhooks that are owed a push each second and whose receiver reads and never answers. An installation may have ${healthyCount + hungMax} webhooks in all.`,
    columns: [
      'database',
      'alone: median',
      'p99',
      'beside: median',
      'p99',
      'p99 ratio',
      'of the rounds',
      'pushes to the hung',
    ],
    rows,
    missing,
    bars,
  };
}

function countOf({ options }: Bench): number {
  return options.quick ? hungQuick : hungMax;
}

async function measureStore(bench: Bench, store: Store) {
  const tocsin = await startTocsin(store, bench, 'hung');
  try {
    const healthy = await tocsin.source('Healthy');
    const stuck = await tocsin.source('Hung');
    const { sinkPort } = bench;
    await tocsin.webhooks(healthyCount, { channelId: healthy.channelId, sinkPort, path: '/ok' });
    const hungIds = await tocsin.webhooks(countOf(bench), { channelId: stuck.channelId, sinkPort, path: '/hung' });
    const port = Number(new URL(tocsin.service.url).port);
    await aim(bench, { port, path: healthy.path, headers: {}, body: 'webhook', stop: async () => {} }, 32);
    const alone = [];
    const beside = [];
    let reached = 0;
    await measureHealthy(bench, 1);
    for (let round = 1; round <= bench.options.rounds; round += 1) {
      alone.push(await measureHealthy(bench, bench.options.seconds * 2));
      await all(tocsin, hungIds, round === 1 ? undefined : '/webhook/enable');
      const stop = keepChanging(tocsin, stuck);
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      const one = await measureHealthy(bench, bench.options.seconds * 2);
      reached = one.reached;
      beside.push(one);
      await stop();
      await all(tocsin, hungIds, '/webhook/disable');
      bench.say(
        `  round ${round}  ${store.padEnd(8)} p99 ${fixed(alone.at(-1)?.p99 ?? 0)} ms alone, ${fixed(one.p99)} ms beside`,
      );
    }
    return { alone, beside, reached };
  } finally {
    await tocsin.stop();
  }
}

async function measureHealthy(bench: Bench, seconds: number) {
  await bench.sink.call('reset', { timing: true });
  const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds })) * healthyCount;
  const { latencies, count, hung: reached } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} pushes to the healthy webhooks did not come`);
  return { median: percentile(latencies, 0.5) / 1000, p99: percentile(latencies, 0.99) / 1000, reached };
}

/** Changes that concern the hung webhooks only, until it is stopped. */
function keepChanging({ service }: Tocsin, { path }: Source): () => Promise<void> {
  const make = notifications('webhook');
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  const push = () => {
    count += 1;
    last = fetch(service.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: make(`hung${Date.now()}${count}`, 0),
    }).then((answer) => answer.text());
  };
  push();
  const pushing = setInterval(push, hungEveryMs);
  return async () => {
    clearInterval(pushing);
    await last;
  };
}

async function all({ service }: Tocsin, ids: readonly number[], path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const left = [...ids];
  const work = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await service.api(path, { integration_id: id });
  };
  await Promise.all(Array.from({ length: callsMax }, work));
}
