import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { systemTimers } from './timers.ts';

test('a delay that Node cannot hold, for which it would fire at once, does not', async () => {
  let fired = 0;
  const cancels = [2 ** 31, 30 * 86_400_000, Number.POSITIVE_INFINITY].map((delayMs) =>
    systemTimers.after(delayMs, () => (fired += 1)),
  );
  await sleep(20);
  for (const cancel of cancels) cancel();
  assert.equal(fired, 0);
  assert.throws(() => systemTimers.after(Number.NaN, () => {}), /needs a number/);
});

test('a delay that is over already fires at once, and not when it is cancelled', async () => {
  const fired: string[] = [];
  systemTimers.after(-5, () => fired.push('late'));
  systemTimers.after(-5, () => fired.push('cancelled'))();
  await sleep(20);
  assert.deepEqual(fired, ['late']);
});
