import { copies, dispatchPost, loadPeer, serveForwarder } from './forwarder.ts';

interface BullMq {
  readonly Queue: new (name: string, options: object) => { addBulk(jobs: object[]): Promise<unknown>; add: Add };
  readonly Worker: new (
    name: string,
    work: (job: { data: { body: string } }) => Promise<void>,
    options: object,
  ) => { on(event: 'error', listener: (error: Error) => void): void };
}
type Add = (name: string, data: object, options: object) => Promise<unknown>;

/** A job for each push; the sender has its 200 when Redis has them. */
serveForwarder(async (options) => {
  const { Queue, Worker } = await loadPeer<BullMq>('bullmq');
  const { hostname, port } = new URL(options.storeUrl);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue('push', { connection });
  const post = dispatchPost(options);
  const worker = new Worker('push', ({ data }) => post(data.body), { connection, concurrency: options.concurrency });
  worker.on('error', () => {});
  const kept = { removeOnComplete: true, removeOnFail: true };
  if (options.fanOut === 1) return (body) => queue.add('push', { body }, kept);
  return (body) => queue.addBulk(copies(options.fanOut, { name: 'push', data: { body }, opts: kept }));
});
