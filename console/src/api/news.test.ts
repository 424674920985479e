import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Newsroom, type News } from './news.ts';

function rig(refresh: (news: News) => Promise<unknown> | void) {
  let now = 1000;
  let planned: { at: number; work: () => void } | undefined;
  const room = new Newsroom(
    {
      now: () => now,
      after(ms, work) {
        planned = { at: now + ms, work };
        return () => (planned = undefined);
      },
    },
    500,
    refresh,
  );
  const pass = async (ms: number): Promise<void> => {
    const end = now + ms;
    while (planned !== undefined && planned.at <= end) {
      const { at, work } = planned;
      planned = undefined;
      now = at;
      work();
      await new Promise(setImmediate);
    }
    now = end;
  };
  return { room, pass };
}

const hint = { topic: 'delivery', data: { event_id: '1' } } as const;

test('a storm of hints is one call at once and then one each 500 ms', async () => {
  const runs: number[] = [];
  const { room, pass } = rig(({ hints }) => void runs.push(hints.length));
  for (let tenth = 0; tenth < 20; tenth += 1) {
    room.hint(hint);
    await pass(100);
  }
  assert.deepEqual(runs, [1, 4, 5, 5, 5]);
});

test('a storm that goes on is one call each two seconds, then each four, until there was a pause', async () => {
  let runs = 0;
  const { room, pass } = rig(() => void (runs += 1));
  const storm = async (tenths: number): Promise<number> => {
    const before = runs;
    for (let tenth = 0; tenth < tenths; tenth += 1) {
      room.hint(hint);
      await pass(100);
    }
    return runs - before;
  };
  assert.equal(await storm(20), 5);
  assert.equal(await storm(80), 4);
  assert.equal(await storm(200), 5);
  await pass(10_000);
  assert.equal(await storm(10), 3);
});

test('while it is held nothing is asked for; then all at once', async () => {
  const runs: News[] = [];
  const { room, pass } = rig((news) => void runs.push(news));
  room.hold(true);
  room.hint(hint);
  room.gap();
  await pass(5000);
  assert.equal(runs.length, 0);
  room.hold(false);
  await pass(500);
  assert.deepEqual(runs, [{ hints: [hint], gap: true }]);
});

test('a call that is under way is waited for; one that failed makes the next a gap', async () => {
  const calls: PromiseWithResolvers<void>[] = [];
  const seen: boolean[] = [];
  const { room, pass } = rig(({ gap }) => {
    seen.push(gap);
    const call = Promise.withResolvers<void>();
    calls.push(call);
    return call.promise;
  });
  room.hint(hint);
  await pass(0);
  room.hint(hint);
  await pass(5000);
  assert.equal(calls.length, 1);
  calls[0]?.reject(new Error('no answer'));
  await new Promise(setImmediate);
  await pass(5000);
  assert.deepEqual(seen, [false, true]);
});

test('a gap that comes while a call is under way is another call', async () => {
  const first = Promise.withResolvers<void>();
  const seen: boolean[] = [];
  const { room, pass } = rig(({ gap }) => {
    seen.push(gap);
    return seen.length === 1 ? first.promise : undefined;
  });
  room.hint(hint);
  await pass(0);
  room.gap();
  first.resolve();
  await new Promise(setImmediate);
  await pass(5000);
  assert.deepEqual(seen, [false, true]);
});
