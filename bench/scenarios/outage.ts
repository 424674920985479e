import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, drained, type Bench, type Seen, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store } from '../contestants/tocsin.ts';
import { concurrency, NotRunnable } from '../contestants/contestant.ts';
import { fixed, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

/** Changes a second while the receiver is away. */
const rate = 200;
/** Longer than the first retry takes, so that one that does not come will not. */
const firstRetryMaxMs = 12_000;

export async function outage(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  for (const store of bench.options.databases) {
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
    about: `${rate} changes a second come in meanwhile. Receiver away: it answers 503, and the webhook is at_least_once. Webhook paused: nothing is sent until it is resumed.`,
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

async function paused(bench: Bench, store: Store): Promise<string[]> {
  return withWebhook(bench, store, {}, async (webhookId, api) => {
    await api('/webhook/pause', { integration_id: webhookId });
    const owed = accepted(
      await bench.load.call<LoadResult>('openLoop', { rate, seconds: bench.options.outageSeconds }),
    );
    const began = process.hrtime();
    await api('/webhook/resume', { integration_id: webhookId });
    return row(owed, began, await drained(bench, owed));
  });
}

async function away(bench: Bench, store: Store): Promise<string[]> {
  return withWebhook(bench, store, { delivery_mode: 'at_least_once' }, async () => {
    const down = (is: boolean) => bench.sink.call('setDown', { down: is });
    try {
      await down(true);
      accepted(await bench.load.call<LoadResult>('openLoop', { rate: 1, seconds: 1 }));
      await sleep(200);
      await down(false);
      const until = performance.now() + firstRetryMaxMs;
      while ((await bench.sink.call<Seen>('read')).count === 0) {
        if (performance.now() > until) throw new NotRunnable('at_least_once does not retry yet');
        await sleep(50);
      }
      await down(true);
      await bench.sink.call('reset', { timing: false });
      const seconds = bench.options.outageSeconds;
      const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
      const began = process.hrtime();
      await down(false);
      const deadline = performance.now() + bench.options.outageSeconds * 4_000;
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
