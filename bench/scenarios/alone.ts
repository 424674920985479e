import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/counterparts/program.ts';
import { accepted, aim, drained, type Bar, type Bench, type Section } from '../bench.ts';
import { alive, endProcess, endsWithUs, processorSeconds, residentBytes } from '../child.ts';
import { writtenBytes } from '../disk.ts';
import { concurrency } from '../contestants/contestant.ts';
import { reason } from '../contestants/field.ts';
import { startTocsin, type Store, type Tocsin } from '../contestants/tocsin.ts';
import { fixed, median, whole } from '../figures.ts';
import type { LoadResult } from '../programs/load.ts';
import { query } from '../servers/postgres.ts';

const warmSeconds = 2;
/** Changes a second while the written bytes are counted, so that nearly each has a separate commit. */
const quietRate = 200;
const windowPushes = 5_000;
const starts = 5;
const answerPollMs = 2;
const answerMaxMs = 30_000;

/** The most of each figure. Processor: all processes of the service and of its database. */
const most = {
  sqlite: { processorMs: 0.25, writtenKb: 60, residentMb: 250, worstMs: 248, startMs: 250 },
  postgres: { processorMs: 0.45, writtenKb: 40, residentMb: 250, worstMs: 248, startMs: 250 },
} as const satisfies Record<Store, Figures>;
/** Of an empty HTTP server of Node in the same run. */
const startRatioMax = 6;

interface Figures {
  readonly processorMs: number;
  readonly writtenKb: number;
  readonly residentMb: number;
  readonly worstMs: number;
  readonly startMs: number;
}

const promises: Readonly<Record<keyof Figures, string>> = {
  processorMs: 'processor time of a push at full load, ms',
  writtenKb: `kB that the disk took for a push at ${quietRate} a second`,
  residentMb: 'resident at full load, MB',
  worstMs: 'the worst from the report to the receiver at full load, ms',
  startMs: 'from kill -9 to the first answer, ms',
};

/** What this service costs, whatever others do. */
export async function alone(bench: Bench): Promise<Section> {
  const rows: string[][] = [];
  const missing: string[] = [];
  const bars: Bar[] = [];
  const empty = await timesOfStarts(startEmptyServer);
  for (const store of bench.options.databases) {
    try {
      const found = await figuresOf(bench, store);
      const names = Object.keys(promises) as (keyof Figures)[];
      const ratio = found.startMs / median(empty);
      rows.push([store, ...names.map((name) => fixed(found[name])), fixed(ratio)]);
      for (const name of names) {
        const promise = `${store}: ${promises[name]}, at most ${most[store][name]}`;
        bars.push({ promise, measured: fixed(found[name]), met: found[name] <= most[store][name] });
      }
      const promise = `${store}: a start takes at most ${startRatioMax} times that of an empty HTTP server`;
      bars.push({ promise, measured: `${fixed(ratio)} times`, met: ratio <= startRatioMax });
    } catch (error) {
      missing.push(`${store}: ${reason(error)}`);
    }
  }
  return {
    key: 'alone',
    title: 'The service alone',
    about: `One webhook. The written bytes come first, on an empty database. At full load ${concurrency} senders press for ${bench.options.seconds} s with at most ${whole(windowPushes)} pushes on their way. Processor time is that of the service and, on PostgreSQL, of the server's processes. Written bytes are the sectors that the disk took meanwhile, with the journal of its file system and with whatever else writes on the machine; the counters of the processes do not serve, because a page cache in large pieces counts a whole piece, up to 2 MB, for a commit of 8 kB that is written into it. Starts are the median of ${starts}, on the database that the load has left.`,
    columns: ['database', ...Object.values(promises), 'of an empty server'],
    rows,
    missing,
    bars,
  };
}

