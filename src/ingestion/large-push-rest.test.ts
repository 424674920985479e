import assert from 'node:assert/strict';
import { test } from 'node:test';
import { besideOnServer, besideOnSqlite, LargePushRest, restMaxMs, type BesideOthers } from './large-push-rest.ts';
import { pieceMax } from './push-result.ts';

test('a large push goes in small parts and rests after each, while another integration pushes', async () => {
  const { rest, rested, clock } = resting(besideOnSqlite);
  const push = rest.ofPush(1);
  rest.heard(1);
  await push.after(7);
  assert.deepEqual([rested, push.partMax()], [[], pieceMax], 'nobody else pushes');
  rest.heard(2);
  await push.after(7);
  rest.heard(1);
  await push.after(9);
  await push.after(500);
  assert.deepEqual([rested, push.partMax()], [[21, 27, restMaxMs], 12]);
  clock.now += 1_000;
  assert.equal(push.partMax(), 12);
  clock.now += 1;
  await push.after(7);
  assert.deepEqual([rested.length, push.partMax()], [3, pieceMax], 'the other one has been silent for a second');
  rest.heard(2);
  await rest.ofPush(2).after(5);
  assert.equal(rested.length, 3, 'the large one has been silent as long');
});

test('beside others it rests as long as its part took on PostgreSQL, which serves them meanwhile', async () => {
  const { rest, rested } = resting(besideOnServer);
  rest.heard(1);
  rest.heard(2);
  const push = rest.ofPush(1);
  await push.after(7);
  assert.deepEqual([rested, push.partMax()], [[7], pieceMax]);
});

test('all rests of one push have a limit, so that it is answered in time', async () => {
  for (const beside of [besideOnSqlite, besideOnServer]) {
    const { rest, rested } = resting(beside);
    rest.heard(1);
    rest.heard(2);
    const push = rest.ofPush(1);
    for (let part = 0; part < 200; part += 1) await push.after(restMaxMs);
    assert.deepEqual(
      rested,
      Array.from({ length: beside.restOfPushMaxMs / restMaxMs }, () => restMaxMs),
    );
    await rest.ofPush(1).after(restMaxMs);
    assert.equal(rested.length, beside.restOfPushMaxMs / restMaxMs + 1, 'the next push rests anew');
  }
});

function resting(beside: BesideOthers) {
  const rested: number[] = [];
  const clock = { now: 5_000, monotonic: () => clock.now };
  const timers = {
    after(delayMs: number, work: () => void) {
      rested.push(delayMs);
      work();
      return () => {};
    },
  };
  return { rest: new LargePushRest({ clock, timers, beside }), rested, clock };
}
