import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Periodic } from './periodic.ts';
import type { Timers } from './timers.ts';

interface Waiting {
  readonly delayMs: number;
  readonly work: () => void;
}

/** Timers that the test fires by hand; the delays that are waiting, in order. */
function handTimers() {
  const waiting: Waiting[] = [];
  const timers: Timers = {
    after(delayMs, work) {
      const entry = { delayMs, work };
      waiting.push(entry);
      return () => void (waiting.includes(entry) && waiting.splice(waiting.indexOf(entry), 1));
    },
    soon: () => assert.fail('no use'),
  };
  return { timers, waiting, fire: () => waiting.shift()?.work() };
}

/** Lets promises that are settled go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('each run says when the next one follows', async () => {
  const { timers, waiting, fire } = handTimers();
  const delays = [100, 5, undefined];
  let runs = 0;
  const periodic = new Periodic(timers, 'work', async () => delays[runs++]);
  periodic.start();
  assert.equal(runs, 1);
  await settled();
  assert.deepEqual(
    waiting.map((one) => one.delayMs),
    [100],
  );
  fire();
  await settled();
  assert.deepEqual(
    waiting.map((one) => one.delayMs),
    [5],
  );
  fire();
  await settled();
  assert.deepEqual([runs, waiting.length], [3, 0]);
  periodic.runIn(7);
  assert.deepEqual(
    waiting.map((one) => one.delayMs),
    [7],
  );
});

test('a run can be moved, never begins beside another one, and stopping waits for it', async () => {
  const { timers, waiting, fire } = handTimers();
  let finish = () => {};
  let runs = 0;
  const periodic = new Periodic(timers, 'work', async () => {
    runs += 1;
    await new Promise<void>((resolve) => (finish = resolve));
    return 50;
  });
  periodic.runIn(1);
  assert.equal(waiting.length, 0, 'nothing runs before it is started');
  periodic.start(20);
  periodic.runIn(3);
  assert.deepEqual(
    waiting.map((one) => one.delayMs),
    [3],
  );
  fire();
  periodic.runIn(0);
  assert.deepEqual([runs, waiting.length], [1, 0]);
  let stopped = false;
  const stopping = periodic.stop().then(() => (stopped = true));
  await settled();
  assert.equal(stopped, false);
  finish();
  await stopping;
  assert.deepEqual([runs, waiting.length], [1, 0]);
});
