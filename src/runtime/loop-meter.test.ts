import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beatMs, LoopMeter, windowMs, type LoopPause } from './loop-meter.ts';
import { named, resumed } from './work.ts';

/** A clock and one timer, moved by hand. */
function meter() {
  let now = 5_000;
  let cpu = 0;
  let work = () => {};
  const pauses: LoopPause[] = [];
  const clock = { now: () => assert.fail('no use'), monotonic: () => now };
  const timers = {
    after: (delayMs: number, then: () => void) => {
      assert.equal(delayMs, beatMs);
      work = then;
      return () => (work = () => {});
    },
    soon: () => assert.fail('no use'),
  };
  const made = new LoopMeter({ clock, timers, cpuMs: () => cpu }, (pause) => pauses.push(pause));
  return {
    meter: made,
    pauses,
    runs: (ms: number, used = ms) => {
      now += ms;
      cpu += used;
    },
    beat: () => work(),
  };
}

test('a pause is the time by which the loop came late to a timer, with what ran and for how long', () => {
  const { meter: one, pauses, runs, beat } = meter();
  one.start();
  runs(beatMs);
  beat();
  assert.deepEqual(pauses, []);
  named('/incident/list', () => runs(40));
  named('/alert/list', () => runs(300));
  named('deadlines', () => runs(20));
  beat();
  assert.deepEqual(pauses, [{ ms: 350, cpuMs: 360, ran: '/alert/list', ranMs: 300 }]);
  one.stop();
});

test('work that goes on after a wait is counted under its own name', async () => {
  const { meter: one, pauses, runs, beat } = meter();
  one.start();
  const waits = Promise.withResolvers<void>();
  const first = named('/incident/list', async () => {
    await waits.promise;
    resumed();
    runs(100);
  });
  named('/alert/list', () => runs(30));
  waits.resolve();
  await first;
  beat();
  assert.deepEqual(pauses, [{ ms: 120, cpuMs: 130, ran: '/incident/list', ranMs: 100 }]);
  one.stop();
});

test('work without a name and a busy machine are shown as such', () => {
  const { meter: one, pauses, runs, beat } = meter();
  one.start();
  runs(beatMs + 400, 15);
  beat();
  assert.deepEqual(pauses, [{ ms: 400, cpuMs: 15, ran: '', ranMs: 410 }]);
  one.stop();
});

test('the longest pause is that of the last minute', () => {
  const { meter: one, runs, beat } = meter();
  one.start();
  assert.equal(one.longestMs(), 0);
  for (const ms of [70, 300, 20]) {
    runs(beatMs + ms);
    beat();
  }
  assert.equal(one.longestMs(), 300);
  runs(beatMs);
  beat();
  for (let passed = 0; passed < windowMs - 1_000; passed += beatMs + 25) {
    runs(beatMs + 25);
    beat();
  }
  assert.equal(one.longestMs(), 300);
  runs(11_000 + beatMs);
  assert.equal(one.longestMs(), 25);
  one.stop();
});

test('a meter that was stopped hears nothing', () => {
  const { meter: one, pauses, runs, beat } = meter();
  one.start();
  one.stop();
  named('/incident/list', () => runs(900));
  beat();
  assert.deepEqual(pauses, []);
});
