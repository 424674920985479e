import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopPause } from '../../src/runtime/loop-meter.ts';
import type { Bar, Bench, Section, Seen } from '../bench.ts';
import { residentBytes } from '../child.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store } from '../contestants/tocsin.ts';
import { fixed, whole } from '../figures.ts';

/** The heap of the process, in megabytes. */
const heapMb = 512;
/** One piece of work may hold the event loop for so long, in processor time of its thread. */
const pauseMaxMs = 50;
/** How long nothing may come before what is missing is given up. */
const quietMaxMs = 60_000;
const pollMs = 1_000;

/** One push with many alerts, of which each goes to many webhooks, to a process with a small heap. */
export async function storm(bench: Bench): Promise<Section> {
  const { stormAlerts, stormWebhooks } = bench.options;
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  for (const store of bench.options.databases) {
    try {
      const { seen, owed, answerMs, drainMs, residentMb, pauses } = await measure(bench, store);
      const longest = Math.max(0, ...pauses);
      rows.push([
        store,
        whole(seen.count),
        fixed(answerMs / 1000, 1),
        fixed(drainMs / 1000, 0),
        whole(seen.count / (drainMs / 1000)),
        whole(residentMb),
        fixed(longest, 0),
        String(pauses.filter((ms) => ms > pauseMaxMs).length),
      ]);
      bars.push({
        promise: `${whole(owed)} deliveries of one push in a heap of ${heapMb} MB, ${store}`,
        measured: `${whole(seen.count)} arrived`,
        met: seen.count === owed,
      });
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'storm',
    title: `One push, ${whole(stormAlerts)} alerts to ${whole(stormWebhooks)} webhooks`,
    about: `By a process with \`--max-old-space-size=${heapMb}\`. Answer: until the push is answered, so all of it is durable. Pauses of the event loop by the processor time of its thread, garbage collection included; without the first push of a process.`,
    columns: [
      'database',
      'delivered',
      'answer, s',
      'delivered in, s',
      'pushes a second',
      'resident, MB',
      'longest pause, ms',
      `pauses above ${pauseMaxMs} ms`,
    ],
    rows,
    missing,
    bars,
  };
}

async function measure(bench: Bench, store: Store) {
  const { stormAlerts, stormWebhooks } = bench.options;
  const flags = [`--max-old-space-size=${heapMb}`, '--import', './test/support/watch-loop.ts'];
  const tocsin = await startTocsin(store, bench, { name: 'storm', flags });
  const { service } = tocsin;
  try {
    const { channelId, path } = await tocsin.source('Storm');
    await tocsin.webhooks(stormWebhooks, { channelId, sinkPort: bench.sinkPort, path: '/ok' });
    const owed = stormAlerts * stormWebhooks;
    await bench.sink.call('reset', { timing: false });
    // The first push pays for the first use of everything.
    await post(service.url + path, 'warm', 1);
    await arrived(bench, stormWebhooks, () => {});
    await bench.sink.call('reset', { timing: false });
    const lines = service.logs.length;
    const from = performance.now();
    let residentMb = 0;
    const look = async () => {
      residentMb = Math.max(residentMb, (await residentBytes(service.pid ?? 0)) / 1e6);
    };
    const answering = post(service.url + path, 'storm', stormAlerts).then(() => performance.now() - from);
    const [answerMs, seen] = await Promise.all([answering, arrived(bench, owed, look)]);
    const pauses = service.logs.slice(lines).filter((line) => line.startsWith('loop '));
    const held = pauses.map((line) => JSON.parse(line.slice(5)) as LoopPause);
    for (const one of held.toSorted((a, b) => b.cpuMs - a.cpuMs).slice(0, 5)) bench.say(`  ${JSON.stringify(one)}`);
    return {
      seen,
      owed,
      answerMs,
      drainMs: performance.now() - from,
      residentMb,
      pauses: held.map(({ ms, cpuMs }) => Math.min(ms, cpuMs)),
    };
  } finally {
    await tocsin.stop();
  }
}

/** Waits until so many have come, or none comes any more. */
async function arrived({ sink, say }: Bench, wanted: number, look: () => void | Promise<void>): Promise<Seen> {
  let [last, since, told] = [-1, performance.now(), 0];
  for (;;) {
    const seen = await sink.call<Seen>('read');
    await look();
    const now = performance.now();
    if (seen.count >= wanted || now - since > quietMaxMs) return seen;
    if (seen.count !== last) [last, since] = [seen.count, now];
    if (now - told > 30_000) {
      say(`  ${whole(seen.count)} of ${whole(wanted)}`);
      told = now;
    }
    await sleep(wanted < 10_000 ? 20 : pollMs);
  }
}

async function post(url: string, name: string, count: number): Promise<void> {
  const alerts = Array.from({ length: count }, (_, index) => ({
    status: 'firing',
    labels: { alertname: `Disk full ${name}`, instance: `host-${index}:9100`, severity: 'critical', zone: 'eu-1' },
    annotations: { summary: `Less than 5 % of the disk is left on host-${index}`, description: 'x'.repeat(200) },
    startsAt: new Date().toISOString(),
    fingerprint: `${name}-${index}`,
  }));
  const body = JSON.stringify({ version: '4', status: 'firing', receiver: 'bench', groupLabels: {}, alerts });
  // Unlike `fetch`, it waits for the answer as long as that takes.
  const status = await new Promise<number>((resolve, reject) => {
    const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', reject);
    call.end(body);
  });
  if (status !== 200) throw new Error(`the push was answered ${status}`);
}
