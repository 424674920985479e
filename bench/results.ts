import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Section } from './bench.ts';
import { scenarioKeys, type ScenarioKey } from './options.ts';
import { markdown } from './report.ts';

/** What one scenario found, and of what. */
export interface Result {
  /** Day of the run, `2026-01-31`. */
  readonly date: string;
  /** What of the project ran. */
  readonly revision: string;
  readonly command: string;
  /** Names and values: the machine, and the versions of all but the project. */
  readonly machine: readonly (readonly [string, string])[];
  readonly section: Section;
}

const folder = join(import.meta.dirname, 'results');
const page = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');

/** Keeps the result of a scenario in the place of the one before it. */
export async function keepResult(key: ScenarioKey, result: Result): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(key), `${JSON.stringify(result, null, 2)}\n`);
}

/** Writes the page anew, from the stored results of each scenario. */
export async function writePage(): Promise<void> {
  const results: Result[] = [];
  const missing: ScenarioKey[] = [];
  for (const key of scenarioKeys) {
    const text = await readFile(fileOf(key), 'utf8').catch(() => undefined);
    if (text === undefined) missing.push(key);
    else results.push(JSON.parse(text) as Result);
  }
  await writeFile(page, markdown(results, missing));
}

function fileOf(key: ScenarioKey): string {
  return join(folder, `${key}.json`);
}
