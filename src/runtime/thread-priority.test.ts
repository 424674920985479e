import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

test(
  'a thread that goes behind leaves the priority of the others alone',
  {
    skip: process.platform !== 'linux' && 'threads have priorities on Linux only',
  },
  async () => {
    const usual = getPriority();
    const module = new URL('./thread-priority.ts', import.meta.url).href;
    const worker = new Worker(
      `import { parentPort } from 'node:worker_threads';
     import { readlinkSync } from 'node:fs';
     import { basename } from 'node:path';
     import { getPriority } from 'node:os';
     import { goBehind } from '${module}';
     goBehind();
     parentPort.postMessage(getPriority(Number(basename(readlinkSync('/proc/thread-self')))));`,
      { eval: true, execArgv: ['--input-type=module'] },
    );
    const [priority] = await once(worker, 'message');
    await worker.terminate();
    assert.equal(priority, 10);
    assert.equal(getPriority(), usual);
  },
);
