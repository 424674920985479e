import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createSecretBox, parseKeyRing } from '../../src/access/secret-box.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { temporaryFolder } from '../counterparts/program.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService, type Json, type Service } from '../support/service.ts';
import { queryAll } from '../support/raw-rows.ts';

const root = join(import.meta.dirname, '..', '..');
/** Which a command on a machine has. */
type Env = Readonly<Record<string, string>>;

for (const database of ['sqlite', 'postgres'] as const) {
  test(`${database}: a lost key is made anew, while the service runs and while it does not`, async () => {
    await using place = await installed(database);
    const { service } = place;
    const running = (await command(['admin-key'], place.env)).trim();
    assert.match(running, /^[0-9a-f]{32}\d{3}$/);
    assert.equal(await roleOf(service, running), 'admin');
    await service.stop();
    const stopped = (await command(['admin-key'], place.env)).trim();
    assert.notEqual(stopped, running);
    await service.restart();
    assert.deepEqual([await roleOf(service, running), await roleOf(service, stopped)], ['admin', 'admin']);
    const { docs } = (await service.api('/audit/search', window())) as { docs: Json[] };
    const made = docs.filter(({ operation }) => operation === 'person:app-key:create');
    assert.equal(made.length, 2, JSON.stringify(docs));
    assert.ok(!JSON.stringify(docs).includes(stopped));
  });

  test(`${database}: the only key is the one that was made last`, async () => {
    await using place = await installed(database);
    const { service } = place;
    const first = (await command(['admin-key'], place.env)).trim();
    const only = (await command(['admin-key', '--only'], place.env)).trim();
    assert.deepEqual([await roleOf(service, first), await roleOf(service, only)], [401, 'admin']);
    await service.stop();
    const last = (await command(['admin-key', '--only', '--email', 'ADMIN@example.org'], place.env)).trim();
    await service.restart();
    assert.deepEqual([await roleOf(service, only), await roleOf(service, last)], [401, 'admin']);
  });

  test(`${database}: another key seals everything, wherever it is killed, and each start opens all of it`, async () => {
    await using place = await installed(database);
    const { service, folder } = place;
    const path = join(folder, 'secret.key');
    const before = readFileSync(path, 'utf8');
    const { secret } = await service.api('/webhook/create', {
      type: 'incident',
      name: 'Tickets',
      endpoint: 'https://example.com/x',
      headers: { Authorization: 'Bearer canary-canary' },
    });
    assert.match(String(secret), /^whsec_/);
    const channel = await service.api('/channel/create', { channel_name: 'Web' });
    const source = { name: 'Scripts', type: 'standard', channel_id: channel['channel_id'] };
    const { integration_key: key } = await service.api('/integration/create', source);
    await service.stop();
    await place.silence();
    for (const crash of ['rotate.before', 'rotate.page:1', 'rotate.page:3', 'rotate.sealed']) {
      const died = await command(['rotate-secret-key'], { ...place.env, TOCSIN_TEST_CRASH: crash }).then(
        () => undefined,
        (error: { signal?: string }) => error.signal,
      );
      assert.equal(died, 'SIGKILL', crash);
      assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2, crash);
      await service.restart();
      const taken = await service.push('standard', String(key), {
        event_status: 'Info',
        title: crash,
        alert_key: crash,
      });
      assert.equal(taken.status, 200, taken.body);
      await service.api('/webhook/list');
      await service.stop();
      await place.silence();
    }
    assert.match(await command(['rotate-secret-key'], place.env), /sealed with the new key/);
    const after = readFileSync(path, 'utf8');
    assert.equal(parseKeyRing(after).length, 1);
    assert.notEqual(after, before);
    await place.assertSealedBy(createSecretBox(parseKeyRing(after), systemRandom));
    await service.restart();
    await service.push('standard', String(key), { event_status: 'Info', title: 'after', alert_key: 'after' });
    assert.equal(((await service.api('/webhook/list'))['items'] as Json[]).length, 1);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('secret.key')),
      ['secret.key'],
    );
  });

  test(`${database}: a start without the key of the database fails and leaves no other key behind`, async () => {
    await using place = await installed(database);
    const { service, folder } = place;
    await service.api('/webhook/create', { type: 'incident', name: 'Tickets', endpoint: 'https://example.com/x' });
    await service.stop();
    const path = join(folder, 'secret.key');
    rmSync(path);
    await assert.rejects(service.restart());
    assert.match(service.logs.join('\n'), /secret\.key is gone/);
    assert.equal(existsSync(path), false);
    for (const name of ['admin-key', 'rotate-secret-key', 'sign-in-link']) {
      await assert.rejects(command([name], place.env), /there is no installation/);
      assert.equal(existsSync(path), false, name);
    }
  });
}

test('a key file that others may read is named in the log of the start, and a broken one in its last words', async () => {
  await using place = await installed('sqlite');
  const { service, folder } = place;
  await service.stop();
  const path = join(folder, 'secret.key');
  assert.doesNotMatch(service.logs.join('\n'), /secret_key\.open_to_others/);
  chmodSync(path, 0o644);
  await service.restart();
  assert.match(service.logs.join('\n'), /secret_key\.open_to_others/);
  await service.stop();
  writeFileSync(path, 'half a ke');
  await assert.rejects(service.restart());
  assert.match(service.logs.at(-1) ?? '', /^tocsin: .*secret\.key holds no key/);
});

