import { copies, dispatchPost, loadPeer, serveForwarder } from './forwarder.ts';

interface GraphileWorker {
  readonly run: (options: object) => Promise<{
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
  const { run, Logger } = await loadPeer<GraphileWorker>('graphile-worker');
  const post = dispatchPost(options);
  const runner = await run({
    connectionString: options.storeUrl,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
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
  if (options.fanOut === 1) return (body) => runner.addJob('push', { body });
  return (body) => runner.addJobs(copies(options.fanOut, { identifier: 'push', payload: { body } }));
});
