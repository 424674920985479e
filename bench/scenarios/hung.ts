import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Source, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, ratios, spread, whole } from '../figures.ts';
import { execute, multiply, pick } from '../fixture.ts';
import type { LoadResult } from '../programs/load.ts';
import { notifications } from '../programs/notification.ts';

const healthyCount = 20;
const hungCount = 1_000;
/** So many channels with as many hung webhooks each: one change in a channel goes to all of its webhooks. */
const hungChannels = 20;
/** Changes a second for the healthy ones; each goes to all of them. */
const rate = 25;
/**
 * How often something changes in one of the hung channels. That is more than they are sent at the same time. It has no
 * common measure with the changes of the healthy ones, so that the two meet as seldom as chance would have it.
 */
const hungEveryMs = 193;
/** Until the healthy ones are known to be healthy, and the hung ones hold every slot that they can get. */
const warmSeconds = 2;
const settleMs = 2_000;
/** A round is longer than elsewhere: its 99th percentile needs many pushes. */
const longer = 2;

/** Without changes for the many, with changes while the many answer, and with changes while they hang. */
const kinds = ['without', 'answering', 'hung'] as const;
type Kind = (typeof kinds)[number];

interface Latency {
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  /** Requests that the many got meanwhile. */
  readonly reached: number;
}

interface Installation {
  readonly tocsin: Tocsin;
  readonly healthy: Source;
  readonly stuck: readonly Source[];
}

export async function hung(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    try {
      const found = await measureStore(bench, store);
      const all = (kind: Kind, name: keyof Latency) => found[kind].map((one) => one[name]);
      const p99 = ratios(all('hung', 'p99'), all('without', 'p99'));
      const middle = (kind: Kind) => [fixed(median(all(kind, 'median'))), fixed(median(all(kind, 'p99')))];
      rows.push([
        store,
        ...kinds.flatMap(middle),
        `${fixed(median(p99))}${p99.length > 1 ? ` (${spread(p99, fixed)})` : ''}`,
        fixed(median(ratios(all('hung', 'p99'), all('answering', 'p99')))),
        whole(median(all('hung', 'reached'))),
      ]);
      bars.push({
        promise: `${store}: p99 of the healthy beside ${whole(hungCount)} hung within 1.2 of without`,
        measured: `${fixed(median(p99))}${p99.length > 1 ? ` (${spread(p99, fixed)})` : ''}`,
        met: median(p99) <= 1.2,
      });
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'hung',
    title: `${whole(hungCount)} hung endpoints beside ${healthyCount} healthy ones`,
    about: `${rate} changes a second to ${healthyCount} healthy webhooks, in milliseconds from sending to arrival, beside ${whole(hungCount)} more webhooks of the same installation: ${hungChannels} channels with ${hungCount / hungChannels} each. Without: nothing changes for them. Hung: a change in one of their channels every ${hungEveryMs} ms, and their receiver reads and never answers; that makes more pushes than they are sent, so as many requests hang as the service allows. Answering: the same changes, and their receiver answers; the difference to the first row is the work for them, not their hanging. Each measurement begins with a service that has just been started and knows of no receiver whether it answers; every second round goes the other way.`,
    columns: [
      'database',
      'without: median',
      'p99',
      'answering: median',
      'p99',
      'hung: median',
      'p99',
      'p99, hung to without',
      'hung to answering',
      'requests that hung',
    ],
    rows,
    missing,
    bars,
  };
}

async function measureStore(bench: Bench, store: Store): Promise<Record<Kind, Latency[]>> {
  const { rounds } = bench.options;
  const installation = await install(bench, store);
  const found: Record<Kind, Latency[]> = { without: [], answering: [], hung: [] };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const kind of round % 2 === 1 ? kinds : kinds.toReversed()) {
        const one = await measure(bench, installation, kind);
        found[kind].push(one);
        bench.say(
          `  round ${round}  ${store.padEnd(8)} ${kind.padEnd(9)} ${fixed(one.median)} ms, p99 ${fixed(one.p99)} ms, ${whole(one.reached)} requests to the many`,
        );
      }
    }
    return found;
  } finally {
    await installation.tocsin.stop();
  }
}

/** The hung webhooks are made from a healthy one in the database: over the API each would take as long as all before it. */
async function install(bench: Bench, store: Store): Promise<Installation> {
  const tocsin = await startTocsin(store, bench, { name: 'hung' });
  const { sinkPort } = bench;
  const healthy = await tocsin.source('Healthy');
  await tocsin.webhooks(healthyCount, { channelId: healthy.channelId, sinkPort, path: '/ok' });
  const stuck: Source[] = [];
  for (let index = 1; index <= hungChannels; index += 1) stuck.push(await tocsin.source(`Hung ${index}`));
  await tocsin.service.stop();
  const channel = pick(
    stuck.map(({ channelId }) => `[${channelId}]`),
    `(n.i % ${hungChannels})`,
  );
  await multiply(tocsin, 'webhook', hungCount, {
    webhook_id: 't.webhook_id + 1000000 + n.i',
    webhook_name: `'Hung ' || n.i`,
    endpoint: `'http://127.0.0.1:${sinkPort}/hung/' || n.i`,
    channel_ids_json: channel,
  });
  return { tocsin, healthy, stuck };
}

async function measure(bench: Bench, { tocsin, healthy, stuck }: Installation, kind: Kind): Promise<Latency> {
  const { service } = tocsin;
  // What the one before it left waiting is none of its business.
  await execute(tocsin, `delete from delivery where state in ('pending', 'sending', 'retry_wait')`);
  await service.restart();
  try {
    await aim(bench, { ports: tocsin.ports, path: healthy.path }, 32);
    await measureHealthy(bench, warmSeconds);
    await bench.sink.call('setAnswersHung', { answers: kind === 'answering' });
    const stop = kind === 'without' ? async () => {} : keepChanging(tocsin, stuck);
    await sleep(settleMs);
    const found = await measureHealthy(bench, bench.options.seconds * longer);
    await stop();
    return found;
  } finally {
    await service.kill('SIGKILL');
  }
}

async function measureHealthy(bench: Bench, seconds: number): Promise<Latency> {
  await bench.sink.call('reset', { timing: true });
  const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds })) * healthyCount;
  const { latencies, count, hung: reached } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} pushes to the healthy webhooks did not come`);
  return { median: percentile(latencies, 0.5) / 1000, p99: percentile(latencies, 0.99) / 1000, reached };
}

/** Changes that concern the hung webhooks only, one channel after the other, until it is stopped. */
function keepChanging({ service }: Tocsin, sources: readonly Source[]): () => Promise<void> {
  const make = notifications('webhook');
  const began = Date.now().toString(16);
  let count = 0;
  let refused: Error | undefined;
  const sent = new Set<Promise<void>>();
  const push = async (path: string) => {
    const body = make(`${began}${count}`, 1, 0);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(service.url + path, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!answer.ok) refused = new Error(`a change for the hung webhooks was answered ${answer.status}: ${text}`);
  };
  const pushing = setInterval(() => {
    const source = sources[count % sources.length];
    count += 1;
    if (source === undefined) return;
    const one = push(source.path).catch((error: unknown) => {
      refused = error instanceof Error ? error : new Error(String(error));
    });
    sent.add(one);
    void one.then(() => sent.delete(one));
  }, hungEveryMs);
  return async () => {
    clearInterval(pushing);
    await Promise.all(sent);
    if (refused !== undefined) throw refused;
  };
}
