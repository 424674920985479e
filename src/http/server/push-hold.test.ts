import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DatabaseFailure, type DatabaseFailureKind } from '../../database/database.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { heldBytesMax, heldPushesMax, PushHold } from './push-hold.ts';

const ports = { clock: systemClock, timers: systemTimers };
const longMs = 60_000;

/** Fails so many times, then works. */
function failing(times: number, kind: DatabaseFailureKind) {
  let tries = 0;
  return {
    work: async () => {
      tries += 1;
      if (tries <= times) throw new DatabaseFailure(kind, 'away');
      return 'done';
    },
    tries: () => tries,
  };
}

describe('a push', () => {
  for (const kind of ['unavailable', 'busy'] as const) {
    test(`is tried again while the database is ${kind}`, async () => {
      const { work, tries } = failing(3, kind);
      assert.equal(await new PushHold({ holdMs: longMs, ...ports }).run(10, work), 'done');
      assert.equal(tries(), 4);
    });
  }

  for (const kind of ['full', 'broken', 'conflict'] as const) {
    test(`is refused at once when the database is ${kind}`, async () => {
      const { work, tries } = failing(1, kind);
      await assert.rejects(new PushHold({ holdMs: longMs, ...ports }).run(10, work), { kind });
      assert.equal(tries(), 1);
    });
  }

  test('is refused at once for another reason, and without a time to hold', async () => {
    const wrong = new TypeError('a bug');
    await assert.rejects(
      new PushHold({ holdMs: longMs, ...ports }).run(1, () => Promise.reject(wrong)),
      wrong,
    );
    const { work, tries } = failing(1, 'unavailable');
    await assert.rejects(new PushHold({ holdMs: 0, ...ports }).run(1, work));
    assert.equal(tries(), 1);
  });

  test('is refused when its time is over', async () => {
    const { work, tries } = failing(1_000, 'unavailable');
    await assert.rejects(new PushHold({ holdMs: 50, ...ports }).run(1, work), { kind: 'unavailable' });
    assert.ok(tries() > 1);
  });

  for (const [name, count, bytes] of [
    ['as many', heldPushesMax, 1],
    ['as many bytes', 1, heldBytesMax],
  ] as const) {
    test(`is refused at once while ${name} as may be held are held, and no longer`, async () => {
      const hold = new PushHold({ holdMs: longMs, ...ports });
      let away = true;
      const work = async () => {
        if (away) throw new DatabaseFailure('unavailable', 'away');
      };
      const held = Array.from({ length: count }, () => hold.run(bytes, work));
      const { work: once, tries } = failing(1, 'unavailable');
      await assert.rejects(hold.run(1, once));
      assert.equal(tries(), 1);
      away = false;
      await Promise.all(held);
      const { work: later } = failing(1, 'unavailable');
      assert.equal(await hold.run(1, later), 'done');
    });
  }
});
