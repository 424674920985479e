import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LargePushRest, restMaxMs, restOfPushMaxMs } from './large-push-rest.ts';

test('a large push rests as long as its part took, while another integration pushes', async () => {
  const { rest, rested, clock } = resting();
  const after = rest.ofPush(1);
  rest.heard(1);
  await after(7);
  assert.deepEqual(rested, [], 'nobody else pushes');
  rest.heard(2);
  await after(7);
  rest.heard(1);
  await after(9);
  await after(500);
  assert.deepEqual(rested, [7, 9, restMaxMs]);
  clock.now += 1_001;
  await after(7);
  assert.equal(rested.length, 3, 'the other one has been silent for a second');
  rest.heard(2);
  await rest.ofPush(2)(5);
  assert.equal(rested.length, 3, 'the large one has been silent as long');
});

test('all rests of one push have a limit, so that it is answered in time', async () => {
  const { rest, rested } = resting();
  rest.heard(1);
  rest.heard(2);
  const after = rest.ofPush(1);
  for (let part = 0; part < 100; part += 1) await after(50);
  assert.deepEqual(
    rested,
    Array.from({ length: restOfPushMaxMs / 50 }, () => 50),
  );
  await rest.ofPush(1)(50);
  assert.equal(rested.length, restOfPushMaxMs / 50 + 1, 'the next push rests anew');
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
