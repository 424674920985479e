import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, aim, type Bar, type Bench, type Seen, type Section } from '../bench.ts';
import { concurrency } from '../contestants/contestant.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, whole } from '../figures.ts';
import type { Lanes } from '../programs/lanes.ts';
import type { LoadResult } from '../programs/load.ts';
import { microseconds } from '../programs/parent.ts';

/** Changes a second while the receiver is away, and of each alert in all. */
const rate = 200;
const changesEach = 20;
/** As many changes come in faster while a webhook is paused, since nobody has to be away for them. */
const pausedRate = 1_000;
/**
 * A breaker stays closed for at most a minute, and an attempt that failed during the outage may wait two minutes for
 * the next.
 */
const drainMaxMs = 240_000;
const pollMs = 100;

interface Kind {
  readonly name: string;
  readonly path: string;
  /** Each change is pushed, not only the newest of each alert. */
  readonly each: boolean;
  readonly more: object;
}

const always = { delivery_mode: 'at_least_once' } as const;
const away: readonly Kind[] = [
  { name: 'receiver away, every', path: '/ok-every', each: true, more: { ...always, order_policy: 'every' } },
  { name: 'receiver away, latest', path: '/ok-latest', each: false, more: { ...always, order_policy: 'latest' } },
];
const paused: readonly Kind[] = [{ name: 'webhook paused', path: '/ok-paused', each: true, more: {} }];

/** What one webhook saw of it. */
interface Outcome {
  readonly kind: Kind;
  readonly alerts: number;
  readonly lanes: Lanes;
  /** When the receiver was back or the webhook resumed: microseconds of the monotonic clock. */
  readonly backAt: number;
}

export async function outage(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    for (const [kinds, run] of [
      [away, whileAway],
      [paused, whilePaused],
    ] as const) {
      try {
        const outcomes = await withWebhooks(bench, store, kinds, run);
        for (const outcome of outcomes) {
          if (!isDrained(outcome)) missing.push(`${store}, ${late(outcome)}`);
          rows.push(row(store, outcome));
          bars.push(barOf(store, outcome));
        }
      } catch (error) {
        missing.push(`${store}, ${kinds.map(({ name }) => name).join('; ')}: ${reason(error)}`);
      }
    }
  }
  const { outageSeconds } = bench.options;
  const alerts = alertsOf(bench);
  return {
    key: 'outage',
    title: `An outage of ${outageSeconds} s and its drain`,
    about: `Receiver away: it answers 503 for ${outageSeconds} s while ${rate} changes a second of ${whole(alerts)} alerts come in, ${changesEach} of each; then it is back. Two webhooks at least once, side by side: \`every\` sends each change in its order, \`latest\` the newest of each alert. Webhook paused: as many changes at ${whole(pausedRate)} a second to a webhook at most once, which is then resumed. The drain is from the moment the receiver is back to the last push; the closed breaker is probed at growing distances, and what had been tried waits for its next attempt, so most of it is waiting. Out of order: requests that came after one with a later sequence number of the same alert, answered or not.`,
    columns: [
      'database',
      'what happens',
      'changes',
      'first push after',
      'drained after',
      'pushes',
      'for each alert',
      'repeated',
      'out of order',
    ],
    rows,
    missing,
    bars,
  };
}

/** The receiver refuses all while the changes come in. */
async function whileAway(bench: Bench): Promise<number> {
  try {
    await bench.sink.call('setDown', { down: true });
    const began = performance.now();
    const seconds = changesOf(bench) / rate;
    accepted(await bench.load.call<LoadResult>('openLoop', { rate, seconds }));
    await sleep(Math.max(0, began + seconds * 1000 - performance.now()));
    return microseconds();
  } finally {
    await bench.sink.call('setDown', { down: false });
  }
}

async function whilePaused(bench: Bench, { service }: Tocsin, webhookIds: readonly number[]): Promise<number> {
  for (const id of webhookIds) await service.api('/webhook/pause', { integration_id: id });
  const seconds = changesOf(bench) / pausedRate;
  accepted(await bench.load.call<LoadResult>('openLoop', { rate: pausedRate, seconds }));
  const resumedAt = microseconds();
  for (const id of webhookIds) await service.api('/webhook/resume', { integration_id: id });
  return resumedAt;
}

