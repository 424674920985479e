import assert from 'node:assert/strict';
import { test } from 'node:test';
import { triesTheUnsentAgain } from './commit.ts';

test('an attempt that sent nothing is the last one when its time or the greatest age of the delivery is over', () => {
  const maxAgeMs = 3_600_000;
  const webhook = {
    unsentRetrySeconds: 1,
    retry: { maxAttempts: 1, maxAgeSeconds: maxAgeMs / 1000, on: 'any' as const },
  };
  const to = { state: 'failed', attempt: 1, fence: 1, reason: 'dns' };
  const first = { virtual: 500, wall: maxAgeMs - 10 };
  const faultAfter = (ms: number, createdAt: number) =>
    triesTheUnsentAgain({ deliveryId: 'a', mode: 'at_most_once', createdAt, first }, to, webhook, {
      virtual: first.virtual + ms,
      wall: first.wall + ms,
    });
  assert.match(faultAfter(5, 0) ?? '', /given up as dns 5 ms after its first attempt, of 1 s/);
  assert.equal(faultAfter(1_000, 1_000_000), undefined, 'its time is over');
  assert.equal(faultAfter(10, 0), undefined, 'a clock that was set has made it too old');
});
