import { parentPort } from 'node:worker_threads';
import type { Job } from './worker-pool.ts';
import type { ScriptedRun } from './exploration.ts';
import { variantOf } from './mutant-list.ts';
import { simulate } from './run.ts';
import { openScratch } from './scratch.ts';
import { runTiny } from './tiny.ts';

const port = parentPort;
if (port === null) throw new Error('this is a worker thread of the simulation: start command.ts');

const scratch = await openScratch();
port.on('message', (job: Job) => {
  void carriedOut(job).then(({ report, widths }) => {
    // What led to nothing is not worth its way to the other thread.
    port.postMessage({ widths, report: report.violation === undefined ? { ...report, lastLines: [] } : report });
  });
});

async function carriedOut(job: Job): Promise<ScriptedRun> {
  const variant = variantOf(job.mutant);
  if ('tiny' in job) return runTiny({ ...scratch, ...job, variant });
  return { report: await simulate({ ...scratch, seed: job.seed, variant }), widths: [] };
}
