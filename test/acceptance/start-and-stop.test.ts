import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService, usualCommand } from '../support/service.ts';
import { until } from '../support/until.ts';
import { around, databasesAndThreads, pushOf, startTestApp, type TestApp } from '../support/test-app.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const pollMs = 20;
const pollMax = 500;

for (const { database, where, env } of databasesAndThreads) {
  describe(`starting and stopping, on ${database}${where}`, () => {
    test('a second start keeps everything', async (t) => {
      const scene = await startTestApp({ database, env });
      t.after(() => scene.stop());
      const place = await scene.place();
      const hook = await place.hook('incident', { headers: { 'X-Team': 'web' } });
      await place.report({ title: 'disk', alert_key: 'disk' });
      await hook.history(1);
      const before = await everything(scene);
      await scene.service.stop();
      await scene.service.restart();
      assert.deepEqual(await everything(scene), before);
      // An open alert continues: it recovers, and its incident ends with the next sequence.
      await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Ok' });
      const [, resolved] = await hook.pushes(2);
      assert.equal(resolved?.headers['tocsin-sequence'], '2');
      assert.equal(resolved?.headers['x-team'], 'web');
    });

    test('SIGTERM drains: attempts in flight get their result, nothing more begins, and the rest comes after the start', async (t) => {
      const scene = await startTestApp({ database, env });
      t.after(() => scene.stop());
      const place = await scene.place();
      const hook = await place.hook('alert', { timeout_ms: 30_000, max_in_flight: 20 });
      // With answers the connections to its origin grow, until the webhook may use all of its share.
      const warm = 20;
      for (let index = 1; index <= warm; index += 1)
        await place.report({ title: `${index}`, alert_key: `warm-${index}` });
      await hook.history(warm);
      scene.receiver.answer(hook.path, 'hang');
      await Promise.all(
        Array.from({ length: 25 }, (_, index) => place.report({ title: `${index}`, alert_key: `${index}` })),
      );
      await hook.pushes(warm + 20);

      const ended = scene.service.stop();
      const readiness = await untilNotReady(scene);
      assert.deepEqual(
        [readiness.status, readiness.text],
        [503, '{"ready":false,"reasons":["the server is closing"]}'],
      );
      const refused = await scene.call('/channel/create', { channel_name: 'late' });
      assert.deepEqual([refused.status, refused.error?.code], [503, 'ServiceUnavailable']);
      assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
      assert.equal((await scene.call('/member/info')).status, 200);
      assert.equal(scene.receiver.inFlight, 20);

      scene.receiver.answer(hook.path, { status: 200 });
      scene.receiver.release(200);
      await ended;
      assert.equal(hook.received().length, warm + 20);
      const { after_ms: _, ...stopped } = logLine(scene, 'service.stopped');
      assert.deepEqual(
        [logLine(scene, 'service.stopping')['in_flight'], stopped['drained'], stopped['cut_off'], stopped['waiting']],
        [20, 20, 0, 5],
      );
      await scene.service.restart();
      // It counts what waits after it takes requests.
      await until(() => scene.service.logs.filter((line) => line.includes('"event":"service.started"')).length === 2);
      const started = logLine(scene, 'service.started');
      assert.deepEqual([started['interrupted'], started['restored']], [0, 0]);
      const records = await hook.history(warm + 25);
      assert.deepEqual(
        records.filter((record) => record.status !== 'success'),
        [],
      );
      const ids = hook.received().map((push) => pushOf(push).event_id);
      assert.deepEqual([ids.length, new Set(ids).size], [warm + 25, warm + 25]);
    });

    test('kill -9 leaves what was in flight unknown, never to be sent again, and what waited is delivered', async (t) => {
      const scene = await startTestApp({ database, env });
      t.after(() => scene.stop());
      const place = await scene.place();
      const hook = await place.hook('alert', { timeout_ms: 30_000 });
      scene.receiver.answer(hook.path, 'hang');
      await place.report({ title: 'disk', alert_key: 'disk' });
      await hook.pushes(1);
      await place.report({ title: 'disk', alert_key: 'disk', description: 'fuller' });
      await scene.service.kill('SIGKILL');
      scene.receiver.answer(hook.path, { status: 200 });
      await scene.service.restart();
      // It counts what waits after it takes requests.
      await until(() => scene.service.logs.filter((line) => line.includes('"event":"service.started"')).length === 2);
      const started = logLine(scene, 'service.started');
      assert.deepEqual([started['interrupted'], started['restored']], [1, 0]);
      const [lost, delivered] = await hook.history(2);
      assert.deepEqual([lost?.event_type, lost?.status, lost?.status_code], ['a_new', 'failed', 0]);
      assert.match(lost?.error_message ?? '', /may have/);
      assert.deepEqual([delivered?.event_type, delivered?.status], ['a_update', 'success']);
      assert.deepEqual(
        hook.received().map((push) => push.headers['tocsin-sequence']),
        ['1', '2'],
      );
    });
  });
}

