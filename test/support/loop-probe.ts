import { createServer } from 'node:http';
import { isMainThread } from 'node:worker_threads';
import { systemClock } from '../../src/runtime/clock.ts';
import { LoopMeter, threadCpuMs, type LoopPause } from '../../src/runtime/loop-meter.ts';
import type { Timers } from '../../src/runtime/timers.ts';
import { workChannel } from '../../src/runtime/work.ts';

/*
 * Loaded into a service under test by `--import`: on a separate port, each request is answered with the longest pause
 * of the event loop since the one before. A pause counts with the processor time of the thread where that is less than
 * the time on the clock: another program on the same processor holds nothing.
 */

/** Work that starts after an answer was sent gets so many turns of the meter before the answer of the probe. */
const settleMs = 25;
/** How long the work named by the environment holds the loop: the mutant that shows that the probe sees it. More than any limit. */
const mutantMs = 150;

const { LOOP_PROBE_PORT: port = '', LOOP_PROBE_MUTANT: mutant = '' } = process.env;

/** The meter of a test does not keep the service from ending. */
const timers: Timers = {
  after(delayMs, work) {
    const handle = setTimeout(work, delayMs).unref();
    return () => clearTimeout(handle);
  },
  soon: (work) => timers.after(0, work),
};

let longest: LoopPause | undefined;

// Threads of the service load this file too.
if (isMainThread && port !== '') serve(Number(port));

function serve(number: number): void {
  const held = ({ ms, cpuMs }: LoopPause) => Math.min(ms, cpuMs);
  const meter = new LoopMeter({ clock: systemClock, timers, cpuMs: threadCpuMs }, (pause) => {
    if (longest === undefined || held(pause) > held(longest)) longest = pause;
  });
  meter.start();
  const server = createServer((_request, response) => {
    setTimeout(() => {
      response.setHeader('connection', 'close');
      response.end(JSON.stringify({ heldMs: longest === undefined ? 0 : held(longest), ran: longest?.ran ?? '' }));
      longest = undefined;
    }, settleMs);
  });
  server.listen(number, '127.0.0.1').unref();
  if (mutant !== '') workChannel.subscribe((name) => void (name === mutant && hold()));
}

/** By the processor's time, which is what counts. */
function hold(): void {
  for (const until = threadCpuMs() + mutantMs; threadCpuMs() < until;);
}
