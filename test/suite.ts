import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run, type RunOptions } from 'node:test';
import { spec } from 'node:test/reporters';

/*
 * Runs the tests of a set, which its argument names, the files in an order that leaves no core idle. The command line of
 * Node sorts them by their names, with those last that wait the most.
 */

interface TestSet {
  readonly patterns: readonly string[];
  /** They wait for processes and for real programs, so they run beside tests that compute. */
  readonly first: readonly string[];
  /** They have a thread for each core. */
  readonly last: readonly string[];
}

const besideSource = ['src/**/*.test.ts', 'receiver/src/**/*.test.ts', 'console/src/**/*.test.ts'];
const sets: Readonly<Record<string, TestSet>> = {
  unit: { patterns: besideSource, first: [], last: [] },
  fast: {
    patterns: [...besideSource, 'test/*.test.ts', 'test/acceptance/!(several-nodes|outage).test.ts'],
    first: ['test/acceptance/rule-servers.test.ts'],
    last: [],
  },
  all: {
    patterns: [...besideSource, 'test/**/*.test.ts'],
    first: ['test/torture/kill.test.ts', 'test/torture/crash-points.test.ts'],
    last: ['test/simulation/simulation.test.ts'],
  },
};

const root = join(import.meta.dirname, '..');
const filesAtATime = 3;
/** For one test that says nothing else. */
const testMaxMs = 120_000;

const chosen = sets[process.argv[2] ?? 'all'];
if (chosen === undefined) throw new Error(`one of ${Object.keys(sets).join(', ')}`);
const { patterns, first, last } = chosen;
const found = globSync(patterns, { cwd: root }).sort();
for (const one of [...first, ...last]) if (!found.includes(one)) throw new Error(`there is no ${one}`);
const others = found.filter((one) => !first.includes(one) && !last.includes(one));

// A run that ends without its summary has failed.
process.exitCode = 1;
/** The types of Node do not know all that it takes. */
const options: RunOptions & { readonly globalSetupPath: string } = {
  cwd: root,
  files: [...first, ...others, ...last].map((file) => join(root, file)),
  concurrency: filesAtATime,
  timeout: testMaxMs,
  execArgv: ['--import', join(root, 'test/support/leaks.ts')],
  globalSetupPath: join(root, 'test/support/global-setup.ts'),
};
const stream = run(options);
let failures = 0;
// The summary calls a run a success in which only a test within a suite has failed.
stream.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) failures += 1;
});
stream.on('test:summary', ({ file, success }) => {
  if (file === undefined && success && failures === 0) process.exitCode = 0;
});
stream.compose(new spec()).pipe(process.stdout);
