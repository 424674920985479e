import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { startChild, type Child } from '../child.ts';
import { concurrency } from '../contestants/contestant.ts';
import { Field, isChosen, ours, oursOnPostgres, type Running } from '../contestants/field.ts';
import { relay } from '../contestants/peers.ts';
import { fixed, median, ratios, spread, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';

/** Pushes on their way from the first byte in to the receiver, for everyone alike. */
const windowPushes = 5_000;
/** Told apart where there is one push for each change. */
const variants = ['relay-dispatch', 'bullmq-always'];
const bareKey = 'bare';
const bareName = 'bare undici client (the limit)';

/** Rates of the rounds by key of the contestant: pushes a second. */
type Rates = Map<string, number[]>;

export async function oneToOne(bench: Bench): Promise<Section> {
  const { rates, names, missing } = await race(bench, 1);
  const { key } = ours;
  const peerBars = ['bullmq-everysec', 'bullmq-always', 'graphile-worker'].map((peer) =>
    bar(`at least 2.5 times ${names.get(peer) ?? peer}`, rates, key, peer, 2.5),
  );
  return {
    key: 'one-to-one',
    title: 'One change to one webhook',
    about:
      'From HTTP in to the receiver. Pushes a second, from the first request to the last arrival, what was still owed at the end included.',
    columns: ['contestant', 'pushes a second', 'of the rounds', 'of the relay', 'Tocsin on SQLite is'],
    rows: table(rates, names, relay.key),
    missing,
    bars: [
      bar('end to end at least 0.8 of the relay that keeps nothing', rates, key, relay.key, 0.8),
      ...peerBars,
      bar('one PostgreSQL node at least 0.5 of SQLite', rates, oursOnPostgres.key, key, 0.5),
    ].flatMap((one) => one ?? []),
  };
}

export async function fanOut(bench: Bench): Promise<Section> {
  const { rates, names, missing } = await race(bench, 50);
  return {
    key: 'fan-out',
    title: 'One change to 50 webhooks',
    about: 'The same, with 50 receivers of each change. The bare client posts bodies of Tocsin, without a source.',
    columns: ['contestant', 'pushes a second', 'of the rounds', 'of the bare client', 'Tocsin on SQLite is'],
    rows: table(rates, names, bareKey),
    missing,
    bars: [
      bar('fan-out at least 0.5 of the bare client', rates, ours.key, bareKey, 0.5),
      bar('fan-out on one PostgreSQL node at least 0.5 of SQLite', rates, oursOnPostgres.key, ours.key, 0.5),
    ].flatMap((one) => one ?? []),
  };
}

async function race(bench: Bench, pushesPerChange: number) {
  const field = await Field.start(bench, pushesPerChange, pushesPerChange === 1 ? [] : variants);
  const bare = isChosen(bench, bareKey) ? await startChild('bare-client') : undefined;
  const { rounds, seconds } = bench.options;
  const rates: Rates = new Map();
  const lost: string[] = [];
  let body = '';
  try {
    // Round 0 warms everyone up, and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const length = round === 0 ? Math.max(1, seconds / 2) : seconds;
      for (const running of field.order(round)) {
        try {
          const run = await measure(bench, running, pushesPerChange, length);
          if (body === '' || running.entry === ours) body = run.body;
          if (run.missing > 0)
            lost.push(
              `${running.entry.name}: in round ${round}, ${run.missing} of ${run.owed} pushes did not come in time`,
            );
          keep(bench, rates, round, running.entry.key, run.rate);
        } catch (error) {
          await field.drop(running, error);
        }
      }
      if (bare !== undefined) keep(bench, rates, round, bareKey, await measureBare(bench, bare, body, length));
    }
    const names = new Map([
      ...field.entries.map(({ key, name }) => [key, name] as const),
      [bareKey, bareName] as const,
    ]);
    return { rates, names, missing: [...field.missing, ...lost] };
  } finally {
    await bare?.stop();
    await field.stop();
  }
}

function keep(bench: Bench, rates: Rates, round: number, key: string, rate: number): void {
  bench.say(`  round ${round}  ${key.padEnd(16)} ${whole(rate).padStart(8)} pushes a second`);
  if (round > 0) rates.set(key, [...(rates.get(key) ?? []), rate]);
}

async function measure(bench: Bench, { contestant }: Running, pushesPerChange: number, seconds: number) {
  const { sink, load } = bench;
  await aim(bench, contestant, concurrency);
  await sink.call('reset', { timing: false });
  bench.window.perChange = pushesPerChange;
  await sink.call('tell', { on: true });
  const window = Math.max(concurrency, Math.ceil(windowPushes / pushesPerChange));
  const result = await load.call<LoadResult>('closedLoop', { seconds, window });
  const owed = accepted(result) * pushesPerChange;
  const seen = await drained(bench, owed);
  await sink.call('tell', { on: false });
  const rate = seen.count / ((seen.lastAt - result.startedAt) / 1_000_000);
  return { rate, owed, missing: owed - seen.count, body: seen.sample?.body ?? '' };
}

async function measureBare({ sink, sinkPort }: Bench, bare: Child, body: string, seconds: number): Promise<number> {
  await sink.call('reset', { timing: false });
  const input = { port: sinkPort, body: body === '' ? '{}' : body, connections: concurrency, seconds };
  const run = await bare.call<{ answered: number; startedAt: number; endedAt: number }>('run', input);
  return run.answered / ((run.endedAt - run.startedAt) / 1_000_000);
}

function table(rates: Rates, names: ReadonlyMap<string, string>, baseKey: string): string[][] {
  const base = rates.get(baseKey) ?? [];
  const own = rates.get(ours.key) ?? [];
  return [...names].flatMap(([key, name]) => {
    const values = rates.get(key);
    if (values === undefined) return [];
    const toOwn = key === ours.key ? '' : `${fixed(median(ratios(own, values)))} ×`;
    return [[name, whole(median(values)), spread(values, whole), fixed(median(ratios(values, base))), toOwn]];
  });
}

function bar(promise: string, rates: Rates, key: string, toKey: string, least: number): Bar | undefined {
  const found = ratios(rates.get(key) ?? [], rates.get(toKey) ?? []);
  if (found.length === 0) return undefined;
  const ratio = median(found);
  const range = spread(found, fixed);
  return { promise, measured: range === '' ? fixed(ratio) : `${fixed(ratio)} (${range})`, met: ratio >= least };
}
