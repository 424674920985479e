import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { keys, startStubServer } from '../../../test/support/stub-server.ts';
import { query } from '../routes/route.ts';
import { ReadsInTurn, readsAtOnceMax, readsWaitingMax } from './reads-in-turn.ts';

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
  const reads = new ReadsInTurn();
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
