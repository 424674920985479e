import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { Audit } from '../../access/audit.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemIds } from '../../runtime/ids.ts';
import { systemRandom } from '../../runtime/random.ts';
import { closing, createTestService, install } from '../../../test/support/test-service.ts';
import { databases } from '../../../test/support/databases.ts';
import { startStubServer } from '../../../test/support/stub-server.ts';
import type * as shape from '../schemas/audit.ts';
import { auditRoutes, underAudit } from './audit.ts';
import { configurationRoutes } from './index.ts';

type Found = z.output<typeof shape.auditSearchReply>;

test('who changed what is found by member, operation, request and time, page by page', async () => {
  await using scene = await sceneOn();
  const { call, search } = scene;
  const made = await call('/channel/create', { channel_name: 'Web' });
  const { channel_id } = made.data as { channel_id: number };
  await call('/channel/update', { channel_id, description: 'x' });
  await call('/channel/update', { channel_id: 1, description: 'x' });
  await call('/channel/list', {});
  await call('/channel/delete', { channel_id });
  const all = await search({});
  assert.deepEqual(
    all.docs.map((one) => [one.operation, one.object_id, one.is_dangerous]),
    [
      ['channel:delete', String(channel_id), true],
      ['channel:update', String(channel_id), false],
      ['channel:create', String(channel_id), false],
    ],
  );
  const [line] = all.docs;
  assert.deepEqual([line?.member_name, line?.ip, line?.account_id], ['Ada', '127.0.0.1', scene.accountId]);
  assert.equal(line?.operation_name, "Deletes a channel that is no enabled integration's own; routes lose it.");
  assert.deepEqual([all.total, all.search_after_ctx], [3, '']);

  const cases: [object, number][] = [
    [{ operations: ['channel:update'] }, 1],
    [{ operations: [] }, 0],
    [{ is_dangerous: true }, 1],
    [{ is_dangerous: true, operations: ['channel:update'] }, 0],
    [{ is_write: true }, 3],
    [{ is_write: false }, 0],
    [{ person_id: line?.member_id }, 3],
    [{ person_id: 1 }, 0],
    [{ request_id: line?.request_id }, 1],
    [{ start_time: 0, end_time: 10 }, 0],
  ];
  for (const [filter, wanted] of cases) assert.equal((await search(filter)).total, wanted, JSON.stringify(filter));

  const first = await search({ limit: 2 });
  const second = await search({ limit: 2, search_after_ctx: first.search_after_ctx });
  assert.deepEqual([...first.docs, ...second.docs], all.docs);
  assert.equal(second.search_after_ctx, '');
});

test('no secret of a webhook or a key gets into the log', async () => {
  await using scene = await sceneOn();
  const canary = 'canary0canary0canary0canary0canary';
  const secret = `whsec_${Buffer.from(canary).toString('base64')}`;
  const made = await scene.call('/webhook/create', {
    type: 'incident',
    name: 'tickets',
    endpoint: `https://example.com/${canary}?key=${canary}`,
    headers: { 'X-Key': canary },
    secret,
  });
  const { integration_id } = made.data as { integration_id: number };
  const rotated = await scene.call('/webhook/secret/rotate', { integration_id });
  const key = await scene.call('/person/app-key/create', { key_name: 'mine' });
  const log = JSON.stringify(await scene.search({}));
  assert.equal((await scene.search({})).docs.length, 3);
  const secrets = [canary, secret, (rotated.data as { secret: string }).secret, (key.data as { key: string }).key];
  for (const one of secrets) assert.ok(!log.includes(one), 'a secret is in the audit log');
  assert.match(log, /X-Key/);
});

test('the log is for administrators, of ninety days at a time, and names its operations', async () => {
  await using scene = await sceneOn();
  const refused = await scene.call('/audit/search', { start_time: 0, end_time: 90 * 86_400 + 1 });
  assert.match(refused.error?.message ?? '', /90 days/);
  const { items } = (await scene.call('/audit/operation/list', {})).data as { items: { name: string }[] };
  assert.ok(items.some((one) => one.name === 'webhook:secret:rotate'));
  assert.ok(!items.some((one) => one.name === 'webhook:list'));
  assert.ok(scene.routes.every((one) => one.role === 'admin'));
});

async function sceneOn() {
  const [sqlite] = databases;
  if (sqlite === undefined) throw new Error('there is no database');
  const database = closing(await sqlite.open());
  const audit = new Audit({ database, clock: systemClock, ids: systemIds(systemClock, systemRandom) });
  const node = createTestService(audit.database);
  const appKey = (await install(node)) ?? '';
  const audited = configurationRoutes(node.services).filter((one) => one.writes);
  const { account, members } = node.services;
  const routes = auditRoutes({ database, audit, account, members }, audited);
  const server = await startStubServer({
    routes: [...audited.map((one) => underAudit(one, audit)), ...routes],
    authenticate: (key) => node.authenticate(key),
    checkReplies: true,
  });
  const call = async (path: string, body: object) =>
    (await server.post(path, body, { headers: { authorization: `Bearer ${appKey}` } })).body;
  const now = Math.ceil(systemClock.now() / 1000) + 60;
  return {
    routes,
    accountId: account.accountId,
    call,
    search: async (filter: object) =>
      (await call('/audit/search', { start_time: now - 3600, end_time: now, ...filter })).data as Found,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