function alertsOf({ options }: Bench): number {
  return Math.max(1, Math.round((rate * options.outageSeconds) / changesEach));
}

function changesOf(bench: Bench): number {
  return alertsOf(bench) * changesEach;
}

/** @param run gives the moment from which on the webhooks could be served. */
async function withWebhooks(
  bench: Bench,
  store: Store,
  kinds: readonly Kind[],
  run: (bench: Bench, tocsin: Tocsin, webhookIds: readonly number[]) => Promise<number>,
): Promise<Outcome[]> {
  const alerts = alertsOf(bench);
  const tocsin = await startTocsin(store, bench, { name: 'outage' });
  try {
    const { channelId, path } = await tocsin.source('Outage');
    const webhookIds: number[] = [];
    for (const { path: own, more } of kinds) {
      const options = { channelId, sinkPort: bench.sinkPort, path: own, maxInFlight: concurrency, more };
      webhookIds.push(...(await tocsin.webhooks(1, { ...options, eventTypes: ['a_new', 'a_update'] })));
    }
    await aim(bench, { ports: tocsin.ports, path, entities: alerts }, concurrency);
    await bench.sink.call('reset', { timing: false, changes: changesEach });
    const backAt = await run(bench, tocsin, webhookIds);
    const seen = await complete(bench, kinds, alerts);
    return kinds.map((kind) => {
      const lanes = seen.lanes[laneKey(kind)] ?? nothing;
      return { kind, alerts, lanes, backAt };
    });
  } finally {
    await tocsin.stop();
  }
}

/** Waits until every webhook has all its pushes, up to a limit. */
async function complete({ sink, say }: Bench, kinds: readonly Kind[], alerts: number): Promise<Seen> {
  const began = performance.now();
  const done = new Set<Kind>();
  for (;;) {
    const seen = await sink.call<Seen>('read');
    for (const kind of kinds) {
      const lanes = seen.lanes[laneKey(kind)] ?? nothing;
      if (done.has(kind) || !isDrained({ kind, alerts, lanes })) continue;
      done.add(kind);
      say(`  ${kind.name}: drained in ${fixed((performance.now() - began) / 1000, 1)} s`);
    }
    if (done.size === kinds.length || performance.now() - began > drainMaxMs) return seen;
    await sleep(pollMs);
  }
}

function isDrained({ kind, alerts, lanes }: Pick<Outcome, 'kind' | 'alerts' | 'lanes'>): boolean {
  const pushes = lanes.accepted - lanes.repeated;
  return lanes.complete === alerts && (!kind.each || pushes === alerts * changesEach);
}

/** Each webhook has its own path at the sink, which ends with its number among those made at once. */
function laneKey({ path }: Kind): string {
  return `${path}/0`;
}

const nothing: Lanes = {
  lanes: 0,
  complete: 0,
  accepted: 0,
  repeated: 0,
  outOfOrder: 0,
  firstAt: Number.NaN,
  lastAt: Number.NaN,
};

function late({ kind, alerts, lanes }: Outcome): string {
  return `${kind.name}: ${whole(lanes.complete)} of ${whole(alerts)} alerts were up to date after ${whole(lanes.accepted)} pushes, ${drainMaxMs / 1000} s later`;
}

function row(store: Store, { kind, alerts, lanes, backAt }: Outcome): string[] {
  const seconds = (at: number) => `${fixed((at - backAt) / 1_000_000)} s`;
  return [
    store,
    kind.name,
    whole(alerts * changesEach),
    seconds(lanes.firstAt),
    seconds(lanes.lastAt),
    whole(lanes.accepted),
    fixed(lanes.accepted / alerts, 1),
    whole(lanes.repeated),
    whole(lanes.outOfOrder),
  ];
}

function barOf(store: Store, outcome: Outcome): Bar {
  const { kind, alerts, lanes } = outcome;
  const pushes = whole(lanes.accepted - lanes.repeated);
  return {
    promise: `${store}, ${kind.name}: nothing is lost and all is in order`,
    measured: `${whole(lanes.complete)} of ${whole(alerts)} alerts up to date, ${pushes} pushes of ${whole(alerts * changesEach)} changes, ${whole(lanes.outOfOrder)} out of order`,
    met: isDrained(outcome) && lanes.outOfOrder === 0,
  };
}
