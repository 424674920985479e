import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addressKey, rateLimiter } from './rate-limit.ts';

function standingClock() {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time };
  return clock;
}

describe('the rate limiter', () => {
  test('a rate of 0 is no limiter', () => {
    assert.equal(rateLimiter(0, standingClock()), undefined);
  });

  test('a full bucket lets two seconds of requests through, then one per interval', () => {
    const clock = standingClock();
    const limiter = rateLimiter(10, clock);
    assert.ok(limiter !== undefined);
    for (let index = 0; index < 20; index += 1) assert.equal(limiter.take('a').allowed, true);
    const refused = limiter.take('a');
    assert.deepEqual(refused, { allowed: false, limit: 20, remaining: 0, retryAfterSeconds: 0.1, resetSeconds: 2 });
    clock.time += 100;
    assert.equal(limiter.take('a').allowed, true);
    assert.equal(limiter.take('a').allowed, false);
    assert.equal(limiter.take('b').allowed, true);
  });

  test('a request may cost more than one, and what is lacking then is at most a full bucket', () => {
    const clock = standingClock();
    const limiter = rateLimiter(10, clock);
    assert.ok(limiter !== undefined);
    assert.equal(limiter.take('a').remaining, 19);
    limiter.charge('a', 16);
    assert.equal(limiter.take('a').remaining, 2);
    limiter.charge('a', 1_000);
    const { allowed, remaining, retryAfterSeconds } = limiter.take('a');
    assert.deepEqual([allowed, remaining, retryAfterSeconds], [false, 0, 2.1]);
    clock.time += 2_100;
    assert.equal(limiter.take('a').allowed, true);
    assert.equal(limiter.take('b').remaining, 19);
  });

  test('the number of buckets is bounded: the oldest is forgotten', () => {
    const limiter = rateLimiter(1, standingClock());
    assert.ok(limiter !== undefined);
    limiter.take('first');
    assert.equal(limiter.take('first').remaining, 0);
    for (let index = 0; index < 10_000; index += 1) limiter.take(`flood ${index}`);
    assert.equal(limiter.take('first').remaining, 1);
  });

  test('whatever the arrivals, no span of time lets more through than its rate and one bucket', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 50 }), (steps, rate) => {
        const clock = standingClock();
        const limiter = rateLimiter(rate, clock);
        let allowed = 0;
        for (const step of steps) {
          clock.time += step;
          if (limiter?.take('a').allowed === true) allowed += 1;
        }
        assert.ok(allowed <= 2 * rate + (clock.time / 1000) * rate + 1e-6);
      }),
      { numRuns: 100 },
    );
  });
});

test('addresses of one network of version 6 are one, and an address of version 4 is the same however it is written', () => {
  assert.equal(addressKey('2001:db8:1:2::7'), addressKey('2001:db8:1:2:ffff::1'));
  assert.notEqual(addressKey('2001:db8:1:2::7'), addressKey('2001:db8:1:3::7'));
  assert.equal(addressKey('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey('192.0.2.7'), '192.0.2.7');
  assert.equal(addressKey(''), '');
});
