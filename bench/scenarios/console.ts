import { execFile } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bar, Bench, Section } from '../bench.ts';
import { fixed } from '../figures.ts';

const program = join(import.meta.dirname, '..', 'console', 'main.ts');

/** The console in a browser, by its budgets: in a separate process, since it is checked against what a browser has. */
export async function console({ options, say }: Bench): Promise<Section> {
  const load = fixed(loadavg()[0] ?? 0, 1);
  const running = promisify(execFile)(process.execPath, [program, '--json', ...(options.quick ? ['--quick'] : [])]);
  running.child.stderr?.on('data', (lines: Buffer) => say(lines.toString().trimEnd()));
  const { stdout } = await running;
  const bars = JSON.parse(stdout) as Bar[];
  return {
    key: 'console',
    title: 'The console',
    about: `In Chromium without a graphics card, at the real service. First page and empty page: each in a new browser context, until its rows are on the screen. Frames: what passes between two of them; the list is first read to its end, then scrolled from its top by 240 px a frame for five seconds. Heap, nodes and listeners: after a collection of garbage, before and after. Other work took ${load} of ${availableParallelism()} processors when it began: milliseconds and frames say little where that is not near 0.`,
    columns: ['budget', 'measured', 'met'],
    rows: bars.map(({ promise, measured, met }) => [promise, measured, met ? 'yes' : '**no**']),
    missing: [],
    bars,
  };
}
