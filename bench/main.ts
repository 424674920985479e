import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProcesses, type Bar, type Bench, type Section } from './bench.ts';
import { reason } from './contestants/field.ts';
import { describeMachine, describeRevision } from './machine.ts';
import { readOptions, usage, type Options, type ScenarioKey } from './options.ts';
import { barTable, sectionText } from './report.ts';
import { keepResult, writePage, type Result } from './results.ts';
import { alone } from './scenarios/alone.ts';
import { away } from './scenarios/away.ts';
import { backlog } from './scenarios/backlog.ts';
import { console } from './scenarios/console.ts';
import { history } from './scenarios/history.ts';
import { hung } from './scenarios/hung.ts';
import { latency } from './scenarios/latency.ts';
import { misuse } from './scenarios/misuse.ts';
import { nodes } from './scenarios/nodes.ts';
import { outage } from './scenarios/outage.ts';
import { overloaded } from './scenarios/overload.ts';
import { kept } from './scenarios/kept.ts';
import { soak } from './scenarios/soak.ts';
import { storage } from './scenarios/storage.ts';
import { storm } from './scenarios/storm.ts';
import { fanOut, oneToOne } from './scenarios/throughput.ts';
import { startBenchPostgres, type BenchPostgres } from './servers/postgres.ts';

const folder = import.meta.dirname;

const scenarios: Readonly<Record<ScenarioKey, (bench: Bench) => Section | Promise<Section>>> = {
  'one-to-one': oneToOne,
  'fan-out': fanOut,
  latency,
  hung,
  outage,
  overload: overloaded,
  backlog,
  history,
  kept,
  nodes,
  soak,
  misuse,
  away,
  storm,
  storage,
  alone,
  console,
};

const options = optionsOf(process.argv.slice(2));
if (options?.pageOnly === true) await writePage();
else if (options !== undefined) await benchmark(options);

/** Undefined when there is nothing to run; why, it says itself. */
function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const found = readOptions(args);
    if (found === undefined) say(usage);
    return found;
  } catch (error) {
    say(reason(error));
    // Set only, the code would be lost: the package of PostgreSQL ends the process.
    process.exit(1);
  }
}

async function benchmark(options: Options): Promise<void> {
  const began = performance.now();
  await promisify(execFile)(process.execPath, ['build/server.ts', '--when-stale'], { cwd: join(folder, '..') });
  await installPeers();
  const postgres = await startBenchPostgres().catch((error: unknown) => {
    say(`PostgreSQL could not be started: ${reason(error)}`);
    return undefined;
  });
  const processes = await startProcesses();
  try {
    const bench: Bench = { options, postgres, say, ...processes };
    const bars: Bar[] = [];
    for (const key of options.only) {
      const start = performance.now();
      say(`\n${key}`);
      const section = await runScenario(bench, key);
      say(`\n${sectionText(section).slice(1).join('\n\n')}\n\n${key} took ${secondsSince(start)} s.`);
      bars.push(...section.bars);
      if (!options.keep) continue;
      await keepResult(key, await resultOf(section, postgres));
      await writePage();
    }
    if (bars.length > 0) say(`\n${barTable(bars)}`);
    say(
      `\n${options.keep ? 'Written to docs/benchmarks.md.' : 'Not kept: see --keep.'} It took ${secondsSince(began)} s.`,
    );
  } finally {
    await processes.load.stop();
    await processes.sink.stop();
    await postgres?.stop();
  }
}

async function resultOf(section: Section, postgres: BenchPostgres | undefined): Promise<Result> {
  const given = process.argv.slice(2).join(' ');
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: await describeRevision(),
    command: `npm run bench${given === '' ? '' : ` -- ${given}`}`,
    machine: await describeMachine(postgres),
    section,
  };
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 1000);
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

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
