import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallError } from '../api/call.ts';
import { inBatches } from './batch.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

test('a batch goes out a hundred at a time, and says how far it is', async () => {
  const sizes: number[] = [];
  const progress: number[] = [];
  const result = await inBatches(
    ids(250),
    async (some) => sizes.push(some.length),
    (finished) => progress.push(finished),
  );
  assert.deepEqual(sizes, [100, 100, 50]);
  assert.deepEqual(progress, [100, 200, 250]);
  assert.deepEqual(result, { done: ids(250), refused: [] });
});

test('those that are refused are found one by one, and the others are done', async () => {
  const result = await inBatches(
    ids(4),
    async (some) => {
      if (some.includes('2')) throw new CallError('ResourceNotFound', 'there is no 2');
    },
    () => undefined,
  );
  assert.deepEqual(result, { done: ['0', '1', '3'], refused: [{ id: '2', message: 'there is no 2' }] });
});

test('a refusal that concerns the caller, or no answer, ends it', async () => {
  let calls = 0;
  const send = async (): Promise<void> => {
    calls += 1;
    throw new CallError('NoAnswer', 'gone');
  };
  await assert.rejects(
    inBatches(ids(3), send, () => undefined),
    { code: 'NoAnswer' },
  );
  assert.equal(calls, 1);
});
