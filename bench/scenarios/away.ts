import { setTimeout as sleep } from 'node:timers/promises';
import { aim, drained, type Bench, type Section } from '../bench.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin } from '../contestants/tocsin.ts';
import { fixed, percentile, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';
import { TcpProxy } from '../../test/support/tcp-proxy.ts';

const rate = 200;
const awayMs = 1_500;
/** Load before and after it. */
const besideSeconds = 3;
/** So many requests may wait for an answer at once. */
const connections = 1_024;

/** PostgreSQL cannot be reached for a moment under load: pushes wait, and none is refused. */
export async function away(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  let refused: number | undefined;
  try {
    const one = await measure(bench);
    refused = one.refused;
    rows.push([whole(one.sent), whole(one.refused), whole(one.delivered), fixed(one.longestMs / 1000)]);
  } catch (error) {
    missing.push(`postgres: ${reason(error)}`);
  }
  const seconds = awayMs / 1000;
  return {
    key: 'away',
    title: 'PostgreSQL away for a moment',
    about: `${whole(rate)} changes a second for ${whole(2 * besideSeconds + seconds)} s; in the middle every connection to PostgreSQL is cut and refused for ${fixed(seconds, 1)} s.`,
    columns: ['changes', 'refused', 'delivered', 'longest way to the receiver, s'],
    rows,
    missing,
    bars:
      refused === undefined
        ? []
        : [
            {
              promise: 'no push is refused while PostgreSQL is away for 1.5 s',
              measured: whole(refused),
              met: refused === 0,
            },
          ],
  };
}

async function measure(bench: Bench) {
  const { postgres } = bench;
  if (postgres === undefined) throw new Error('PostgreSQL was not started');
  const { proxy, url } = await TcpProxy.before(await postgres.fresh('away'));
  const through = { ...postgres, fresh: () => Promise.resolve(url) };
  const tocsin = await startTocsin('postgres', { postgres: through }, { name: 'away' });
  try {
    const { channelId, path } = await tocsin.source('Away');
    await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok', maxInFlight: 64 });
    await aim(bench, { ports: tocsin.ports, path }, connections);
    await bench.sink.call('reset', { timing: true });
    const load = bench.load.call<LoadResult>('openLoop', { rate, seconds: 2 * besideSeconds + awayMs / 1000 });
    await sleep(besideSeconds * 1000);
    proxy.cut();
    await sleep(awayMs);
    proxy.mend();
    const { sent, refused, accepted } = await load;
    const { count, latencies } = await drained(bench, accepted);
    return { sent, refused, delivered: count, longestMs: percentile(latencies, 1) / 1000 };
  } finally {
    await tocsin.stop();
    await proxy.close();
  }
}
