import { Worker } from 'node:worker_threads';
import { createEgressThreads, type EgressThreadsParts } from '../../src/egress/egress-threads.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { breaks, points } from './thread-breaks.ts';
import { sends } from './test-sender.ts';

/** So long that nothing here can be explained by it, on a machine that is busy with other things. */
const timeoutMs = 30_000;

/** Egress threads that may dial the loopback network, where every name is found, and that a test may break. */
export function testThreads(parts: Partial<EgressThreadsParts> = {}) {
  const wanted = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(wanted);
  const workers: Worker[] = [];
  const metrics = createMetrics();
  const logged: string[] = [];
  const client = createEgressThreads({
    count: 1,
    settings: { allow: ['127.0.0.0/8'], bind: [] },
    crashPlan: '',
    clock: systemClock,
    timers: systemTimers,
    metrics,
    logger: createLogger('info', { write: (line) => logged.push(line) }),
    lookup: async () => ['127.0.0.1'],
    start: (data) => {
      const worker = new Worker(new URL('./breakable-egress-worker.ts', import.meta.url), {
        workerData: { ...data, break: wanted },
      });
      workers.push(worker);
      return worker;
    },
    ...parts,
  });
  return {
    ...sends(client, timeoutMs),
    client,
    workers,
    logged,
    /** The next request that comes to this point ends its thread, or hangs it until {@link wake}. */
    break(how: (typeof breaks)[number], point: (typeof points)[number]) {
      Atomics.store(state, 2, 0);
      Atomics.store(state, 1, points.indexOf(point));
      Atomics.store(state, 0, breaks.indexOf(how));
    },
    /** Resolves when a request has come to the point. */
    async broken() {
      while (Atomics.load(state, 0) !== 0) await new Promise<void>((resolve) => void systemTimers.after(5, resolve));
    },
    wake() {
      Atomics.store(state, 2, 1);
      Atomics.notify(state, 2);
    },
    async metric(name: string): Promise<number> {
      const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1));
    },
    async [Symbol.asyncDispose]() {
      this.wake();
      client.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
