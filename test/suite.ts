import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run, type RunOptions } from 'node:test';
import { spec } from 'node:test/reporters';

/*
 * Runs every test, the files in an order that leaves no core idle. The command line of Node sorts them by their names,
 * with those last that wait the most.
 */

const root = join(import.meta.dirname, '..');
const filesAtATime = 3;
/** For one test that says nothing else. */
const testMaxMs = 120_000;

const patterns = ['src/**/*.test.ts', 'receiver/src/**/*.test.ts', 'console/src/**/*.test.ts', 'test/**/*.test.ts'];
/** Processes die in them and start again for a minute and a half: they run beside tests that compute. */
const first = ['test/torture/kill.test.ts', 'test/torture/crash-points.test.ts'];
/** It has a thread for each core. */
const last = ['test/simulation/simulation.test.ts'];

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
stream.on('test:summary', ({ file, success }) => {
  if (file === undefined && success) process.exitCode = 0;
});
stream.compose(new spec()).pipe(process.stdout);
