import { parentPort, workerData } from 'node:worker_threads';
import { crashPoints, noCrashPoints } from '../runtime/crash-points.ts';
import type { ThreadData } from './thread-messages.ts';
import { serveRequests } from './thread-server.ts';

/* A thread that makes requests: see `egress-threads.ts`. */

const data = workerData as ThreadData;

if (parentPort !== null) {
  const at = data.crashPlan === '' ? noCrashPoints : crashPoints(data.crashPlan);
  serveRequests(parentPort, data, { at });
}
