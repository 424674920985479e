import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startStubServer } from '../../../test/support/stub-server.ts';
import { systemClock } from '../../runtime/clock.ts';
import { LoopMeter, threadCpuMs, type LoopPause } from '../../runtime/loop-meter.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { query } from '../routes/route.ts';

const nothing = { request: z.object({}), reply: z.unknown() };

test('a pause of the event loop is known by the operation that held it, also after a wait', async () => {
  const hold = (ms: number) => {
    for (const until = performance.now() + ms; performance.now() < until;);
    return {};
  };
  const atOnce = query('/thing/at-once', 'Holds the loop.', 'viewer', nothing, async () => hold(300));
  const later = query('/thing/later', 'Waits, and holds the loop then.', 'viewer', nothing, async () => {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return { toJSON: () => hold(300) };
  });
  await using server = await startStubServer({ routes: [atOnce, later] });
  const pauses: LoopPause[] = [];
  const meter = new LoopMeter({ clock: systemClock, timers: systemTimers, cpuMs: threadCpuMs }, (pause) =>
    pauses.push(pause),
  );
  meter.start();
  for (const { path } of [atOnce, later]) {
    pauses.length = 0;
    assert.equal((await server.post(path)).status, 200);
    // Its timer fires in the next turn of the loop.
    await new Promise<void>((resolve) => void setTimeout(resolve, 20));
    const longest = pauses.toSorted((a, b) => b.ms - a.ms)[0];
    assert.equal(longest?.ran, path);
    assert.ok(longest !== undefined && longest.ms > 280 && longest.ranMs > 290, JSON.stringify(longest));
  }
  assert.ok(meter.longestMs() > 280);
  meter.stop();
});
