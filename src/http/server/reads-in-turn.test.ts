import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { keys, startStubServer } from '../../../test/support/stub-server.ts';
import { query } from '../routes/route.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import {
  readingMsPerSecond,
  readingSavedMaxMs,
  readRestMaxMs,
  ReadsInTurn,
  readsAtOnceMax,
  readsWaitingMax,
} from './reads-in-turn.ts';

test('a member who asks for many lists at once makes nobody else wait for them', async () => {
  const gate = Promise.withResolvers<void>();
  const allBegun = Promise.withResolvers<void>();
  const begun: string[] = [];
  const nothing = z.object({});
  const list = query(
    '/thing/list',
    'Lists things.',
    'viewer',
    { request: nothing, reply: nothing },
    async (_, call) => {
      begun.push(call.role);
      if (begun.length === readsAtOnceMax) allBegun.resolve();
      if (call.role === 'viewer') await gate.promise;
      return {};
    },
  );
  await using server = await startStubServer({ routes: [list] });
  const asViewer = { headers: { authorization: `Bearer ${keys.viewer}` } };
  const theirs = Array.from({ length: 3 * readsAtOnceMax }, () => server.post('/thing/list', {}, asViewer));
  await allBegun.promise;
  assert.equal((await server.post('/thing/list')).status, 200);
  assert.deepEqual(begun, [...Array.from({ length: readsAtOnceMax }, () => 'viewer'), 'admin']);
  gate.resolve();
  assert.deepEqual(new Set((await Promise.all(theirs)).map(({ status }) => status)), new Set([200]));
});

test('reads that wait are bounded and go in order, and a failure lets the next one begin', async () => {
  const reads = new ReadsInTurn({ clock: systemClock, timers: systemTimers });
  const gate = Promise.withResolvers<void>();
  const begun: number[] = [];
  const results = Array.from({ length: readsAtOnceMax + readsWaitingMax + 1 }, (_, index) =>
    reads.run(7, async () => {
      begun.push(index);
      await gate.promise;
      if (index % 2 === 0) throw new Error('not found');
      return index;
    }),
  );
  await assert.rejects(results.pop() ?? Promise.resolve(), { code: 'RequestTooFrequently', retryAfterSeconds: 1 });
  gate.resolve();
  const settled = await Promise.allSettled(results);
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, results.length / 2);
  assert.deepEqual(
    begun,
    results.map((_, index) => index),
  );
  assert.equal(await reads.run(7, async () => 'again'), 'again');
});

test('a member who has used up the time for reading reads one at a time, with a rest as long as each read took', async () => {
  const { reads, read, begun, rests, clock } = reading();
  await (await read()).lasting(readingSavedMaxMs);
  assert.deepEqual(delaysOf(rests), [], 'exactly the time that may be saved up');
  await (await read()).lasting(10);
  assert.deepEqual(delaysOf(rests), [10]);
  const waiting = [await read(), await read()];
  assert.equal(begun(), 2, 'it rests');
  assert.equal(await reads.run(8, async () => 'theirs'), 'theirs', 'and nobody else does');
  rests[0]?.work();
  await turn();
  assert.equal(begun(), 3, 'one at a time');
  await waiting[0]?.lasting(20);
  assert.deepEqual(delaysOf(rests), [10, 20]);
  clock.now += 1_000;
  rests[1]?.work();
  await turn();
  const more = [await read(), await read(), await read(), await read()];
  assert.equal(begun(), 3 + readsAtOnceMax, 'a second brings time for more at once');
  for (const one of [...waiting, ...more]) await one.lasting(0);
});

test('one long search is a debt of seconds, and the rest behind it has a limit', async () => {
  const { read, begun, rests, clock } = reading();
  await (await read()).lasting(60_000);
  assert.deepEqual(delaysOf(rests), [readRestMaxMs]);
  rests[0]?.work();
  clock.now += (1_000 * readingSavedMaxMs) / readingMsPerSecond - 1;
  const [one, other] = [await read(), await read()];
  assert.equal(begun(), 2, 'a millisecond is missing');
  await one.lasting(0);
  clock.now += 1;
  rests[1]?.work();
  await turn();
  const more = [await read(), await read(), await read()];
  assert.equal(begun(), 2 + readsAtOnceMax);
  for (const read of [other, ...more]) await read.lasting(0);
});

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

function delaysOf(rests: readonly { readonly delayMs: number }[]): number[] {
  return rests.map(({ delayMs }) => delayMs);
}

/** Reads of one member that end when the test lets them. */
function reading() {
  const rests: { readonly delayMs: number; readonly work: () => void }[] = [];
  const clock = { now: 5_000, monotonic: () => clock.now };
  const timers = {
    after(delayMs: number, work: () => void) {
      rests.push({ delayMs, work });
      return () => {};
    },
  };
  const reads = new ReadsInTurn({ clock, timers });
  let count = 0;
  const read = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const result = reads.run(7, () => {
      count += 1;
      return promise;
    });
    await turn();
    const lasting = async (milliseconds: number) => {
      clock.now += milliseconds;
      resolve();
      await result;
    };
    return { lasting };
  };
  return { reads, read, begun: () => count, rests, clock };
}
