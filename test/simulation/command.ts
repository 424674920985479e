import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { noCounts, sumOf } from './counts.ts';
import { WorkerPool } from './worker-pool.ts';
import { explore } from './exploration.ts';
import { mutants, variantOf } from './mutant-list.ts';
import { commandFor, failureOf, simulate, type Report } from './run.ts';
import { openScratch } from './scratch.ts';
import { departuresIn } from './script.ts';
import { commandForTiny, runTiny, tinyWorlds } from './tiny.ts';

const usage = `npm run simulate -- --seeds A..B [--workers N] [--mutant NAME]
npm run simulate -- --seed S [--trace] [--mutant NAME]
npm run simulate -- --explore [--departures N] [--runs N] [--workers N] [--mutant NAME]
npm run simulate -- --tiny NAME [--at P:W,…] [--trace] [--mutant NAME]

  --seeds A..B    all runs from A to B
  --seed S        one run
  --explore       tiny worlds, in every way that departs from the usual in few places
  --departures N  … in so many places at most; 2 unless said otherwise
  --runs N        … and so many runs of each world at most; 20000 unless said otherwise
  --tiny NAME     one run of a tiny world: ${tinyWorlds.map(({ name }) => `"${name}"`).join(', ')}
  --at P:W,…      … that goes the way W at the place P
  --workers N     so many runs beside each other; as many as there are cores unless said otherwise
  --trace         tells everything that happens
  --mutant NAME   the service broken in this way: ${mutants.map(({ name }) => `"${name}"`).join(', ')}

The first Ctrl-C ends it after the runs that are under way, with the sum of these runs.
`;

const workersMax = 256;
/** Runs between two lines that say how far it has got. */
const progressEvery = 2_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    explore: { type: 'boolean', default: false },
    departures: { type: 'string', default: '2' },
    runs: { type: 'string', default: '20000' },
    tiny: { type: 'string' },
    at: { type: 'string', default: '' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const { mutant } = values;
const began = performance.now();
/** The commands that show the failed runs again. */
const failed: string[] = [];
let [done, totals, stopped] = [0, noCounts, false];

process.exitCode = await main();

/** @returns the exit code: 0 when everything holds, 1 when a run failed, 2 for a wrong command, 130 when it was stopped. */
async function main(): Promise<number> {
  if (values.help) return explain(0);
  if (mutant !== undefined && !mutants.some(({ name }) => name === mutant)) return explain(2);
  const [first, last, ...rest] = (values.seeds ?? '').split('..').map(whole);
  const [seed, workers] = [whole(values.seed), whole(values.workers) ?? 0];
  const tiny = tinyWorlds.find(({ name }) => name === values.tiny);
  if (workers < 1 || workers > workersMax) return explain(2);
  if (values.explore) await exploreAll(workers);
  else if (tiny !== undefined) await runOneTiny(tiny);
  else if (seed !== undefined) await runOne(seed);
  else if (first !== undefined && last !== undefined && rest.length === 0) await runAll(first, last, workers);
  else return explain(2);
  for (const command of failed) say(command);
  const perSecond = Number((done / ((performance.now() - began) / 1000)).toFixed(1));
  const what = values.explore ? 'runs' : 'seeds';
  say(JSON.stringify({ [what]: done, failed: failed.length, perSecond, ...totals }));
  return failed.length > 0 ? 1 : stopped ? 130 : 0;
}

async function runAll(first: number, last: number, workers: number): Promise<void> {
  await using crew = new WorkerPool(workers);
  using _ = stoppable();
  let next = first;
  const work = async () => {
    while (next <= last) {
      if (stopped) return;
      next += 1;
      const report = await crew.run({ seed: next - 1, mutant });
      tally(report, commandFor(report.seed), `of ${last - first + 1}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

async function exploreAll(workers: number): Promise<void> {
  await using crew = new WorkerPool(workers);
  using _ = stoppable();
  for (const tiny of tinyWorlds) {
    if (stopped) return;
    const explored = await explore({
      departuresMax: whole(values.departures) ?? 0,
      runsMax: whole(values.runs) ?? 0,
      beside: workers,
      run: async (departures) => crew.runTiny({ tiny, departures, mutant }),
      ran(report, departures) {
        tally(report, commandForTiny(tiny, departures), `"${tiny.name}"`);
        return !stopped;
      },
    });
    say(JSON.stringify({ world: tiny.name, ...explored }));
  }
}

async function runOne(seed: number): Promise<void> {
  const report = await simulate({ ...(await openScratch()), seed, variant: variantOf(mutant), ...telling() });
  tally(report, commandFor(seed));
}

async function runOneTiny(tiny: (typeof tinyWorlds)[number]): Promise<void> {
  const departures = departuresIn(values.at);
  const scratch = await openScratch();
  const { report } = await runTiny({ ...scratch, tiny, departures, variant: variantOf(mutant), ...telling() });
  tally(report, commandForTiny(tiny, departures));
}

function tally(report: Report, command: string, of = ''): void {
  done += 1;
  totals = sumOf([totals, report.counts]);
  if (report.violation !== undefined) {
    failed.push(mutant === undefined ? command : `${command} --mutant '${mutant}'`);
    say(failureOf(values.trace ? { ...report, lastLines: [] } : report, command));
  }
  if (done % progressEvery > 0) return;
  const perSecond = (done / ((performance.now() - began) / 1000)).toFixed(1);
  process.stderr.write(`${done} ${of}: ${perSecond} per second, ${failed.length} failed\n`);
}

function stoppable(): Disposable {
  const stop = () => {
    process.stderr.write('ends after the runs that are under way; once more ends it at once\n');
    stopped = true;
  };
  process.once('SIGINT', stop);
  return { [Symbol.dispose]: () => process.off('SIGINT', stop) };
}

function telling() {
  return values.trace ? { tell: say } : {};
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function explain(code: number): number {
  say(usage);
  return code;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
