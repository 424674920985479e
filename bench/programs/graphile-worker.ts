import { copies, dispatchPost, loadPeer, serveForwarder } from './forwarder.ts';

interface GraphileWorker {
  readonly run: (options: object) => Promise<unknown>;
  readonly makeWorkerUtils: (options: object) => Promise<{
    addJob(task: string, payload: object): Promise<unknown>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
  }>;
  readonly Logger: new (make: () => () => void) => object;
}

/** Jobs fetched at a time, for the speed: the documentation's advice where many are ready. */
const localQueueSize = 500;
const poolMax = 20;

/** A job for each push; the sender has its 200 when they are committed. */
serveForwarder(async (options) => {
  const { run, makeWorkerUtils, Logger } = await loadPeer<GraphileWorker>('graphile-worker');
  const post = dispatchPost(options);
  const shared = { connectionString: options.storeUrl, logger: new Logger(() => () => {}) };
  await run({
    ...shared,
    noHandleSignals: true,
    taskList: { push: (payload: { body: string }) => post(payload.body) },
    preset: {
      worker: {
        concurrentJobs: options.concurrency,
        maxPoolSize: poolMax,
        pollInterval: 1000,
        localQueue: { size: localQueueSize },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  const utils = await makeWorkerUtils({ ...shared, maxPoolSize: poolMax });
  if (options.fanOut === 1) return (body) => utils.addJob('push', { body });
  return (body) => utils.addJobs(copies(options.fanOut, { identifier: 'push', payload: { body } }));
});
