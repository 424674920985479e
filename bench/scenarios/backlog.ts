import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, drained, type Bar, type Bench, type Seen, type Section } from '../bench.ts';
import { residentBytes, startChild } from '../child.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, whole } from '../figures.ts';
import { digits, multiply, pick } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';

const webhookCount = 50;
/** How long each start is watched while it drains. */
const watchMs = 3_000;
const sampleMs = 100;
/** Enough to drain for as long as it is watched, so that both sizes do the same work meanwhile. */
const smallShare = 0.1;

interface Figures {
  readonly pending: number;
  readonly startMs: number[];
  readonly residentMb: number[];
  readonly rates: number[];
  readonly readMs: { median: number; p99: number };
  readonly claimMs: { median: number; p99: number };
}

export async function backlog(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  const both = ['sqlite', 'postgres'] as const;
  const usual = bench.options.quick ? both.slice(0, 1) : both;
  for (const store of bench.options.databases ?? usual) {
    try {
      const [small, large] = await measureStore(bench, store);
      rows.push(row(store, small), row(store, large));
      if (store === 'sqlite') bars.push(...barsOf(small, large));
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'backlog',
    title: `${whole(bench.options.pending)} pending deliveries`,
    about: `Owed to ${webhookCount} webhooks, every one a lane. Start-up: from the start of the process until it takes requests. Memory: the most that was resident in ${watchMs / 1000} s of draining. Read and claim: the next 64 heads of a webhook, median and p99.`,
    columns: ['database', 'pending', 'start-up', 'memory', 'pushes a second', 'read 64 heads', 'claim 64'],
    rows,
    missing,
    bars,
  };
}

async function measureStore(bench: Bench, store: Store): Promise<[Figures, Figures]> {
  const { pending, rounds } = bench.options;
  const sizes = [Math.round(pending * smallShare), pending];
  const built = [];
  try {
    for (const size of sizes) {
      bench.say(`  ${store}: building ${whole(size)} pending deliveries`);
      built.push(await build(bench, store, size));
    }
    const figures: Figures[] = [];
    for (const { tocsin, webhookIds, pending: size } of built) {
      const claims = await measureClaims(tocsin, webhookIds);
      figures.push({ pending: size, startMs: [], residentMb: [], rates: [], ...claims });
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const [index, { tocsin }] of built.entries()) {
        const one = await watch(bench, tocsin);
        figures[index]?.startMs.push(one.startMs);
        figures[index]?.residentMb.push(one.residentMb);
        figures[index]?.rates.push(one.rate);
        bench.say(
          `  round ${round}  ${store} ${whole(sizes[index] ?? 0)} pending: ready in ${fixed(one.startMs, 0)} ms, ${fixed(one.residentMb, 0)} MB, ${whole(one.rate)} pushes a second`,
        );
      }
    }
    const [small, large] = figures;
    if (small === undefined || large === undefined) throw new Error('a size is missing');
    return [small, large];
  } finally {
    for (const { tocsin } of built) await tocsin.stop();
  }
}