async function figuresOf(bench: Bench, store: Store): Promise<Figures> {
  const tocsin = await startTocsin(store, bench, { name: 'alone' });
  try {
    const { channelId, path } = await tocsin.source('Alone');
    await tocsin.webhooks(1, { channelId, sinkPort: bench.sinkPort, path: '/ok', maxInFlight: concurrency });
    await aim(bench, { ports: tocsin.ports, path }, concurrency);
    await drip(bench, warmSeconds);
    // Before the full load, whose pages the database and the search would still be writing.
    const before = await writtenBytes(tmpdir());
    const quiet = await drip(bench, bench.options.seconds);
    const written = (await writtenBytes(tmpdir())) - before;
    await press(bench, warmSeconds);
    const loaded = await spent(tocsin, () => press(bench, bench.options.seconds));
    const residentMb = (await residentBytes(tocsin.service.pid)) / 1e6;
    const startMs = median(
      await timesOfStarts(async () => {
        await tocsin.service.kill('SIGKILL');
        return { url: tocsin.service.url, started: tocsin.service.restart(), stop: () => Promise.resolve() };
      }),
    );
    return {
      processorMs: (loaded.processorSeconds * 1000) / loaded.pushes,
      writtenKb: written / quiet.pushes / 1000,
      residentMb,
      worstMs: loaded.worstMs,
      startMs,
    };
  } finally {
    await tocsin.stop();
  }
}

interface Load {
  readonly pushes: number;
  readonly worstMs: number;
}

async function press(bench: Bench, seconds: number): Promise<Load> {
  await bench.sink.call('reset', { timing: true });
  bench.window.perChange = 1;
  await bench.sink.call('tell', { on: true });
  const load = await arrived(bench, bench.load.call<LoadResult>('closedLoop', { seconds, window: windowPushes }));
  await bench.sink.call('tell', { on: false });
  return load;
}

async function drip(bench: Bench, seconds: number): Promise<Load> {
  await bench.sink.call('reset', { timing: true });
  return arrived(bench, bench.load.call<LoadResult>('openLoop', { rate: quietRate, seconds }));
}

async function arrived(bench: Bench, load: Promise<LoadResult>): Promise<Load> {
  const owed = accepted(await load);
  const { count, latencies } = await drained(bench, owed);
  if (count < owed) throw new Error(`${owed - count} of ${owed} did not come`);
  return { pushes: count, worstMs: latencies.reduce((worst, one) => Math.max(worst, one), 0) / 1000 };
}

async function spent(tocsin: Tocsin, work: () => Promise<Load>) {
  const pids = [tocsin.service.pid ?? 0, ...(await processesOf(tocsin.databaseUrl))];
  const sum = async (): Promise<number> =>
    (await Promise.all(pids.map(processorSeconds))).reduce((total, one) => total + one, 0);
  const before = await sum();
  const load = await work();
  return { ...load, processorSeconds: (await sum()) - before };
}

/** Of the PostgreSQL server: none for SQLite. */
async function processesOf(databaseUrl: string): Promise<number[]> {
  if (databaseUrl === '') return [];
  return (await query(databaseUrl, 'select pid from pg_stat_activity')).map(({ pid }) => Number(pid));
}

interface Starting {
  readonly url: string;
  /** Resolves when it has started by its own account. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

/** @returns milliseconds from each start to its first answer. */
async function timesOfStarts(start: () => Promise<Starting>): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < starts; round += 1) {
    const { url, started, stop } = await start();
    const began = performance.now();
    started.catch(() => {});
    while (!(await answers(url))) {
      if (performance.now() - began > answerMaxMs) throw new Error(`no answer within ${answerMaxMs} ms of a start`);
      await sleep(answerPollMs);
    }
    times.push(performance.now() - began);
    await started;
    await stop();
  }
  return times;
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    async (answer) => {
      await answer.arrayBuffer();
      return true;
    },
    () => false,
  );
}

async function startEmptyServer(): Promise<Starting> {
  const port = await freePort();
  const program = `require('node:http').createServer((_, answer) => answer.end()).listen(${port}, '127.0.0.1')`;
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  endsWithUs(() => alive(child));
  return { url: `http://127.0.0.1:${port}`, started: Promise.resolve(), stop: () => endProcess(child) };
}
