import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { temporaryFolder } from '../counterparts/program.ts';
import { hasPostgres } from '../support/databases.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { readyLine, startService, type Service, type ServiceOptions } from '../support/service.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const waits = /"event":"database\.awaited"/;
const listens = /"event":"service\.listening"/;

describe('a service that starts', { skip: hasPostgres ? false : 'needs PostgreSQL' }, () => {
  const stack = new AsyncDisposableStack();
  let proxy: TcpProxy;
  let options: ServiceOptions;

  before(async () => {
    const folder = await temporaryFolder('waiting');
    stack.defer(() => folder.remove());
    const database = stack.use(await emptyPostgres('waiting'));
    const between = await TcpProxy.before(database.url);
    ({ proxy } = between);
    stack.defer(() => proxy.close());
    options = { folder: folder.path, database: 'postgres', databaseUrl: between.url };
  });
  beforeEach(() => proxy.cut());
  after(() => stack.disposeAsync());

  test('without its database lives and says what it waits for, takes nothing, and comes up alone on the same port', async (t) => {
    const service = await startService({ ...options, until: waits });
    t.after(() => service.stop());
    await assertNotReady(service, /waits for its database: the database cannot be reached/);
    for (const path of ['/event/push/alert/standard?integration_key=k', '/webhook/list']) {
      const { status, retryAfter, text } = await post(service, path);
      assert.deepEqual([status, retryAfter], [503, '5']);
      assert.match(text, /^\{"request_id":"[0-9a-f]{32}","error":\{"code":"ServiceUnavailable","message":"[^"]+"\}\}$/);
    }
    proxy.mend();
    // Each on its own connection: none is refused or cut at the change of servers.
    const lives = async () => (await fetch(`${service.url}/healthz`, { headers: { connection: 'close' } })).status;
    await until(async () => {
      for (let asked = 0; asked < 20; asked += 1) assert.equal(await lives(), 200);
      return service.logs.some((line) => readyLine.test(line));
    });
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
    const { channel_id } = await service.api('/channel/create', { channel_name: 'Web shop' });
    const source = await service.api('/integration/create', { name: 'Checks', type: 'standard', channel_id });
    const taken = await service.push('standard', String(source['integration_key']), {
      title: 'disk',
      event_status: 'Critical',
    });
    assert.equal(taken.status, 200);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`without its database ends in good order with ${signal}`, async () => {
      const service = await startService({ ...options, until: waits });
      await service.kill(signal);
      assert.equal(service.exitCode, 0);
      assert.ok(!service.logs.some((line) => /"level":"error"|^tocsin:/.test(line)), service.logs.join('\n'));
    });
  }

  test('is not ready while it settles what a former process left, and lives', async (t) => {
    proxy.mend();
    const held = proxy.holdCommitAfter('insert into shard_lease');
    const service = await startService({ ...options, until: listens });
    t.after(() => service.kill('SIGKILL'));
    await held;
    await assertNotReady(service, /waits for the results of attempts that were in flight when it last ended/);
  });
});

async function assertNotReady(service: Service, reason: RegExp): Promise<void> {
  assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
  const readiness = await fetch(`${service.url}/readyz`);
  const { ready, reasons } = (await readiness.json()) as { ready: boolean; reasons: string[] };
  assert.deepEqual([readiness.status, ready, reasons.length], [503, false, 1]);
  assert.match(reasons[0] ?? '', reason);
}

async function post(service: Service, path: string) {
  const answer = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${service.appKey}` },
    body: '{}',
  });
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
}
