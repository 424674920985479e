import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { readConsoleFiles } from './console-files.ts';

const builds = 100;

/** Puts one build after another into the folder, each as soon as the one before has been read. */
const builder = `
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

const { folder, readings, module } = workerData;
const { putInPlace } = await import(module);
for (let build = 1; build <= ${builds}; build++) {
  const fresh = folder + '-fresh';
  mkdirSync(join(fresh, 'assets'), { recursive: true });
  for (const part of ['a', 'b', 'c']) writeFileSync(join(fresh, 'assets', part + build + '.js'), String(build));
  writeFileSync(join(fresh, 'index.html'), String(build));
  const read = Atomics.load(readings, 0);
  await putInPlace(fresh, folder, ['index.html']);
  Atomics.wait(readings, 0, read);
}
Atomics.store(readings, 1, 1);
`;

test('while the console is built anew, all files that are read are of one build', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'tocsin-console-files-'));
  t.after(() => rm(parent, { recursive: true }));
  const folder = join(parent, 'dist');
  const readings = new Int32Array(new SharedArrayBuffer(8));
  const module = new URL('../../../console/put-in-place.ts', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(builder)}`), {
    workerData: { folder, readings, module },
  });
  t.after(() => worker.terminate());
  let failure: Error | undefined;
  worker.on('error', (error: Error) => (failure = error));
  let seen = 0;
  while (Atomics.load(readings, 1) === 0) {
    const files = readConsoleFiles(folder);
    Atomics.add(readings, 0, 1);
    Atomics.notify(readings, 0);
    // Lets an error of the other thread arrive.
    await nextTurn();
    assert.equal(failure, undefined);
    if (files === undefined) {
      assert.equal(seen, 0, 'a console that was built is not built any more');
      continue;
    }
    const build = Number(files.page.bytes.toString());
    assert.ok(build >= seen);
    seen = build;
    const paths = files.assets.map((file) => file.path);
    for (const part of ['a', 'b', 'c']) assert.ok(paths.includes(`/assets/${part}${build}.js`), paths.join());
  }
  assert.equal(Number(readConsoleFiles(folder)?.page.bytes.toString()), builds);
});