test('a start that a stored secret ends says so in a sentence, whatever could not be closed', async () => {
  await using place = await installed('sqlite');
  const { service, folder } = place;
  await service.api('/webhook/create', { type: 'incident', name: 'Tickets', endpoint: 'https://example.com/x' });
  await service.stop();
  const file = new DatabaseSync(join(folder, 'tocsin.db'));
  file.exec(`update webhook set secrets_json = replace(secrets_json, '"v1.', '"v2.')`);
  file.close();
  await assert.rejects(service.restart());
  assert.match(service.logs.at(-1) ?? '', /^tocsin: a stored secret is not in a form that this version can open/);
});

test('a running service keeps its key: the command says why', async () => {
  await using place = await installed('sqlite');
  const path = join(place.folder, 'secret.key');
  const before = readFileSync(path, 'utf8');
  await assert.rejects(command(['rotate-secret-key'], place.env), /already running/);
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('with the key in the settings, the operator gives both, and the former one can go afterwards', async () => {
  const [old, next] = ['ab'.repeat(32), 'cd'.repeat(32)];
  await using place = await installed('postgres', { TOCSIN_SECRET_KEY: old });
  const { service } = place;
  await service.api('/webhook/create', { type: 'incident', name: 'Tickets', endpoint: 'https://example.com/x' });
  await assert.rejects(command(['rotate-secret-key'], place.env), /has one key: put the new one in front/);
  await service.stop();
  await service.restart({ TOCSIN_SECRET_KEY: `${next},${old}` });
  const both = { ...place.env, TOCSIN_SECRET_KEY: `${next},${old}` };
  // The node runs, and knows both keys.
  await command(['rotate-secret-key'], both);
  assert.equal(((await service.api('/webhook/list'))['items'] as Json[]).length, 1);
  await service.stop();
  await service.restart({ TOCSIN_SECRET_KEY: next });
  assert.equal(((await service.api('/webhook/list'))['items'] as Json[]).length, 1);
  await service.stop();
  await assert.rejects(service.restart({ TOCSIN_SECRET_KEY: old }));
  await service.restart({ TOCSIN_SECRET_KEY: next });
});

test('where two nodes make the first start at once with their own keys, the one that lost leaves none', async () => {
  await using database = await emptyPostgres('first_start');
  const folders = [await temporaryFolder('first-a'), await temporaryFolder('first-b')];
  const started = await Promise.allSettled(
    folders.map(({ path }) => startService({ folder: path, database: 'postgres', databaseUrl: database.url })),
  );
  const up = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  assert.equal(up.length, 1, 'without a common key, one of them cannot start');
  const keys = folders.filter(({ path }) => existsSync(join(path, 'secret.key')));
  assert.equal(keys.length, 1);
  await Promise.all(up.map((one) => one.stop()));
  for (const folder of folders) await folder.remove();
});

interface Installed extends AsyncDisposable {
  readonly service: Service;
  readonly folder: string;
  readonly env: Env;
  /** Lets the nodes that have stopped be forgotten. */
  silence(): Promise<void>;
  /** Every sealed value of the database. */
  assertSealedBy(box: ReturnType<typeof createSecretBox>): Promise<void>;
}

async function installed(database: 'sqlite' | 'postgres', settings: Env = {}): Promise<Installed> {
  const stack = new AsyncDisposableStack();
  const folder = await temporaryFolder('commands');
  stack.defer(() => folder.remove());
  const url = database === 'postgres' ? stack.use(await emptyPostgres('commands')).url : undefined;
  const place = url === undefined ? {} : { databaseUrl: url };
  const service = await startService({ folder: folder.path, database, env: settings, ...place });
  // Some tests leave it unable to start.
  stack.defer(() => service.kill('SIGKILL'));
  const env: Env = {
    PATH: process.env['PATH'] ?? '',
    TOCSIN_LISTEN: new URL(service.url).host,
    TOCSIN_DATA: folder.path,
    ...(url === undefined ? {} : { TOCSIN_DATABASE_URL: url }),
    ...settings,
  };
  return {
    service,
    folder: folder.path,
    env,
    async silence() {
      if (url !== undefined) await queryAll({ url }, 'delete from node');
    },
    async assertSealedBy(box) {
      let count = 0;
      const where = url === undefined ? { file: join(folder.path, 'tocsin.db') } : { url };
      for (const table of ['integration', 'webhook', 'idempotency']) {
        for (const row of await queryAll(where, `select * from ${table}`)) {
          for (const text of JSON.stringify(row).match(/v1\.[\w-]{16}\.[\w-]{22,}/g) ?? []) {
            assert.ok(box.isCurrent(text), table);
            count += 1;
          }
        }
      }
      assert.ok(count >= 3, `${count} sealed values`);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function command(args: readonly string[], env: Env): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/tocsin.js', ...args], { cwd: root, env });
  return stdout;
}

/** The role of the key's holder, or the status of the refusal. */
async function roleOf(service: Service, key: string): Promise<unknown> {
  const answer = await fetch(`${service.url}/member/info`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { data } = (await answer.json()) as { data?: { role?: string } };
  return answer.status === 200 ? data?.role : answer.status;
}

function window(): Json {
  const now = Math.floor(Date.now() / 1000);
  return { start_time: now - 3600, end_time: now + 3600, limit: 100 };
}
