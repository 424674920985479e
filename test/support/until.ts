import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 20;
/** How long anything may take, also on a machine that is busy with other things. */
const waitMaxMs = 40_000;

/** Resolves as soon as it is so; fails when it does not come to that. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + waitMaxMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, 'it did not come to that');
    await sleep(pollMs);
  }
}
