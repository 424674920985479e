import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timers } from './timers.ts';
import { inTurns, TurnQueue } from './turns.ts';

const hold = (ms: number) => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

test('long work lets the event loop go on in between, and keeps its order', async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  const results = await inTurns([1, 2, 3, 4, 5, 6], (item) => {
    hold(9);
    return item * 2;
  });
  isOver = true;
  assert.deepEqual(results, [2, 4, 6, 8, 10, 12]);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('short work is done in one turn', async () => {
  let hasTurned = false;
  setImmediate(() => (hasTurned = true));
  assert.deepEqual(await inTurns(new Set(['a', 'b']), async (item) => item.toUpperCase()), ['A', 'B']);
  assert.equal(hasTurned, false);
});

test('a fault ends the work', async () => {
  const fails = inTurns([1, 2], (item) => {
    if (item === 1) throw new Error('broken');
    return assert.fail('went on');
  });
  await assert.rejects(fails, /broken/);
});

test('a queue works on so many items in each turn, in the order in which they came', () => {
  const soon: (() => void)[] = [];
  const timers: Timers = {
    after: () => assert.fail('waits for no time'),
    soon: (work) => {
      soon.push(work);
      return () => {};
    },
  };
  const done: number[] = [];
  const queue = new TurnQueue<number>(timers, 2, (item) => {
    done.push(item);
    if (item === 1) queue.add([6]);
  });
  queue.add([1, 2, 3, 4, 5]);
  const turns = [done.splice(0)];
  for (let turn = soon.shift(); turn !== undefined; turn = soon.shift()) {
    turn();
    turns.push(done.splice(0));
  }
  assert.deepEqual(turns, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  queue.add([7]);
  assert.deepEqual([done, soon], [[7], []]);
});
