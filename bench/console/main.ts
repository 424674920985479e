/**
 * The console by its budgets, in a real browser at the real service: `node bench/console/main.ts`. Ratios are taken
 * within one run; milliseconds say something only on a machine that does nothing else.
 *
 *     --quick                                  small and short: shows that it works
 *     --only first-page,lists,hints,service    parts of it
 *     --json                                   the results for a program
 */
import { parseArgs } from 'node:util';
import type { Bar } from '../bench.ts';
import { barTable } from '../report.ts';
import { besideConsoles } from './service.ts';
import { firstPage } from './first-page.ts';
import { manyHints } from './hints.ts';
import { longLists } from './lists.ts';
import { startSetting } from './setting.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: 'first-page,lists,hints,service' },
  },
});
const { quick } = values;
const only = values.only.split(',');
const rows = quick ? 1_000 : 10_000;
const bars: Bar[] = [];

if (only.some((name) => name !== 'service')) {
  const setting = await startSetting(rows);
  try {
    await run('first-page', () => firstPage(setting, quick ? 2 : 9));
    await run('lists', () => longLists(setting, rows, quick ? 1 : 5));
    await run('hints', () => manyHints(setting, quick ? 5 : 60));
  } finally {
    await setting.stop();
  }
}
await run('service', () => besideConsoles(quick ? 1 : 6, quick ? 3 : 10));
process.stdout.write(values.json ? JSON.stringify(bars) : `${barTable(bars)}\n`);

async function run(name: string, part: () => Promise<Bar[]>): Promise<void> {
  if (!only.includes(name)) return;
  const found = await part();
  for (const { promise, measured } of found) process.stderr.write(`  ${promise}: ${measured}\n`);
  bars.push(...found);
}
