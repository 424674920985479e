import { Worker } from 'node:worker_threads';
import type { DatabaseLogger } from './slow-statements.ts';

/** Starts the thread that moves the write-ahead log into the file. @returns what ends it. */
export function startCheckpointer(file: string, logger: DatabaseLogger | undefined): () => Promise<void> {
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: { file } });
  worker.unref();
  // Without it everything still works, only with longer pauses: the writer moves the log by itself.
  worker.on('error', (error) => logger?.warn({ error }, 'checkpointer.ended'));
  return async () => {
    await worker.terminate();
  };
}