test('the first start prints a key that works, once and never again', async (t) => {
  const folder = await temporaryFolder('first-start');
  t.after(() => folder.remove());
  const service = await startService({ folder: folder.path, database: 'sqlite', env: { TOCSIN_APP_KEY: '' } });
  t.after(() => service.stop());
  const lines = async () => {
    for (let poll = 0; poll < pollMax && !service.logs.some((line) => line.startsWith('Try it:')); poll += 1) {
      await sleep(pollMs);
    }
    return service.logs;
  };
  const said = await lines();
  // The log may have a line in between.
  const key = said.map((line) => line.trim()).find((line) => /^[0-9a-f]{32}\d{3}$/.test(line)) ?? '';
  assert.notEqual(key, '', said.join('\n'));
  const whoIs = async () => {
    const answer = await fetch(`${service.url}/member/info`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{}',
    });
    return ((await answer.json()) as { data: { role: string } }).data.role;
  };
  assert.equal(await whoIs(), 'admin');
  const first = service.logs.length;
  await service.stop();
  await service.restart();
  assert.equal(await whoIs(), 'admin');
  await service.stop();
  assert.deepEqual(
    service.logs.slice(first).filter((line) => line.includes(key) || /app key/i.test(line)),
    [],
  );
});

test('wrong settings are all named at once, in one sentence each, and nothing starts', async (t) => {
  const folder = await temporaryFolder('wrong-settings');
  t.after(() => folder.remove());
  const wrong = {
    TOCSIN_HISTORY_DAYS: 'many',
    TOCSIN_EGRESS_ALLOW: '10.0.0.0/8,nonsense',
    TOCSIN_PUBLIC_URL: 'ftp://example.org',
    TOCSIN_ADMIN_PASSWORD: 'canary',
    TOCSIN_HISTROY_DAYS: '7',
  };
  await assert.rejects(startService({ folder: folder.path, database: 'sqlite', env: wrong }), (error) => {
    const { message } = error as Error;
    assert.match(message, /the service ended with 1/);
    for (const name of Object.keys(wrong)) assert.match(message, new RegExp(`\\b${name}\\b`));
    assert.match(message, /TOCSIN_HISTROY_DAYS is not a setting; did you mean TOCSIN_HISTORY_DAYS\?/);
    assert.ok(!message.includes('canary') && !message.includes('    at '), message);
    return true;
  });
});

test('two services on one data folder: the second says so and leaves the first alone', async (t) => {
  const scene = await startTestApp();
  t.after(() => scene.stop());
  await assert.rejects(startService({ folder: scene.folder, database: 'sqlite' }), (error) => {
    assert.match((error as Error).message, /the service ended with 1/);
    assert.match((error as Error).message, /tocsin: already running: another process uses the database/);
    return true;
  });
  await scene.place();
});

test(
  'a start reads no source map, which would take longer than all the rest of it',
  skipWithout(missingCommand('strace', 'strace')),
  async (t) => {
    const scene = await startTestApp({ database: 'sqlite' });
    t.after(() => scene.stop());
    await scene.service.stop();
    const trace = join(scene.folder, 'opened');
    const options = ['-D', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=openat', '-o', trace];
    await scene.service.restart({}, ['strace', ...options, ...usualCommand]);
    const opened: readonly string[] = (await readFile(trace, 'utf8')).match(/[\w-]+\.(?:js|map)(?=")/g) ?? [];
    assert.ok(opened.includes('main.js'), opened.join());
    assert.deepEqual(
      opened.filter((name) => name.endsWith('.map')),
      [],
    );
  },
);

test('a port that is taken is said at once, and no database is touched', async (t) => {
  const folder = await temporaryFolder('taken-port');
  t.after(() => folder.remove());
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  await assert.rejects(
    startService({ folder: folder.path, database: 'sqlite', env: { TOCSIN_LISTEN: `127.0.0.1:${port}` } }),
    new RegExp(`the service ended with 1[^]*tocsin: cannot listen on 127\\.0\\.0\\.1:${port} .*TOCSIN_LISTEN`),
  );
  assert.deepEqual(await readdir(folder.path), []);
});

test('a start that loses the database after it has begun to work ends, for its supervisor to start it again', async (t) => {
  const folder = await temporaryFolder('failed-start');
  t.after(() => folder.remove());
  await using empty = await emptyPostgres('failed_start');
  const { proxy, url } = await TcpProxy.before(empty.url);
  t.after(() => proxy.close());
  proxy.loseCommitAfter('insert into shard_lease');
  const options = { folder: folder.path, database: 'postgres', databaseUrl: url } as const;
  await assert.rejects(
    startService(options),
    /the service ended with 1[^]*tocsin: the connection was lost while committing/,
  );
  assert.equal(proxy.lost, 1);
  const service = await startService(options);
  await service.stop();
});

/** What there is, as the API shows it. */
async function everything(scene: TestApp): Promise<unknown[]> {
  const { start_time, end_time } = around();
  const window = { start_time: Math.floor(start_time / 1000), end_time: Math.floor(end_time / 1000), limit: 100 };
  const queries: readonly (readonly [path: string, body: object])[] = [
    ['/account/info', {}],
    ['/member/list', {}],
    ['/person/app-key/list', {}],
    ['/channel/list', {}],
    ['/integration/list', {}],
    ['/webhook/list', {}],
    ['/alert/list', window],
    ['/incident/list', window],
    ['/webhook/history/list', { start_time, end_time, limit: 100 }],
  ];
  return Promise.all(queries.map(async ([path, body]) => [path, (await scene.call(path, body)).data]));
}

async function untilNotReady(scene: TestApp) {
  for (let poll = 0; poll < pollMax; poll += 1) {
    const answered = await scene.call('/readyz', {}, { method: 'GET', key: '' });
    if (answered.status !== 200) return answered;
    await sleep(pollMs);
  }
  throw new Error('the service stayed ready');
}

/** The last line of the log with this event. */
function logLine({ service }: TestApp, event: string): Record<string, unknown> {
  const line = service.logs.findLast((one) => one.includes(`"event":"${event}"`));
  assert.ok(line !== undefined, event);
  return JSON.parse(line) as Record<string, unknown>;
}
