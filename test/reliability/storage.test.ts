import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { databaseFile, openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { quiet } from '../support/dispatcher-harness.ts';
import { pushOf, startTestApp, type Hook, type TestAppOptions } from '../support/test-app.ts';
import { startService, usualCommand } from '../support/service.ts';
import { until } from '../support/until.ts';

const modes = ['at_most_once', 'at_least_once'] as const;
/** A database that could not is asked again after half a second. */
const severalTriesMs = 1_200;
const oneMegabyte = 1_048_576;

/** Runs the rest of its arguments with a separate disk of so many bytes, mounted at an empty folder. */
const onSmallDisk = [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"',
  'sh',
] as const;
const mayMount = spawnSync(onSmallDisk[0], [...onSmallDisk.slice(1), '1m', '/mnt', 'true']).status === 0;

const onDisk = (folder: string) => [...onSmallDisk, '6m', folder, ...usualCommand] as const;

test(
  'a disk that is full: no push is taken that cannot be kept, and when there is room again all goes out, once',
  { skip: mayMount ? false : 'may not mount a disk' },
  async (t) => {
    const { scene, place, hooks } = await start(t, { command: onDisk });
    const disk = `/proc/${scene.service.pid}/root${scene.folder}`;
    for (const { path } of hooks) scene.receiver.answer(path, 'hang');
    await place.report({ title: 'first', alert_key: 'first', description: 'in flight' });
    for (const hook of hooks) await hook.pushes(1);
    const readiness = async (expected: number) => {
      const answer = await fetch(`${scene.service.url}/readyz`);
      assert.equal(answer.status, expected);
      return answer.text();
    };
    await readiness(200);
    const filler = await fill(join(disk, 'filler'));
    // The remaining pages of the log take a few more.
    const taken: string[] = [];
    const push = (number: number) => {
      const body = { title: 'x', alert_key: `k${number}`, event_status: 'Info', description: 'x'.repeat(2_000) };
      return scene.call(`/event/push/alert/standard?integration_key=${place.sourceKey}`, body, { key: '' });
    };
    let answered = await push(1);
    for (let number = 2; answered.status === 200; number += 1) {
      taken.push(`k${number - 1}`);
      assert.ok(number < 2_000, 'the disk does not fill up');
      answered = await push(number);
    }
    assert.deepEqual([answered.status, answered.error?.code], [503, 'ServiceUnavailable']);
    assert.match(answered.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal((await scene.call('/healthz', {}, { method: 'GET', key: '' })).status, 200);
    assert.match(await readiness(503), /"reasons":\["the disk of TOCSIN_DATA has \d+ bytes left/);
    for (const { path } of hooks) scene.receiver.answer(path, { status: 200 });
    scene.receiver.release(200);
    await quiet(severalTriesMs);

    await filler.remove();
    await readiness(200);
    assert.equal((await push(0)).status, 200);
    taken.push('k0');
    for (const hook of hooks) {
      const pushes = await hook.pushes(taken.length + 1);
      const keys = pushes.map((push) => String(pushOf(push).alert?.['alert_key']));
      assert.deepEqual(keys.toSorted(), ['first', ...taken].toSorted());
      const [first] = await hook.history(1);
      assert.deepEqual([first?.status, first?.attempt], ['success', 1]);
    }
  },
);

test(
  'a disk that is slow is not the receiver’s fault: what takes long to store is delivered in time',
  skipWithout(missingCommand('strace', 'strace')),
  async (t) => {
    const timeoutMs = 1_000;
    // Microseconds: one sync alone takes longer than the receiver has.
    const slow = 'inject=fsync,fdatasync:delay_exit=1200000';
    const options = ['-D', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-e', slow, '-o', '/dev/null'];
    const { scene, place, hooks } = await start(t, { timeoutMs });
    await scene.service.stop();
    await scene.service.restart({}, ['strace', ...options, ...usualCommand]);
    const begun = performance.now();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => place.report({ title: key, alert_key: key })));
    for (const hook of hooks) {
      const records = await hook.history(4);
      for (const { status, attempt, duration } of records) {
        assert.deepEqual([status, attempt], ['success', 1]);
        assert.ok(duration < timeoutMs, `${duration} ms`);
      }
      assert.equal(hook.received().length, 4);
    }
    assert.ok(performance.now() - begun > timeoutMs, 'the disk was not slow');
  },
);

test('a backup that is put back: with --restored nothing is sent twice under at_most_once, all of it again else', async (t) => {
  const { scene, place, hooks } = await start(t);
  const { service } = scene;
  const setting = (path: string) =>
    Promise.all(hooks.map((hook) => service.api(`/webhook/${path}`, { integration_id: hook.id })));
  await setting('pause');
  const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => place.report({ title: key, alert_key: key })));
  const file = join(scene.folder, databaseFile);
  // As an operator makes it while the service runs.
  const source = new DatabaseSync(file, { readOnly: true });
  await backup(source, `${file}.backup`);
  source.close();
  await setting('resume');
  for (const hook of hooks) await hook.history(10);
  await service.kill('SIGKILL');
  for (const left of [`${file}-wal`, `${file}-shm`]) await rm(left, { force: true });
  await rename(`${file}.backup`, file);
  await service.restart({}, [...usualCommand, '--restored']);
  await setting('resume');
  await place.report({ title: 'new', alert_key: 'new' });
  const [once, repeated] = hooks;
  assert.ok(once !== undefined && repeated !== undefined);
  await repeated.pushes(21);
  await once.pushes(11);
  await repeated.history(11);
  const sentTo = (hook: Hook) => Map.groupBy(hook.received(), (push) => String(pushOf(push).alert?.['alert_key']));
  for (const key of [...keys, 'new']) {
    assert.equal(sentTo(once).get(key)?.length, 1, key);
    assert.equal(sentTo(repeated).get(key)?.length, key === 'new' ? 1 : 2, key);
  }
});

const writtenMegabytes = 200;

test('the write-ahead log stays small, however much is written while somebody reads page by page', async (t) => {
  const folder = await temporaryFolder('log');
  t.after(() => folder.remove());
  const ports = { clock: systemClock, timers: systemTimers };
  const database = await openDatabase({ folder: folder.path, ...ports, inBackground: true });
  t.after(() => database.close());
  const file = join(folder.path, databaseFile);
  const state = { writing: true, pages: 0, logMax: 0 };
  const read = async () => {
    while (state.writing) {
      let after = '';
      for (let rows: { idempotency_id: string }[] | undefined; rows === undefined || rows.length === 50;) {
        const page = database.read.selectFrom('idempotency').selectAll().where('idempotency_id', '>', after);
        rows = await page.orderBy('idempotency_id').limit(50).execute();
        after = rows.at(-1)?.idempotency_id ?? '';
        state.pages += 1;
        state.logMax = Math.max(state.logMax, statSync(`${file}-wal`).size);
        // Reads need not wait for anything, and would leave nobody else a turn.
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
  };
  const reading = read();
  for (let number = 0; number < writtenMegabytes; number += 1) {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      idempotency_id: `${number} ${index}`,
      body_hash: 'x'.repeat(10_000),
      response: '',
      created_at: 1,
    }));
    await database.transaction((tx) => tx.insertMany('idempotency', rows));
  }
  state.writing = false;
  await reading;
  const sizes = [statSync(file).size, state.logMax].map((size) => Math.round(size / oneMegabyte));
  t.diagnostic(`${sizes[0]} MB in the file, ${sizes[1]} MB in the log at most, ${state.pages} pages read`);
  assert.ok(state.pages > 50);
  assert.ok(statSync(file).size > 0.7 * writtenMegabytes * oneMegabyte);
  // The thread begins it anew from 24 MiB on, and looks every 50 ms: a fast disk takes much in that time.
  assert.ok(state.logMax < 0.35 * writtenMegabytes * oneMegabyte, `${sizes[1]} MB`);
});

