import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../store/outcome.ts';
import { freshPace, opensAt, spend } from '../../runtime/token-bucket.ts';
import {
  untestedBreaker,
  breakerAfter,
  breakerAfterReplay,
  inFlightAllowed,
  type BreakerState,
} from './circuit-breaker.ts';

const delivered: Outcome = { state: 'delivered', reason: 'ok', statusCode: 204, message: '' };
const broken: Outcome = { state: 'failed', reason: 'server_error', statusCode: 500, message: '' };
const refused: Outcome = { state: 'failed', reason: 'client_error', statusCode: 404, message: '' };
const busy: Outcome = { state: 'failed', reason: 'throttled', statusCode: 429, message: '' };

function after(breaker: BreakerState, outcomes: readonly Outcome[], now = 0): BreakerState {
  return outcomes.reduce((one, outcome) => breakerAfter(one, outcome, now), breaker);
}

test('five failures in a row close it, for longer each time, up to a minute', () => {
  const four = after(untestedBreaker, [broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(four, 8, 0), 8);
  let breaker = four;
  let now = 0;
  const closed = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    breaker = breakerAfter(breaker, broken, now);
    const closedMs = breaker.closedUntil - now;
    now = breaker.closedUntil;
    return closedMs;
  });
  assert.deepEqual(closed, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(inFlightAllowed(breaker, 8, now - 1), 0);
});

test('an attempt in flight when it closed fails with it, and does not close it for longer', () => {
  const burst = after(
    untestedBreaker,
    Array.from({ length: 64 }, () => broken),
  );
  assert.deepEqual([burst.closedUntil, burst.failures], [1000, 5]);
  assert.equal(breakerAfter(burst, broken, 1000).closedUntil, 3000);
});

test('then one request probes it, and when it answers the number doubles until it is back', () => {
  let breaker = after(untestedBreaker, [broken, broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(breaker, 64, 1000), 1);
  const allowed = [1, 2, 3, 4, 5, 6].map(() => {
    breaker = breakerAfter(breaker, delivered, 1000);
    return inFlightAllowed(breaker, 64, 1000);
  });
  assert.deepEqual(allowed, [2, 4, 8, 16, 32, 64]);
  assert.equal(after(breaker, [delivered, delivered]).ramp, Number.POSITIVE_INFINITY);
});

test('an answer that refuses one push says that the receiver is there', () => {
  const closed = after(untestedBreaker, [broken, broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(after(closed, [refused], 1000), 8, 1000) >= 1, true);
  assert.equal(
    after(
      untestedBreaker,
      Array.from({ length: 20 }, () => refused),
    ).closedUntil,
    0,
  );
});

test('a receiver that asks for patience gets it, for at most a minute', () => {
  assert.equal(breakerAfter(untestedBreaker, busy, 100, 7).closedUntil, 7100);
  assert.equal(breakerAfter(untestedBreaker, busy, 100, 600).closedUntil, 60_100);
  assert.equal(breakerAfter(untestedBreaker, refused, 100, 600).closedUntil, 0);
});

test('failures of replays close nothing, their successes help, and where it is open they are probes', () => {
  const failing = Array.from({ length: 20 }, () => busy);
  const left = failing.reduce((breaker, outcome) => breakerAfterReplay(breaker, outcome, 0), untestedBreaker);
  assert.equal(left, untestedBreaker);
  const open = failing.slice(0, 5).reduce((breaker, outcome) => breakerAfter(breaker, outcome, 0), untestedBreaker);
  const probed = breakerAfterReplay(open, busy, open.closedUntil);
  assert.ok(probed.closedUntil > open.closedUntil);
  const delivered = { ...busy, state: 'delivered', reason: 'ok', statusCode: 200 } as const;
  assert.deepEqual([breakerAfterReplay(open, delivered, open.closedUntil).failures, open.failures], [0, 5]);
});

test('no more requests begin in any second than the rate and one burst of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(80), { maxLength: 200 }), (perSecond, waits) => {
      let now = 1;
      let pace = freshPace;
      const begun: number[] = [];
      for (const wait of waits) {
        now += wait;
        if (opensAt(pace, perSecond, now) > now) continue;
        pace = spend(pace, perSecond, now);
        begun.push(now);
      }
      for (const start of begun) {
        const within = begun.filter((time) => time >= start && time < start + 1000).length;
        assert.ok(within <= 2 * perSecond + 1);
      }
    }),
  );
  assert.equal(opensAt(freshPace, 0, 5), 0);
});
