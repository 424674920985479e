import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LargePushRest, restMaxMs } from './large-push-rest.ts';

test('a large push rests as long as its part took, while another integration pushes', async () => {
  const { rest, rested, clock } = resting();
  rest.heard(1);
  await rest.after(1, 7);
  assert.deepEqual(rested, [], 'nobody else pushes');
  rest.heard(2);
  await rest.after(1, 7);
  rest.heard(1);
  await rest.after(1, 9);
  await rest.after(1, 500);
  assert.deepEqual(rested, [7, 9, restMaxMs]);
  clock.now += 1_001;
  await rest.after(1, 7);
  assert.equal(rested.length, 3, 'the other one has been silent for a second');
  rest.heard(2);
  await rest.after(2, 5);
  assert.equal(rested.length, 3, 'the large one has been silent as long');
});

function resting() {
  const rested: number[] = [];
  const clock = { now: 5_000, monotonic: () => clock.now };
  const timers = {
    after(delayMs: number, work: () => void) {
      rested.push(delayMs);
      work();
      return () => {};
    },
  };
  return { rest: new LargePushRest({ clock, timers }), rested, clock };
}
