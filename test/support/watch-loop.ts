import { isMainThread } from 'node:worker_threads';
import { systemClock } from '../../src/runtime/clock.ts';
import { LoopMeter, threadCpuMs, type LoopPause } from '../../src/runtime/loop-meter.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

/*
 * Loaded before the service, it prints every pause of the event loop that is worth a look; the service itself logs only
 * those that an operator should know of. It is loaded in every thread, and threads may be busy.
 */

const printedMs = 20;

if (isMainThread) {
  const print = (pause: LoopPause) => {
    if (pause.ms >= printedMs) process.stdout.write(`loop ${JSON.stringify(pause)}\n`);
  };
  const meter = new LoopMeter({ clock: systemClock, timers: systemTimers, cpuMs: threadCpuMs }, print);
  meter.start();
  // Its timer would keep a process that has ended its work.
  process.once('SIGTERM', () => meter.stop());
}