/** A service with one real alert delivered everywhere, ended, and its rows multiplied. */
async function build(bench: Bench, store: Store, pending: number) {
  const tocsin = await startTocsin(store, bench, 'backlog');
  const { channelId, path } = await tocsin.source('Backlog');
  const webhookIds = await tocsin.webhooks(webhookCount, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
  await aim(
    bench,
    { port: Number(new URL(tocsin.service.url).port), path, headers: {}, body: 'webhook', stop: async () => {} },
    1,
  );
  await bench.sink.call('reset', { timing: false });
  accepted(await bench.load.call<LoadResult>('openLoop', { rate: 1, seconds: 1 }));
  await drained(bench, webhookCount);
  await tocsin.service.stop();
  const events = Math.ceil(pending / webhookCount);
  const now = Date.now();
  // Made-up ids begin with f, which no real one does for centuries.
  const eventOf = (index: string) => `'f' || ${digits(tocsin, index, 31, 16)}`;
  const entityOf = (index: string) => `'f' || ${digits(tocsin, index, 23, 16)}`;
  await multiply(tocsin, 'event', events, {
    event_id: eventOf('n.i'),
    entity_id: entityOf('n.i'),
    entity_kind: `'alert'`,
    event_type: `'a_new'`,
    sequence: '1',
    event_time: `${now} + n.i`,
    payload: await payloadOf(bench),
  });
  const change = `((n.i - 1) / ${webhookCount} + 1)`;
  await multiply(tocsin, 'delivery', events * webhookCount, {
    delivery_id: `'99990101' || ${digits(tocsin, 'n.i', 22, 10)}`,
    webhook_id: pick(webhookIds, `((n.i - 1) % ${webhookCount})`),
    event_id: eventOf(change),
    entity_id: entityOf(change),
    event_time: `${now} + ${change}`,
    created_at: String(now),
    due_at: String(now),
    state: `'pending'`,
    attempt: '0',
    fence: '0',
    claimed_at: '0',
    finished_at: '0',
    status_code: '0',
    reason: `''`,
  });
  return { tocsin, webhookIds, pending };
}

/** What the sink got of the real one, as a literal. */
async function payloadOf({ sink }: Bench): Promise<string> {
  const { sample } = await sink.call<Seen>('read');
  if (sample === undefined) throw new Error('no push came');
  return `'${sample.body.replaceAll("'", "''")}'`;
}

async function measureClaims({ folder, databaseUrl: url }: Tocsin, webhookIds: readonly number[]) {
  const child = await startChild('claims');
  try {
    const found = await child.call<{ reads: number[]; claims: number[] }>('measure', { folder, url, webhookIds });
    const figures = (values: readonly number[]) => ({ median: percentile(values, 0.5), p99: percentile(values, 0.99) });
    return { readMs: figures(found.reads), claimMs: figures(found.claims) };
  } finally {
    await child.stop();
  }
}

/** Starts the service, watches it drain for a while, and ends it at once. */
async function watch({ sink }: Bench, { service }: Tocsin) {
  await sink.call('reset', { timing: false });
  const began = performance.now();
  await service.restart();
  const startMs = performance.now() - began;
  let most = 0;
  const until = performance.now() + watchMs;
  const before = await sink.call<Seen>('read');
  const from = performance.now();
  while (performance.now() < until) {
    most = Math.max(most, await residentBytes(service.pid));
    await sleep(sampleMs);
  }
  const after = await sink.call<Seen>('read');
  const rate = (after.count - before.count) / ((performance.now() - from) / 1000);
  await service.kill('SIGKILL');
  return { startMs, residentMb: most / 1e6, rate };
}

function row(store: Store, { pending, startMs, residentMb, rates, readMs, claimMs }: Figures): string[] {
  const pair = (one: { median: number; p99: number }) => `${fixed(one.median)}, ${fixed(one.p99)} ms`;
  return [
    store,
    whole(pending),
    `${fixed(median(startMs), 0)} ms`,
    `${fixed(median(residentMb), 0)} MB`,
    whole(median(rates)),
    pair(readMs),
    pair(claimMs),
  ];
}

function barsOf(small: Figures, large: Figures): Bar[] {
  const addedMb = median(large.residentMb) - median(small.residentMb);
  const claim = large.claimMs.median / small.claimMs.median;
  const name = `${whole(large.pending)} pending`;
  return [
    {
      promise: `${name} adds under 100 MB`,
      measured: `${fixed(addedMb, 0)} MB more than ${whole(small.pending)}`,
      met: addedMb < 100,
    },
    {
      promise: `${name} leaves claim time flat`,
      measured: `${fixed(claim)} of that at ${whole(small.pending)}`,
      met: claim <= 1.5,
    },
    {
      promise: `${name}: start-up under 5 s`,
      measured: `${fixed(median(large.startMs), 0)} ms`,
      met: median(large.startMs) < 5_000,
    },
  ];
}
