import type { Bar, Bench } from '../bench.ts';
import { accepted, aim, drained, startProcesses } from '../bench.ts';
import { processorSeconds, startChild } from '../child.ts';
import { startTocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, ratios, spread } from '../figures.ts';
import { readOptions } from '../options.ts';
import type { LoadResult } from '../programs/load.ts';
import type { Recording } from './visitors.ts';

const consoles = 20;
const changesPerSecond = 50;
const connections = 32;
const ratioMax = 1.05;

/** Rounds with a real browser: it takes the two cores from the service, so they say something only beside the others. */
const browserRoundsMax = 2;

/** A console asks less when a storm lasts, so it is recorded for so many times the length of a round. */
const recordedTimes = 3;

interface Counts {
  readonly requests: number;
  readonly failed: number;
}

/**
 * From a change to its arrival at the receiver, with so many consoles that look at it and with none, in turns. Consoles run
 * on other machines, so here a small process stands for them: it holds their streams, and makes the requests that a real
 * console has made while as much changed.
 */
export async function besideConsoles(rounds: number, seconds: number): Promise<Bar[]> {
  const options = readOptions(['--quick']);
  if (options === undefined) throw new Error('no options');
  await using stack = new AsyncDisposableStack();
  const processes = await startProcesses();
  stack.defer(() => processes.load.stop());
  stack.defer(() => processes.sink.stop());
  const bench: Bench = { options, postgres: undefined, say: () => undefined, ...processes };
  const tocsin = await startTocsin('sqlite', { postgres: undefined });
  stack.defer(() => tocsin.stop());
  const { channelId, path } = await tocsin.source('Bench');
  await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
  const { service } = tocsin;
  const people = { url: service.url, cookies: await signedIn(service, consoles) };
  const browser = await startChild('../console/visitors');
  stack.defer(() => browser.stop());
  await browser.call('start', people);
  const wire = await startChild('../console/wire-visitors');
  stack.defer(() => wire.stop());
  const measure = async (times = 1): Promise<Measured> => {
    await aim(bench, { ports: tocsin.ports, path }, connections);
    await bench.sink.call('reset', { timing: true });
    const before = await processorSeconds(service.pid);
    const owed = accepted(
      await bench.load.call<LoadResult>('openLoop', { rate: changesPerSecond, seconds: seconds * times }),
    );
    const { count, latencies } = await drained(bench, owed);
    if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
    const processorMs = (1000 * ((await processorSeconds(service.pid)) - before)) / owed;
    return { ms: percentile(latencies, 0.5) / 1000, processorMs };
  };
  // The first changes pay for the first use of everything.
  await measure();
  await browser.call('open', { count: 1 });
  await browser.call('record');
  await measure(recordedTimes);
  const recording = await browser.call<Recording>('recorded');
  await browser.call('open', { count: 0 });
  await wire.call('start', { ...people, ...recording });
  const found: Record<Beside, Measured[]> = { nobody: [], streams: [], consoles: [], browser: [] };
  for (let round = 0; round < rounds; round += 1) {
    const turn: Beside[] = ['nobody', 'streams', 'consoles', ...(round < browserRoundsMax ? ['browser' as const] : [])];
    for (const beside of round % 2 === 0 ? turn : turn.toReversed()) {
      const visitors = beside === 'browser' ? browser : wire;
      if (beside !== 'nobody') await visitors.call('open', { count: consoles, quiet: beside === 'streams' });
      found[beside].push(await measure());
      await visitors.call('open', { count: 0 });
    }
  }
  const { requests, failed } = await wire.call<Counts>('counts');
  const perSecond = recording.recorded.length / (recording.lengthMs / 1000);
  const beside = (name: Beside): string => {
    const all = ratiosOf(found, name);
    return `${fixed(median(all))} (${spread(all, fixed)})`;
  };
  const ms = (name: Beside): string => fixed(median(found[name].map((one) => one.ms)));
  const processor = (name: Beside): string => fixed(median(found[name].map((one) => one.processorMs)));
  const shares = (['nobody', 'streams', 'consoles'] as const).map(processor).join(', ');
  return [
    {
      promise: `median from change to receiver with ${consoles} consoles open at most ${ratioMax} of that with none, ${changesPerSecond} changes a second`,
      measured:
        `${beside('consoles')}: ${ms('consoles')} and ${ms('nobody')} ms; with their streams alone ${beside('streams')}; ` +
        `${fixed(perSecond, 1)} requests a second of each console, ${failed} of ${requests} refused; ` +
        `the service's processor time of a change with none, with the streams, with all: ${shares} ms`,
      met: median(ratiosOf(found, 'consoles')) <= ratioMax && failed === 0,
    },
    {
      promise: `no promise: the same with ${consoles} consoles in a browser on the same cores`,
      measured: `${beside('browser')}: ${ms('browser')} ms`,
      met: true,
    },
  ];
}

type Beside = 'nobody' | 'streams' | 'consoles' | 'browser';

interface Measured {
  readonly ms: number;
  /** Of one change. */
  readonly processorMs: number;
}

function ratiosOf(found: Readonly<Record<Beside, readonly Measured[]>>, name: Beside): number[] {
  const msOf = (all: readonly Measured[]): number[] => all.map(({ ms }) => ms);
  return ratios(msOf(found[name]), msOf(found.nobody.slice(0, found[name].length)));
}

/** The cookies of so many people: the service reads only a few lists at a time for one of them. */
async function signedIn(
  service: { readonly url: string; api(path: string, body?: object): Promise<Record<string, unknown>> },
  count: number,
): Promise<string[]> {
  const members = Array.from({ length: count }, (_, index) => ({
    email: `looker-${index}@example.org`,
    member_name: `Looker ${index}`,
    role_ids: [1],
  }));
  const invited = (await service.api('/member/invite', { members }))['items'] as { member_id: number }[];
  return Promise.all(
    invited.map(async ({ member_id }) => {
      const link = String((await service.api('/session/link/create', { member_id }))['url']);
      const answer = await fetch(`${service.url}/session/link/redeem`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: service.url },
        body: JSON.stringify({ token: link.slice(link.indexOf('#') + 1) }),
      });
      const [cookie = ''] = answer.headers.getSetCookie()[0]?.split(';') ?? [];
      if (cookie === '') throw new Error(`the link was answered ${answer.status}: ${await answer.text()}`);
      return cookie;
    }),
  );
}
