import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants } from './mutant-list.ts';
import { sound } from './mutants.ts';
import { simulate, type Report } from './run.ts';
import { makeTemplate } from './service.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    mutant: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [first, last] = rangeOf();
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(base, 'tocsin-simulation-'));
  try {
    const template = join(folder, 'template.db');
    const place = await makeTemplate(template);
    const variant = mutants.find((mutant) => mutant.name === values.mutant) ?? sound;
    const totals = new Map<string, number>();
    const began = performance.now();
    let failed = 0;
    for (let seed = first; seed <= last; seed += 1) {
      const tell = values.trace ? { tell: say } : {};
      const report = await simulate({ seed, folder, template, place, variant, ...tell });
      for (const [name, count] of Object.entries(report.counts)) totals.set(name, (totals.get(name) ?? 0) + count);
      if (report.violation === undefined) continue;
      failed += 1;
      say(failureOf(report));
    }
    const seconds = (performance.now() - began) / 1000;
    say(JSON.stringify({ seeds: last - first + 1, failed, seconds, ...Object.fromEntries(totals) }));
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rangeOf(): [number, number] {
  const [from = '1', to = from] = (values.seeds ?? values.seed ?? '1').split('..');
  return [Number(from), Number(to)];
}

function failureOf({ seed, violation, lastLines }: Report): string {
  const lines = values.trace ? [] : lastLines.map((line) => `  ${line.slice(0, 400)}`);
  return [`seed ${seed}: ${violation?.id}: ${violation?.message}`, ...lines, `npm run simulate -- --seed ${seed}`].join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
