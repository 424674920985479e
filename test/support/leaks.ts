import { after } from 'node:test';

/** How long what a file's tests opened may take to close after the last of them. */
const closingMaxMs = 30_000;

// Preloaded into each test file's process. Without it, a file that leaves a socket or a timer open would run for ever:
// the runner's time limit is per test, and the tests have passed by then.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  after(() => {
    const giveUp = setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      process.stderr.write(`the tests of this file have ended, but something they opened is still open: ${open}\n`);
      process.exit(1);
    }, closingMaxMs);
    giveUp.unref();
  });
}
