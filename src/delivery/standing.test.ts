import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from './outcome.ts';
import { freshPace, opensAt, spend } from './pace.ts';
import { freshHealth, healthAfter, inFlightAllowed, type Health } from './standing.ts';

const delivered: Outcome = { state: 'delivered', reason: 'ok', statusCode: 204, message: '' };
const broken: Outcome = { state: 'failed', reason: 'server_error', statusCode: 500, message: '' };
const refused: Outcome = { state: 'failed', reason: 'client_error', statusCode: 404, message: '' };
const busy: Outcome = { state: 'failed', reason: 'throttled', statusCode: 429, message: '' };

function after(health: Health, outcomes: readonly Outcome[], now = 0): Health {
  return outcomes.reduce((one, outcome) => healthAfter(one, outcome, now), health);
}

test('five failures in a row close it, for longer each time, up to a minute', () => {
  const four = after(freshHealth, [broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(four, 8, 0), 8);
  let health = four;
  let now = 0;
  const closed = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    health = healthAfter(health, broken, now);
    const closedMs = health.closedUntil - now;
    now = health.closedUntil;
    return closedMs;
  });
  assert.deepEqual(closed, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(inFlightAllowed(health, 8, now - 1), 0);
});

test('what was in flight when it was closed fails with it, and does not close it for longer', () => {
  const burst = after(
    freshHealth,
    Array.from({ length: 64 }, () => broken),
  );
  assert.deepEqual([burst.closedUntil, burst.failures], [1000, 5]);
  assert.equal(healthAfter(burst, broken, 1000).closedUntil, 3000);
});

test('then one request probes it, and when it answers the number doubles until it is back', () => {
  let health = after(freshHealth, [broken, broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(health, 64, 1000), 1);
  const allowed = [1, 2, 3, 4, 5, 6].map(() => {
    health = healthAfter(health, delivered, 1000);
    return inFlightAllowed(health, 64, 1000);
  });
  assert.deepEqual(allowed, [2, 4, 8, 16, 32, 64]);
  assert.equal(after(health, [delivered, delivered]).ramp, Number.POSITIVE_INFINITY);
});

test('an answer that refuses one push says that the receiver is there', () => {
  const closed = after(freshHealth, [broken, broken, broken, broken, broken]);
  assert.equal(inFlightAllowed(after(closed, [refused], 1000), 8, 1000) >= 1, true);
  assert.equal(
    after(
      freshHealth,
      Array.from({ length: 20 }, () => refused),
    ).closedUntil,
    0,
  );
});

test('a receiver that asks for patience gets it, for a minute at the longest', () => {
  assert.equal(healthAfter(freshHealth, busy, 100, 7).closedUntil, 7100);
  assert.equal(healthAfter(freshHealth, busy, 100, 600).closedUntil, 60_100);
  assert.equal(healthAfter(freshHealth, refused, 100, 600).closedUntil, 0);
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
