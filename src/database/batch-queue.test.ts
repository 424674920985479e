import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchQueue } from './batch-queue.ts';
import { DatabaseFailure } from './database.ts';

test('jobs that come while a batch runs go together in the next, in order', async () => {
  const batches: number[][] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const batcher = new BatchQueue<number, string>({
    async run(take) {
      const jobs = take();
      batches.push([...jobs]);
      await gates[batches.length - 1]?.promise;
      return jobs.map(String);
    },
  });
  const first = [batcher.add(1), batcher.add(2)];
  await Promise.resolve();
  await Promise.resolve();
  const second = [batcher.add(3), batcher.add(4)];
  gates[0]?.resolve();
  assert.deepEqual(await Promise.all(first), ['1', '2']);
  const third = batcher.add(5);
  gates[1]?.resolve();
  assert.deepEqual(await Promise.all([...second, third]), ['3', '4', '5']);
  assert.deepEqual(batches, [[1, 2], [3, 4], [5]]);
});

test('jobs that come while a batch waits for its turn go along, and it has the same jobs when it is tried again', async () => {
  const turn = Promise.withResolvers<void>();
  const batches: (readonly number[])[] = [];
  const batcher = new BatchQueue<number, number>({
    async run(take) {
      await turn.promise;
      batches.push(take());
      await Promise.resolve();
      batches.push(take());
      return take();
    },
  });
  const first = batcher.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = batcher.add(2);
  turn.resolve();
  await Promise.resolve();
  await Promise.resolve();
  const third = batcher.add(3);
  assert.deepEqual(await Promise.all([first, second, third]), [1, 2, 3]);
  assert.deepEqual(batches, [[1, 2], [1, 2], [3], [3]]);
});

test('when the turn never came, every waiting job is rejected', async () => {
  const batcher = new BatchQueue<number, number>({
    run: () => Promise.reject(new DatabaseFailure('busy', 'too many transactions wait')),
  });
  const results = await Promise.allSettled([1, 2].map((job) => batcher.add(job)));
  assert.ok(results.every(({ status }) => status === 'rejected'));
});

test('one bad job fails alone', async () => {
  const batcher = new BatchQueue<number, number>({
    async run(take) {
      const jobs = take();
      if (jobs.includes(2)) throw new Error('bad job');
      return jobs;
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((job) => batcher.add(job)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test("a failure of the database is nobody's fault, so it is not tried job by job", async () => {
  let runs = 0;
  const batcher = new BatchQueue<number, number>({
    async run() {
      runs += 1;
      throw new DatabaseFailure('full', 'no space');
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((job) => batcher.add(job)));
  assert.ok(results.every(({ status }) => status === 'rejected'));
  assert.equal(runs, 1);
});

test('a full queue refuses more, and says when to come again', async () => {
  const batcher = new BatchQueue<number, number>({ run: async (take) => take(), queueMax: 2 });
  const taken = [batcher.add(1), batcher.add(2)];
  await assert.rejects(batcher.add(3), { code: 'ServiceUnavailable', retryAfterSeconds: 1 });
  assert.deepEqual(await Promise.all(taken), [1, 2]);
  assert.equal(await batcher.add(4), 4);
});

test('the jobs of a batch that became too much go first in the next one', async () => {
  const batches: number[][] = [];
  const batcher = new BatchQueue<number, number>({
    async run(take) {
      const jobs = take();
      batches.push([...jobs]);
      if (batches.length === 1) void late.push(batcher.add(5));
      return jobs.slice(0, 2);
    },
  });
  const late: Promise<number>[] = [];
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map((job) => batcher.add(job))), [1, 2, 3, 4]);
  assert.deepEqual(await Promise.all(late), [5]);
  assert.deepEqual(batches, [[1, 2, 3, 4], [3, 4, 5], [5]]);
});

test('a batch with a wrong number of results fails', async () => {
  const batcher = new BatchQueue<number, number>({ run: async () => [] });
  await assert.rejects(batcher.add(1), /1 jobs had 0 results/);
});

test('draining waits for all, also for later jobs', async () => {
  const done: number[] = [];
  const batcher = new BatchQueue<number, number>({
    async run(take) {
      const jobs = take();
      await new Promise((resolve) => setImmediate(resolve));
      done.push(...jobs);
      return jobs;
    },
    batchMax: 2,
  });
  await batcher.drain();
  const added = [1, 2, 3].map((job) => batcher.add(job));
  added.push(Promise.resolve().then(() => batcher.add(4)));
  await batcher.drain();
  assert.deepEqual(done, [1, 2, 3, 4]);
  await Promise.all(added);
});

test('every job gets its own result, whatever the sizes and the pauses', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (pauses, batchMax) => {
        let largest = 0;
        const batcher = new BatchQueue<number, number>({
          async run(take) {
            const jobs = take();
            largest = Math.max(largest, jobs.length);
            await Promise.resolve();
            return jobs.map((job) => job * 2);
          },
          batchMax,
        });
        const results: Promise<number>[] = [];
        for (const [job, pause] of pauses.entries()) {
          for (let turn = 0; turn < pause; turn += 1) await Promise.resolve();
          results.push(batcher.add(job));
        }
        assert.deepEqual(
          await Promise.all(results),
          pauses.map((_, job) => job * 2),
        );
        assert.ok(largest <= batchMax);
      },
    ),
    { numRuns: 50 },
  );
});

test('who adds much waits for their own: the others have their turn in each batch', async () => {
  const batches: string[][] = [];
  const gate = Promise.withResolvers<void>();
  const batcher = new BatchQueue<string, string>({
    async run(take) {
      const jobs = take();
      batches.push([...jobs]);
      await gate.promise;
      return jobs;
    },
    ownerOf: (job) => job[0],
    weigh: (job) => (job.startsWith('a') ? 3 : 1),
    weightMax: 4,
  });
  const first = batcher.add('a0');
  await Promise.resolve();
  await Promise.resolve();
  const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'c3', 'c4'].map((job) => batcher.add(job));
  gate.resolve();
  assert.deepEqual(await Promise.all([first, ...all]), ['a0', 'a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'c3', 'c4']);
  assert.deepEqual(batches, [['a0'], ['a1', 'b1'], ['c1', 'a2'], ['b2', 'c2', 'c3', 'c4'], ['a3']]);
});

test('what a batch left over is first of its owner in a later one', async () => {
  const batches: string[][] = [];
  const batcher = new BatchQueue<string, string>({
    async run(take) {
      await Promise.resolve();
      const jobs = take();
      batches.push([...jobs]);
      return jobs.slice(0, 2);
    },
    ownerOf: (job) => job[0],
  });
  const all = ['a1', 'a2', 'b1', 'b2', 'b3'].map((job) => batcher.add(job));
  assert.deepEqual(await Promise.all(all), ['a1', 'a2', 'b1', 'b2', 'b3']);
  const order = (owner: string) => batches.flatMap((one) => one.slice(0, 2).filter((job) => job.startsWith(owner)));
  assert.deepEqual(order('a'), ['a1', 'a2']);
  assert.deepEqual(order('b'), ['b1', 'b2', 'b3']);
});
