import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accepted, aim, drained, startProcesses, type Bench } from './bench.ts';
import { concurrency } from './contestants/contestant.ts';
import { startTocsin, type Store } from './contestants/tocsin.ts';
import { fixed, whole } from './figures.ts';
import { temporaryFolder } from '../test/counterparts/program.ts';
import type { LoadResult } from './programs/load.ts';
import { readOptions } from './options.ts';
import { startBenchPostgres } from './servers/postgres.ts';

/*
 * Where the service spends its time: `node bench/profile.ts [webhooks of each change = 1] [seconds = 5] [sqlite|postgres]`.
 * Prints the functions with the most self time, per push.
 */

const shown = 45;
const root = join(import.meta.dirname, '..');

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Microseconds of the monotonic clock, as everywhere here. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const [fanOut = '1', seconds = '5', store = 'sqlite'] = process.argv.slice(2);
await profile(Number(fanOut), Number(seconds), store as Store);

async function profile(webhooks: number, length: number, on: Store): Promise<void> {
  const options = readOptions(['--quick']);
  if (options === undefined) throw new Error('no options');
  const folder = await temporaryFolder('bench-profile');
  const postgres = on === 'postgres' ? await startBenchPostgres() : undefined;
  const processes = await startProcesses();
  const bench: Bench = { options, postgres, say: print, ...processes };
  const nodeFlags = ['--cpu-prof', `--cpu-prof-dir=${folder.path}`, '--cpu-prof-interval=500'];
  const tocsin = await startTocsin(on, { postgres, nodeFlags });
  try {
    const { channelId, path } = await tocsin.source('Profile');
    const { sinkPort } = bench;
    const more = webhooks === 1 ? { maxInFlight: concurrency } : {};
    await tocsin.webhooks(webhooks, { channelId, sinkPort, path: '/ok', ...more });
    await aim(bench, { ports: tocsin.ports, path }, concurrency);
    bench.window.perChange = webhooks;
    await bench.sink.call('tell', { on: true });
    await bench.sink.call('reset', { timing: false });
    const window = Math.max(concurrency, Math.ceil(5_000 / webhooks));
    const warm = await bench.load.call<LoadResult>('closedLoop', { seconds: length / 2, window });
    await drained(bench, accepted(warm) * webhooks);
    await bench.sink.call('reset', { timing: false });
    const before = await cpuMicroseconds(tocsin.service.pid);
    const result = await bench.load.call<LoadResult>('closedLoop', { seconds: length, window });
    const seen = await drained(bench, accepted(result) * webhooks);
    const used = (await cpuMicroseconds(tocsin.service.pid)) - before;
    const took = seen.lastAt - result.startedAt;
    print(
      `${whole(seen.count)} pushes, ${whole(seen.count / (took / 1e6))} a second; ${fixed(used / seen.count, 1)} µs of CPU each`,
    );
    await tocsin.stop();
    print(await topFunctions(folder.path, seen.count, result.startedAt, seen.lastAt));
  } finally {
    await processes.load.stop();
    await processes.sink.stop();
    await postgres?.stop();
    await folder.remove();
  }
}

/** Of the whole process, its threads included. The kernel counts in hundredths of a second. */
async function cpuMicroseconds(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Of the time between two moments, so that the start and the warming up are left out. */
async function topFunctions(folder: string, pushes: number, from: number, until: number): Promise<string> {
  const [file = ''] = await readdir(folder);
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile;
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const own = new Map<string, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    if (at < from || at > until) continue;
    const name = names.get(id) ?? '';
    own.set(name, (own.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const busy = [...own].filter(([name]) => !name.startsWith('(idle)'));
  const total = busy.reduce((sum, [, time]) => sum + time, 0);
  return busy
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, shown)
    .map(
      ([name, time]) =>
        `${fixed((time / total) * 100, 1).padStart(5)} %  ${fixed(time / pushes, 1).padStart(6)} µs  ${name}`,
    )
    .join('\n');
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  return `${functionName || '(anonymous)'} ${place}${place === '' ? '' : `:${lineNumber + 1}`}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
