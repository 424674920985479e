import { copies, dispatchPost, loadPeer, serveForwarder } from './forwarder.ts';

interface PgBossModule {
  readonly PgBoss: new (options: object) => {
    on(event: 'error', listener: (error: Error) => void): void;
    start(): Promise<unknown>;
    createQueue(name: string, options: object): Promise<unknown>;
    work(
      name: string,
      options: object,
      handler: (jobs: readonly { data: { body: string } }[]) => Promise<unknown>,
    ): Promise<unknown>;
    send(name: string, data: object): Promise<unknown>;
    insert(name: string, jobs: readonly object[]): Promise<unknown>;
  };
}

const workers = 4;

/** A job for each push; the sender has its 200 when they are committed. Workers are woken, and fetch while there is more. */
serveForwarder(async (options) => {
  const { PgBoss } = await loadPeer<PgBossModule>('pg-boss');
  const boss = new PgBoss({ connectionString: options.storeUrl, max: 20, useListenNotify: true });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('push', { notify: true, retryLimit: 0 });
  const post = dispatchPost(options);
  const fetching = {
    batchSize: Math.ceil(options.concurrency / workers),
    localConcurrency: workers,
    pollingIntervalSeconds: 0.5,
    burstWhenBatchFull: true,
  };
  await boss.work('push', fetching, (jobs) => Promise.all(jobs.map((job) => post(job.data.body))));
  if (options.fanOut === 1) return (body) => boss.send('push', { body });
  return (body) => boss.insert('push', copies(options.fanOut, { data: { body } }));
});
