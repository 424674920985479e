import assert from 'node:assert/strict';
import { copyFile, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { usualCommand } from '../support/service.ts';
import { until } from '../support/until.ts';
import { pushOf, startTestApp, type TestApp } from '../support/test-app.ts';

async function started(t: TestContext): Promise<TestApp> {
  const scene = await startTestApp();
  t.after(() => scene.stop());
  return scene;
}

const file = (scene: TestApp, name: string) => join(scene.folder, name);

/** Starts it and expects that it ends with these words. */
async function refusesToStart(scene: TestApp, words: RegExp): Promise<void> {
  const before = scene.service.logs.length;
  await assert.rejects(scene.service.restart());
  assert.equal(scene.service.exitCode, 1);
  assert.match(scene.service.logs.slice(before).join('\n'), words);
}

test('a database that is gone or empty beside its key file is no first start: it is refused until --new', async (t) => {
  const scene = await started(t);
  await scene.place();
  await scene.service.stop();
  for (const name of ['tocsin.db-wal', 'tocsin.db-shm']) await rm(file(scene, name), { force: true });
  await rename(file(scene, 'tocsin.db'), file(scene, 'kept'));
  await refusesToStart(scene, /tocsin\.db is gone, but .*secret\.key shows that there was a database.*--new/);
  assert.ok(!existsSync(file(scene, 'tocsin.db')), 'nothing was made');
  await writeFile(file(scene, 'tocsin.db'), '');
  await refusesToStart(scene, /tocsin\.db is empty, but .*secret\.key shows/);
  await rm(file(scene, 'secret.key'));
  await refusesToStart(scene, /tocsin\.db is empty, but .*tocsin\.db-commits shows/);
  await scene.service.restart({}, [...usualCommand, '--new']);
  assert.ok(!scene.service.logs.some((line) => line.includes('database.behind')));
  assert.equal((await scene.service.api('/channel/list'))['total'], 0);
  await scene.service.stop();
});

test('a database whose key file is gone is refused, and no new, wrong key is left behind', async (t) => {
  const scene = await started(t);
  await scene.service.stop();
  const key = await readFile(file(scene, 'secret.key'));
  await rm(file(scene, 'secret.key'));
  await refusesToStart(scene, /secret\.key is gone.*restore it from a backup/);
  assert.ok(!existsSync(file(scene, 'secret.key')));
  await writeFile(file(scene, 'secret.key'), key);
  await scene.service.restart();
});

for (const loss of ['lost', 'cut off', 'of an older copy'] as const) {
  test(`a write-ahead log that is ${loss}: nothing is sent twice at most once, and the loss is logged`, async (t) => {
    const scene = await started(t);
    const place = await scene.place();
    const hook = await place.hook('alert', { timeout_ms: 30_000 });
    await place.report({ title: 'before', alert_key: 'before' });
    await hook.history(1);
    await scene.service.kill('SIGKILL');
    for (const name of ['tocsin.db', 'tocsin.db-wal']) await copyFile(file(scene, name), file(scene, `${name}.old`));
    await scene.service.restart();
    const first = place.report({ title: 'waits', alert_key: 'waits' });
    scene.receiver.answer(hook.path, 'hang', { status: 200 });
    await first;
    await hook.pushes(2);
    await scene.service.kill('SIGKILL');
    if (loss === 'lost') await rm(file(scene, 'tocsin.db-wal'));
    if (loss === 'cut off')
      await truncate(file(scene, 'tocsin.db-wal'), (await stat(file(scene, 'tocsin.db-wal'))).size >> 1);
    if (loss === 'of an older copy') {
      for (const name of ['tocsin.db', 'tocsin.db-wal']) await rename(file(scene, `${name}.old`), file(scene, name));
    }
    scene.receiver.release(200);
    await scene.service.restart();
    assert.ok(scene.service.logs.some((line) => line.includes('database.behind') && line.includes('lost_commits')));
    const after = await scene.place();
    const marker = await after.hook('alert');
    await after.report({ title: 'after', alert_key: 'after' });
    await marker.history(1);
    const titles = hook.received().map((push) => String(pushOf(push).alert?.['title']));
    assert.equal(new Set(titles).size, titles.length, `sent twice: ${titles.join()}`);
    const logged = scene.service.logs.filter((line) => line.includes('database.behind')).length;
    await scene.service.stop();
    await scene.service.restart();
    assert.equal(scene.service.logs.filter((line) => line.includes('database.behind')).length, logged, 'only once');
  });
}

for (const way of ['deleted', 'moved away'] as const) {
  test(`a data folder that is ${way} while it runs: nothing more is acknowledged, and the service ends`, async (t) => {
    const scene = await startTestApp();
    t.after(() => assert.rejects(scene.stop(), /ended with 1/));
    const place = await scene.place();
    if (way === 'deleted') await rm(scene.folder, { recursive: true });
    else await rename(scene.folder, `${scene.folder}-elsewhere`);
    if (way === 'moved away') t.after(() => rm(`${scene.folder}-elsewhere`, { recursive: true }));
    await assert.rejects(place.report({ title: 'x', alert_key: 'x' }), 'acknowledged');
    assert.equal(await scene.service.ended(), null);
    assert.equal(scene.service.exitCode, 1);
    assert.match(
      scene.service.logs.join('\n'),
      /was deleted, moved or replaced while the service was running.*database\.gone/,
    );
  });
}

test('a data folder that is deleted while the service drains: it ends, and says what it could not write', async (t) => {
  const scene = await startTestApp({ env: { TOCSIN_DRAIN_SECONDS: '3' } });
  t.after(() => assert.rejects(scene.stop(), /ended with 1/));
  const place = await scene.place();
  const hook = await place.hook('alert', { timeout_ms: 30_000 });
  scene.receiver.answer(hook.path, 'hang');
  await place.report({ title: 'x', alert_key: 'x' });
  await hook.pushes(1);
  const ended = scene.service.kill('SIGTERM');
  await until(() => scene.service.logs.some((line) => line.includes('service.stopping')));
  await rm(scene.folder, { recursive: true });
  const late = setTimeout(() => void scene.service.kill('SIGKILL'), 32_000);
  await ended;
  clearTimeout(late);
  const logs = scene.service.logs.join('\n');
  assert.equal(scene.service.exitCode, 1, logs);
  assert.match(logs, /"results":1,.*results\.lost/);
  assert.match(logs, /tocsin: the database file .* was deleted, moved or replaced/);
});