/** The service with a webhook of each mode. */
async function start(t: TestContext, { timeoutMs = 30_000, ...options }: StartOptions = {}) {
  const scene = await startTestApp(options);
  t.after(() => scene.stop());
  const place = await scene.place();
  const hooks: Hook[] = [];
  for (const delivery_mode of modes) hooks.push(await place.hook('alert', { delivery_mode, timeout_ms: timeoutMs }));
  return { scene, place, hooks };
}

interface StartOptions extends Pick<TestAppOptions, 'command'> {
  /** Of a push. */
  readonly timeoutMs?: number;
}

/** Takes all the room that is left. */
async function fill(file: string): Promise<{ remove(): Promise<void> }> {
  const handle = await open(file, 'w');
  const page = Buffer.alloc(4_096);
  try {
    for (;;) await handle.write(page);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    await handle.close();
  }
  return { remove: () => rm(file) };
}

test(
  'a disk that is full at the start: the service waits and says so, and starts when there is room',
  { skip: mayMount ? false : 'may not mount a disk' },
  async (t) => {
    const folder = await temporaryFolder('full-at-start');
    t.after(() => folder.remove());
    const fillFirst = [
      ...onSmallDisk.slice(0, -1),
      'sh',
      '6m',
      folder.path,
      'sh',
      '-c',
      'head -c 6291456 /dev/zero > "$0/filler"; exec "$@"',
      folder.path,
      ...usualCommand,
    ];
    const service = await startService({
      folder: folder.path,
      database: 'sqlite',
      command: fillFirst as [string, ...string[]],
      until: /database\.awaited/,
    });
    t.after(() => service.kill('SIGKILL'));
    const readiness = await fetch(`${service.url}/readyz`);
    assert.equal(readiness.status, 503);
    assert.match(await readiness.text(), /no space left|ENOSPC/);
    await rm(`/proc/${service.pid}/root${folder.path}/filler`);
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 200);
  },
);
