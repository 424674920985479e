import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, drained, type Bar, type Bench, type Seen, type Section } from '../bench.ts';
import { residentBytes, startChild } from '../child.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, whole } from '../figures.ts';
import { digits, multiply, pick } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';

const webhookCount = 50;
/** As good as nothing: what a claim of 64 takes from each webhook, and what a receiver that is away uses up in each round. */
const fewEach = 160;
/** How long each start is watched. */
const watchMs = 3_000;
const sampleMs = 100;
/** Beside the few and the many: enough to be drained for as long as the many are watched. */
const middleShare = 0.1;

interface Figures {
  readonly pending: number;
  readonly startMs: number[];
  /** The most that was resident, in megabytes: while the receiver is away, and while it is being drained. */
  readonly waitingMb: number[];
  readonly drainingMb: number[];
  readonly rates: number[];
  /** Of single reads and claims, of all rounds. */
  readonly readMs: number[];
  readonly claimMs: number[];
}

interface Built {
  readonly tocsin: Tocsin;
  readonly webhookIds: readonly number[];
  readonly pending: number;
}

export async function backlog(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    try {
      const found = await measureStore(bench, store);
      rows.push(...found.map((one) => row(store, one)));
      bars.push(...barsOf(store, found));
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'backlog',
    title: `${whole(bench.options.pending)} pending deliveries`,
    about: `Of ${webhookCount} webhooks, each in its own lane. Start-up: from the start of the process until it takes requests. Memory: the most of the process that was resident in the ${watchMs / 1000} s after it, while the receiver answers 503 and while it takes everything, which is also when pushes are counted. Read and claim: the next 64 heads of a webhook, median and p99, by the statements of the service.`,
    columns: [
      'database',
      'pending',
      'start-up',
      'memory, waiting',
      'memory, draining',
      'pushes a second',
      'read 64 heads',
      'claim 64',
    ],
    rows,
    missing,
    bars,
  };
}

/** The few, the middle and the many, each in its own database, in turns. */
async function measureStore(bench: Bench, store: Store): Promise<Figures[]> {
  const { pending, rounds } = bench.options;
  const few = fewEach * webhookCount;
  const built: Built[] = [];
  try {
    for (const size of [few, Math.max(2 * few, Math.round(pending * middleShare)), pending]) {
      bench.say(`  ${store}: building ${whole(size)} pending deliveries`);
      built.push(await build(bench, store, size));
    }
    const figures = built.map(({ pending: size }): Figures => {
      return { pending: size, startMs: [], waitingMb: [], drainingMb: [], rates: [], readMs: [], claimMs: [] };
    });
    for (let round = 1; round <= rounds; round += 1) {
      for (const [index, { tocsin, webhookIds }] of built.entries()) {
        const found = figures[index];
        if (found === undefined) continue;
        const { reads, claims } = await measureClaims(tocsin, webhookIds);
        found.readMs.push(...reads);
        found.claimMs.push(...claims);
        const waiting = await watch(bench, tocsin, true);
        // The few are gone before there is something to see.
        const draining = index === 0 ? undefined : await watch(bench, tocsin, false);
        found.startMs.push(waiting.startMs);
        found.waitingMb.push(waiting.residentMb);
        if (draining !== undefined) {
          found.drainingMb.push(draining.residentMb);
          found.rates.push(draining.rate);
        }
        bench.say(
          `  round ${round}  ${store} ${whole(found.pending)} pending: ready in ${fixed(waiting.startMs, 0)} ms, ${fixed(waiting.residentMb, 0)} MB waiting, ${fixed(draining?.residentMb ?? Number.NaN, 0)} MB draining; ${fixed(median(claims))} ms to claim`,
        );
      }
    }
    return figures;
  } finally {
    for (const { tocsin } of built) await tocsin.stop();
  }
}

/** A service with one real alert delivered everywhere, ended, and its rows multiplied. */
async function build(bench: Bench, store: Store, pending: number): Promise<Built> {
  const tocsin = await startTocsin(store, bench, { name: 'backlog' });
  const { channelId, path } = await tocsin.source('Backlog');
  const webhookIds = await tocsin.webhooks(webhookCount, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
  await aim(bench, { ports: tocsin.ports, path }, 1);
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

/** What the dispatcher does to get work, in a separate process on the database of a service that does not run. */
async function measureClaims({ folder, databaseUrl: url }: Tocsin, webhookIds: readonly number[]) {
  const child = await startChild('claims');
  try {
    return await child.call<{ reads: number[]; claims: number[] }>('measure', { folder, url, webhookIds });
  } finally {
    await child.stop();
  }
}

/** Starts the service, watches it for a while, and ends it at once. */
async function watch({ sink }: Bench, { service }: Tocsin, down: boolean) {
  await sink.call('reset', { timing: false });
  await sink.call('setDown', { down });
  try {
    const began = performance.now();
    await service.restart();
    const startMs = performance.now() - began;
    let most = 0;
    const before = await sink.call<Seen>('read');
    const from = performance.now();
    while (performance.now() < from + watchMs) {
      most = Math.max(most, await residentBytes(service.pid));
      await sleep(sampleMs);
    }
    const after = await sink.call<Seen>('read');
    const rate = (after.count - before.count) / ((performance.now() - from) / 1000);
    return { startMs, residentMb: most / 1e6, rate };
  } finally {
    await service.kill('SIGKILL');
    await sink.call('setDown', { down: false });
  }
}

function row(store: Store, found: Figures): string[] {
  const { pending, startMs, waitingMb, drainingMb, rates, readMs, claimMs } = found;
  const pair = (values: readonly number[]) => `${fixed(median(values))}, ${fixed(percentile(values, 0.99))} ms`;
  const megabytes = (values: readonly number[]) => (values.length === 0 ? '–' : `${fixed(median(values), 0)} MB`);
  return [
    store,
    whole(pending),
    `${fixed(median(startMs), 0)} ms`,
    megabytes(waitingMb),
    megabytes(drainingMb),
    whole(median(rates)),
    pair(readMs),
    pair(claimMs),
  ];
}

function barsOf(store: Store, [few, middle, many]: readonly Figures[]): Bar[] {
  if (few === undefined || middle === undefined || many === undefined) return [];
  const waiting = median(many.waitingMb) - median(few.waitingMb);
  const draining = median(many.drainingMb) - median(middle.drainingMb);
  const claim = median(many.claimMs) / median(few.claimMs);
  const read = median(many.readMs) / median(few.readMs);
  const name = `${store}, ${whole(many.pending)} pending`;
  return [
    {
      promise: `${name}: under 100 MB more`,
      measured: `${fixed(waiting, 0)} MB more than ${whole(few.pending)} while they wait, ${fixed(draining, 0)} MB more than ${whole(middle.pending)} while they are drained`,
      met: waiting < 100 && draining < 100,
    },
    {
      promise: `${name}: claim time flat, at most 1.2 times that of ${whole(few.pending)}`,
      measured: `${fixed(claim)} to claim, ${fixed(read)} to read`,
      met: claim <= 1.2 && read <= 1.2,
    },
    {
      promise: `${name}: start-up under 5 s`,
      measured: `${fixed(median(many.startMs), 0)} ms`,
      met: median(many.startMs) < 5_000,
    },
  ];
}
