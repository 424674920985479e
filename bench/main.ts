import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProcesses, type Bench, type Section } from './bench.ts';
import { reason } from './contestants/field.ts';
import { describeMachine } from './machine.ts';
import { readOptions, usage, type Options, type ScenarioKey } from './options.ts';
import { barTable, markdown, sectionText } from './report.ts';
import { backlog } from './scenarios/backlog.ts';
import { history } from './scenarios/history.ts';
import { hung } from './scenarios/hung.ts';
import { latency } from './scenarios/latency.ts';
import { nodes } from './scenarios/nodes.ts';
import { outage } from './scenarios/outage.ts';
import { fanOut, oneToOne } from './scenarios/throughput.ts';
import { startBenchPostgres } from './servers/postgres.ts';

const folder = import.meta.dirname;

const scenarios: Readonly<Record<ScenarioKey, (bench: Bench) => Section | Promise<Section>>> = {
  'one-to-one': oneToOne,
  'fan-out': fanOut,
  latency,
  hung,
  outage,
  backlog,
  history,
  nodes,
};

const options = readOptions(process.argv.slice(2));
if (options === undefined) say(usage);
else await benchmark(options);

async function benchmark(options: Options): Promise<void> {
  const began = performance.now();
  await installPeers();
  const postgres = await startBenchPostgres().catch((error: unknown) => {
    say(`PostgreSQL could not be started: ${reason(error)}`);
    return undefined;
  });
  const processes = await startProcesses();
  try {
    const bench: Bench = { options, postgres, say, ...processes };
    const sections: Section[] = [];
    for (const key of options.only) {
      say(`\n${key}`);
      const section = await runScenario(bench, key);
      say(`\n${sectionText(section).slice(1).join('\n\n')}`);
      sections.push(section);
    }
    const bars = sections.flatMap((section) => section.bars);
    if (bars.length > 0) say(`\n${barTable(bars)}`);
    await keep(options, sections, await describeMachine(postgres));
    say(`\nIt took ${Math.round((performance.now() - began) / 1000)} s.`);
  } finally {
    await processes.load.stop();
    await processes.sink.stop();
    await postgres?.stop();
  }
}

/** A scenario that fails as a whole is a row that says why, so that the others are not lost. */
async function runScenario(bench: Bench, key: ScenarioKey): Promise<Section> {
  try {
    return await scenarios[key](bench);
  } catch (error) {
    return { key, title: key, about: '', columns: [], rows: [], missing: [`${key}: ${reason(error)}`], bars: [] };
  }
}

/**
 * They are no part of the product, so they come at the first run, in the versions of this folder's lock file. Not by
 * `npm ci`: it insists on optional packages of every platform, which not every registry has.
 */
async function installPeers(): Promise<void> {
  if (existsSync(join(folder, 'node_modules'))) return;
  say('installing the peers: npm install in bench/');
  await promisify(execFile)('npm', ['install', '--no-workspaces', '--no-save'], {
    cwd: folder,
    shell: process.platform === 'win32',
  }).catch((error: unknown) => say(`the peers could not be installed: ${reason(error)}`));
}

async function keep(options: Options, sections: readonly Section[], machine: [string, string][]): Promise<void> {
  const date = new Date().toISOString();
  const given = process.argv.slice(2).join(' ');
  const report = {
    date: date.slice(0, 10),
    command: `npm run bench${given === '' ? '' : ` -- ${given}`}`,
    machine,
    sections,
  };
  const results = join(folder, 'results');
  await mkdir(results, { recursive: true });
  const name = date.replaceAll(':', '-').slice(0, 19);
  await writeFile(join(results, `${name}.json`), `${JSON.stringify({ ...report, options }, null, 2)}\n`);
  await writeFile(join(results, `${name}.md`), markdown(report));
  if (options.docs) await writeFile(join(folder, '..', 'docs', 'benchmarks.md'), markdown(report));
  say(`\nWritten: bench/results/${name}.json and .md${options.docs ? ', docs/benchmarks.md' : ''}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
