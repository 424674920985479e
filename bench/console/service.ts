import type { Bar, Bench } from '../bench.ts';
import { accepted, aim, drained, startProcesses } from '../bench.ts';
import { startChild } from '../child.ts';
import { startTocsin } from '../contestants/tocsin.ts';
import { fixed, median, percentile, ratios, spread } from '../figures.ts';
import { readOptions } from '../options.ts';
import type { LoadResult } from '../programs/load.ts';

const consoles = 20;
const changesPerSecond = 50;
const connections = 32;
const ratioMax = 1.05;

/**
 * From a change to its arrival at the receiver, with so many consoles that look at it and with none, in turns. The
 * browser has the lowest priority, since it usually runs on other machines.
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
  const browser = await startChild('../console/visitors');
  stack.defer(() => browser.stop());
  const { service } = tocsin;
  await browser.call('start', { url: service.url, link: await signInLink(service) });
  const measure = async (): Promise<number> => {
    await aim(bench, { ports: tocsin.ports, path }, connections);
    await bench.sink.call('reset', { timing: true });
    const owed = accepted(await bench.load.call<LoadResult>('openLoop', { rate: changesPerSecond, seconds }));
    const { count, latencies } = await drained(bench, owed);
    if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
    return percentile(latencies, 0.5) / 1000;
  };
  const [without, beside]: [number[], number[]] = [[], []];
  // The first round pays for the first use of everything.
  for (let round = 0; round <= rounds; round += 1) {
    for (const count of round % 2 === 0 ? [0, consoles] : [consoles, 0]) {
      await browser.call('open', { count });
      const ms = await measure();
      if (round > 0) (count === 0 ? without : beside).push(ms);
    }
  }
  const requests = await browser.call<number>('requests');
  const all = ratios(beside, without);
  return [
    {
      promise: `median from change to receiver with ${consoles} consoles open at most ${ratioMax} of that with none, ${changesPerSecond} changes a second`,
      measured:
        `${fixed(median(all))} (${spread(all, fixed)}): ${fixed(median(beside))} and ${fixed(median(without))} ms; ` +
        `${fixed(requests / ((rounds + 1) * seconds), 0)} requests a second`,
      met: median(all) <= ratioMax,
    },
  ];
}

async function signInLink(service: {
  api(path: string, body?: object): Promise<Record<string, unknown>>;
}): Promise<string> {
  const invited = await service.api('/member/invite', {
    members: [{ email: 'looker@example.org', member_name: 'Looker', role_ids: [1] }],
  });
  const id = (invited['items'] as { member_id: number }[])[0]?.member_id;
  return String((await service.api('/session/link/create', { member_id: id }))['url']);
}
