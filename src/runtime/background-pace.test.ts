import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackgroundPace } from './background-pace.ts';

test('background work takes a third of the time of an idle process, and a twentieth of that of a busy one', () => {
  let [now, cpu] = [0, 0];
  const pace = new BackgroundPace({ monotonic: () => now }, () => cpu);
  const pauseAfter = (restMs: number, cpuOfRestMs: number): number => {
    [now, cpu] = [now + restMs, cpu + cpuOfRestMs];
    pace.begin();
    // What the work itself uses says nothing about the rest of the process.
    [now, cpu] = [now + 20, cpu + 20];
    return Math.round(pace.end());
  };
  assert.equal(pauseAfter(1_000, 500), 40);
  assert.equal(pauseAfter(1_000, 501), 380);
  assert.equal(pauseAfter(100, 0), 40);
});
