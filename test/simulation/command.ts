import { parseArgs } from 'node:util';
import { sumOf } from './counts.ts';
import { mutants } from './mutant-list.ts';
import { sound } from './mutants.ts';
import { failureOf, simulate, type Report } from './run.ts';
import { openScratch } from './scratch.ts';

const usage = `npm run simulate -- --seed S | --seeds A..B [--mutant NAME] [--trace]

  --seed S      one run
  --seeds A..B  all runs from A to B
  --mutant NAME the service broken in this way: ${mutants.map(({ name }) => `"${name}"`).join(', ')}
  --trace       tells everything that happens
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    mutant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [first, last] = (values.seeds ?? `${values.seed}..${values.seed}`).split('..').map(Number);
  const variant = values.mutant === undefined ? sound : mutants.find(({ name }) => name === values.mutant);
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || variant === undefined || values.help) {
    say(usage);
    return values.help ? 0 : 2;
  }
  using scratch = await openScratch();
  const began = performance.now();
  const reports: Report[] = [];
  for (let seed = Number(first); seed <= Number(last); seed += 1) {
    const report = await simulate({ ...scratch, seed, variant, ...(values.trace ? { tell: say } : {}) });
    reports.push(report);
    if (report.violation !== undefined) say(failureOf(values.trace ? { ...report, lastLines: [] } : report));
  }
  const seconds = (performance.now() - began) / 1000;
  const failed = reports.filter(({ violation }) => violation !== undefined).length;
  const perSecond = Number((reports.length / seconds).toFixed(1));
  say(JSON.stringify({ seeds: reports.length, failed, perSecond, ...sumOf(reports.map(({ counts }) => counts)) }));
  return failed === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
