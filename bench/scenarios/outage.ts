import { accepted, aim, drained, type Bench, type Seen, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store } from '../contestants/tocsin.ts';
import { concurrency, NotRunnable } from '../contestants/contestant.ts';
import { fixed, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

/** Changes a second while the receiver is away. */
const rate = 200;
const pausedRate = 1_000;
/** The retries are 5 s, 30 s and 2 minutes apart at first. */
const drainMaxMs = 180_000;

export async function outage(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  for (const store of bench.options.databases ?? (['sqlite'] as const)) {
    for (const kind of ['receiver away', 'webhook paused'] as const) {
      try {
        rows.push([
          store,
          kind,
          ...(kind === 'webhook paused' ? await paused(bench, store) : await away(bench, store)),
        ]);
      } catch (error) {
        missing.push(`${store}, ${kind}: ${reason(error)}`);
      }
    }
  }
  return {
    key: 'outage',
    title: `An outage of ${bench.options.outageSeconds} s and its drain`,
    about: `Receiver away: it answers 503 while ${rate} changes a second come in, and the webhook is at_least_once. Webhook paused: as many changes, and nothing is sent until it is resumed.`,
    columns: [
      'database',
      'what happens',
      'owed at the end',
      'first push after',
      'all delivered after',
      'pushes a second',
    ],
    rows,
    missing,
    bars: [],
  };
}

/** The same changes, come in faster, since nobody has to be away for them. */
async function paused(bench: Bench, store: Store): Promise<string[]> {
  return withWebhook(bench, store, {}, async (webhookId, api) => {
    await api('/webhook/pause', { integration_id: webhookId });
    const seconds = (bench.options.outageSeconds * rate) / pausedRate;
    const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate: pausedRate, seconds }));
    const began = process.hrtime();
    await api('/webhook/resume', { integration_id: webhookId });
    return row(owed, began, await drained(bench, owed));
  });
}

async function away(bench: Bench, store: Store): Promise<string[]> {
  if (bench.options.quick) throw new NotRunnable('waits for retries, which takes minutes: not in a quick run');
  return withWebhook(bench, store, { delivery_mode: 'at_least_once' }, async () => {
    const down = (is: boolean) => bench.sink.call('setDown', { down: is });
    try {
      await down(true);
      const seconds = bench.options.outageSeconds;
      const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
      const began = process.hrtime();
      await down(false);
      const deadline = performance.now() + drainMaxMs;
      let seen = await drained(bench, owed);
      while (seen.count < owed && performance.now() < deadline) seen = await drained(bench, owed);
      return row(owed, began, seen);
    } finally {
      await down(false);
    }
  });
}

function row(owed: number, began: [number, number], seen: Seen): string[] {
  if (seen.count < owed) throw new Error(`${owed - seen.count} of ${owed} did not come`);
  const start = began[0] * 1_000_000 + began[1] / 1000;
  const first = (seen.firstAt - start) / 1000;
  const last = (seen.lastAt - start) / 1000;
  return [whole(owed), `${fixed(first, 0)} ms`, `${fixed(last / 1000)} s`, whole(owed / (last / 1000))];
}

type Api = (path: string, body: object) => Promise<unknown>;

async function withWebhook(
  bench: Bench,
  store: Store,
  more: object,
  work: (webhookId: number, api: Api) => Promise<string[]>,
): Promise<string[]> {
  const tocsin = await startTocsin(store, bench, 'outage');
  try {
    const { channelId, path } = await tocsin.source('Outage');
    const { sinkPort } = bench;
    const [webhookId = 0] = await tocsin.webhooks(1, {
      channelId,
      sinkPort,
      path: '/ok',
      maxInFlight: concurrency,
      more,
    });
    const port = Number(new URL(tocsin.service.url).port);
    await aim(bench, { port, path, headers: {}, body: 'webhook', stop: async () => {} }, concurrency);
    await bench.sink.call('reset', { timing: false });
    return await work(webhookId, (apiPath, body) => tocsin.service.api(apiPath, body));
  } finally {
    await tocsin.stop();
  }
}
