import { Worker } from 'node:worker_threads';
import type { DatabaseLogger } from '../slow-statements.ts';

/** It makes few objects. By default Node would let them grow to 96 MB before it looks which are still in use. */
const maxYoungGenerationSizeMb = 2;

/** Starts the thread that moves the write-ahead log into the file. @returns a function that ends it. */
export function startCheckpointer(file: string, logger: DatabaseLogger | undefined): () => Promise<void> {
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
    workerData: { file },
    resourceLimits: { maxYoungGenerationSizeMb },
  });
  worker.unref();
  // Without the thread everything still works, with longer pauses: the writer moves the log itself.
  worker.on('error', (error) => logger?.warn({ error }, 'checkpointer.ended'));
  return async () => {
    await worker.terminate();
  };
}
