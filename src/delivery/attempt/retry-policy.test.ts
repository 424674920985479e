import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryDefaults } from '../../webhooks/draft.ts';
import type { AttemptReason, Outcome } from '../store/outcome.ts';
import { nextAttempt, nextUnsentAttempt, parseRetryAfter, retryAfterMaxSeconds, type Tries } from './retry-policy.ts';

const now = Date.UTC(2026, 10, 23);
const durable = retryDefaults.at_least_once;
const likeToday = { maxAttempts: 2, maxAgeSeconds: 3600, on: 'network_faults' } as const;

function failed(reason: AttemptReason, statusCode = 0): Outcome {
  return { state: 'failed', reason, statusCode, message: '' };
}

function tries(change: Partial<Tries> = {}): Tries {
  return { attempt: 1, createdAt: now, now, fraction: 0.5, retryAfterSeconds: undefined, ...change };
}

test('each wait lies between nothing and its step, and the steps grow to eight hours', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => {
    const at = (fraction: number) =>
      (nextAttempt(durable, failed('server_error', 500), tries({ attempt, fraction })) ?? 0) - now;
    assert.equal(at(0), 0);
    return at(1) / 1000;
  });
  assert.deepEqual(longest, [5, 30, 120, 600, 3600, 10_800, 28_800, 28_800]);
});

test('what the receiver asks for is a floor, up to its limit, with the jitter on top', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (seconds, fraction) => {
      const due = nextAttempt(durable, failed('throttled', 429), tries({ retryAfterSeconds: seconds, fraction }));
      assert.ok((due ?? 0) - now >= Math.min(seconds, retryAfterMaxSeconds) * 1000);
    }),
  );
});

test('there is no next attempt after the last, after 410, or past the age', () => {
  assert.equal(nextAttempt(durable, failed('server_error', 500), tries({ attempt: durable.maxAttempts })), undefined);
  assert.equal(nextAttempt(durable, failed('gone', 410), tries()), undefined);
  const old = now - durable.maxAgeSeconds * 1000;
  assert.equal(nextAttempt(durable, failed('server_error', 500), tries({ createdAt: old })), undefined);
  assert.equal(nextAttempt(durable, failed('server_error', 500), tries({ createdAt: old, fraction: 0 })), now);
});

test('Flashduty today: once more, after 200 to 500 ms, and only on the faults that the contract names', () => {
  const again: readonly AttemptReason[] = ['timeout_connect', 'connection_lost'];
  const not: readonly AttemptReason[] = [
    'timeout_response',
    'server_error',
    'client_error',
    'connect',
    'dns',
    'tls',
    'redirect',
  ];
  for (const reason of again) {
    const due = nextAttempt(likeToday, failed(reason), tries());
    assert.ok(due !== undefined && due - now >= 200 && due - now <= 500, reason);
    assert.equal(nextAttempt(likeToday, failed(reason), tries({ attempt: 2 })), undefined);
  }
  for (const reason of not) assert.equal(nextAttempt(likeToday, failed(reason), tries()), undefined, reason);
});

test('an attempt that was never sent is made again after waits that double, the last time when its time is over', () => {
  const webhook = { unsentRetrySeconds: 10, retry: retryDefaults.at_most_once };
  for (const fraction of [0, 0.5, 0.999]) {
    let at = now + 40;
    const waits: number[] = [];
    for (let attempt = 1; ; attempt += 1) {
      const next = nextUnsentAttempt(webhook, { attempt, createdAt: now, firstAttemptAt: now + 40, now: at, fraction });
      if (next === undefined) break;
      waits.push(next - at);
      at = next;
    }
    assert.equal(at, now + 40 + 10_000);
    assert.ok((waits[0] ?? 0) >= 125 && (waits[0] ?? 0) <= 250, String(waits[0]));
    assert.ok(Math.max(...waits) <= 2_000, String(waits));
    assert.ok(waits.length >= 7 && waits.length <= 13, String(waits));
  }
});

test('not at all where the webhook says so, and never past the age of a delivery', () => {
  const unsent = { attempt: 1, createdAt: now, firstAttemptAt: now, now, fraction: 0 };
  const retry = retryDefaults.at_most_once;
  assert.equal(nextUnsentAttempt({ unsentRetrySeconds: 0, retry }, unsent), undefined);
  const old = { ...unsent, createdAt: now - retry.maxAgeSeconds * 1000 + 50 };
  assert.equal(nextUnsentAttempt({ unsentRetrySeconds: 60, retry }, old), now + 50);
  assert.equal(nextUnsentAttempt({ unsentRetrySeconds: 60, retry }, { ...old, now: now + 50 }), undefined);
});

const retryAfter: [string, number | undefined][] = [
  ['120', 120],
  [' 7 ', 7],
  ['0', 0],
  ['Mon, 23 Nov 2026 00:01:00 GMT', 60],
  ['Sun, 22 Nov 2026 00:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['99999999999', undefined],
  ['tomorrow', undefined],
  ['2026-11-23', undefined],
  ['', undefined],
];

for (const [text, seconds] of retryAfter) {
  test(`Retry-After ${JSON.stringify(text)} is ${seconds ?? 'nothing'}`, () => {
    assert.equal(parseRetryAfter(text, now), seconds);
  });
}
