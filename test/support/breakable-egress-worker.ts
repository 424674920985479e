import { parentPort, workerData } from 'node:worker_threads';
import { serveRequests } from '../../src/egress/thread-server.ts';
import type { ThreadData } from '../../src/egress/thread-messages.ts';
import { breaks, points } from './thread-breaks.ts';

/** Knows no name, so that all are looked up in the main thread, and ends or hangs where a test wants it to. */
const data = workerData as ThreadData & {
  /** What to break and where, by their indexes; at the third place a test wakes what hangs. */
  readonly break: SharedArrayBuffer;
};
const wanted = new Int32Array(data.break);
const nobody = Object.assign(new Error('nobody knows it'), { code: 'ENOTFOUND' });

if (parentPort !== null) {
  serveRequests(parentPort, data, {
    at(point) {
      const how = breaks[Atomics.load(wanted, 0)];
      if (how === 'none' || point !== points[Atomics.load(wanted, 1)]) return;
      Atomics.store(wanted, 0, breaks.indexOf('none'));
      if (how === 'end') process.exit(1);
      // Until a test wakes it.
      Atomics.wait(wanted, 2, 0);
    },
    names: { query: () => Promise.reject(nobody), hostsFile: () => Promise.resolve('') },
  });
}
