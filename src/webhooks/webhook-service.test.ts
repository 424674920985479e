import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing, createTestService, install, type TestService } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import type { Database } from '../database/database.ts';
import type { Failure } from '../runtime/failure.ts';
import type { WebhookChange } from './draft.ts';
import type { Webhook } from './webhook.ts';
import { webhooksMax } from './webhook-service.ts';

const endpoint = 'https://example.com/hook?a=a';
const headerCanary = 'Bearer canary-in-a-header';
const secretCanary = `whsec_${Buffer.from('canary-canary-canary-canary!').toString('base64')}`;

for (const { name, open } of databases) {
  suite(`webhooks on ${name}`, () => {
    test('a new webhook has the documented defaults', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const made = await webhooks.create('incident', { name: 'Tickets', endpoint }, 5);
      assert.deepEqual((await webhooks.directory()).find(made.webhookId), made);
      const { webhookId, secrets, createdAt, updatedAt, ...rest } = made;
      assert.ok(webhookId > 0 && createdAt === updatedAt);
      assert.match(secrets[0]?.secret ?? '', /^whsec_/);
      assert.deepEqual(rest, {
        type: 'incident',
        name: 'Tickets',
        endpoint,
        description: '',
        teamId: 0,
        status: 'enabled',
        tlsVerify: true,
        headers: [],
        channelIds: [],
        eventTypes: [],
        timeoutMs: 1000,
        mode: 'at_most_once',
        orderPolicy: 'every',
        retry: { maxAttempts: 1, maxAgeSeconds: 3600, on: 'any' },
        unsentRetrySeconds: 10,
        rateLimitPerSecond: 0,
        maxInFlight: 32,
        signing: true,
        pausedAt: 0,
        pausedBy: 0,
        creatorId: 5,
      });
    });

    test('header values and secrets are sealed in the database, and gone from it once deleted', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const headers = { Authorization: headerCanary };
      const made = await webhooks.create('alert', { name: 'Lake', endpoint, headers, secret: secretCanary }, 5);
      const stored = (await webhooks.directory()).find(made.webhookId);
      assert.deepEqual(stored?.headers, [{ name: 'Authorization', value: headerCanary }]);
      assert.deepEqual(stored.secrets, [{ secret: secretCanary, expiresAt: 0 }]);
      const rows = async () => JSON.stringify(await database.read.selectFrom('webhook').selectAll().execute());
      assert.ok(!(await rows()).includes('canary'));
      assert.ok(!(await rows()).includes(secretCanary.slice('whsec_'.length)));
      await webhooks.remove(made.webhookId);
      assert.ok(!(await rows()).includes('sealed'));
    });

    test('an update changes only what is sent, and a mask stands for the value that it hides', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const headers = { Authorization: headerCanary, 'X-Old': 'old' };
      const made = await webhooks.create('alert', { name: 'Lake', endpoint, headers, eventTypes: ['a_new'] }, 5);
      await webhooks.update(made.webhookId, { timeoutMs: 2000 });
      assert.deepEqual(await stored(webhooks, made), { ...made, timeoutMs: 2000 });
      await webhooks.update(made.webhookId, { headers: { Authorization: '••••ader', 'X-New': 'new' } });
      assert.deepEqual((await stored(webhooks, made)).headers, [
        { name: 'Authorization', value: headerCanary },
        { name: 'X-New', value: 'new' },
      ]);
    });

    test('names stand once, and channels and teams must be there, all named at once', async () => {
      await using database = closing(await open());
      const { channels, webhooks } = await installed(database);
      const { channelId } = await channels.create({ name: 'Web' }, 5);
      const made = await webhooks.create('incident', { name: 'Tickets', endpoint, channelIds: [channelId] }, 5);
      const wrong = { name: 'Tickets', endpoint, channelIds: [channelId, 7], teamId: 8 };
      await assert.rejects(webhooks.create('alert', wrong, 5), (error: Failure) => {
        assert.deepEqual(
          error.faults.map((fault) => fault.field),
          ['name', 'channel_ids', 'team_id'],
        );
        return true;
      });
      await channels.remove(channelId);
      await webhooks.update(made.webhookId, {
        channelIds: [channelId],
        description: 'the channel is gone, the list stays',
      });
    });

    test('a paused webhook says since when and by whom, through changes and other pauses, until it is resumed', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const { webhookId } = await webhooks.create('incident', { name: 'Tickets', endpoint }, 5);
      const paused = async () => {
        const { pausedAt, pausedBy, updatedAt } = await webhooks.find(webhookId);
        return { pausedAt, pausedBy, updatedAt };
      };
      await webhooks.pause(webhookId, 7);
      const first = await paused();
      assert.ok(first.pausedAt > 0);
      assert.deepEqual(first, { pausedAt: first.updatedAt, pausedBy: 7, updatedAt: first.updatedAt });
      await webhooks.pause(webhookId, 8);
      await webhooks.update(webhookId, { description: 'another' });
      assert.deepEqual({ ...(await paused()), updatedAt: 0 }, { ...first, updatedAt: 0 });
      for (const end of [() => webhooks.resume(webhookId), () => webhooks.disable(webhookId)]) {
        await end();
        assert.deepEqual({ ...(await paused()), updatedAt: 0 }, { pausedAt: 0, pausedBy: 0, updatedAt: 0 });
        await webhooks.enable(webhookId);
        await webhooks.pause(webhookId, 9);
        assert.equal((await paused()).pausedBy, 9);
      }
    });

    test('pausing keeps deliveries and resuming wakes them, disabling cancels them', async () => {
      await using database = closing(await open());
      const { webhooks, node } = await installed(database);
      const { webhookId } = await webhooks.create('incident', { name: 'Tickets', endpoint }, 5);
      const status = async () => (await webhooks.directory()).find(webhookId)?.status;
      node.backlog.waiting = 3;
      await webhooks.pause(webhookId, 5);
      assert.equal(await status(), 'paused');
      await webhooks.resume(webhookId);
      assert.equal(await webhooks.disable(webhookId), 3);
      assert.equal(await status(), 'disabled');
      await assert.rejects(webhooks.pause(webhookId, 5), { code: 'BadRequest' });
      await assert.rejects(webhooks.resume(webhookId), { code: 'BadRequest' });
      await webhooks.enable(webhookId);
      assert.equal(await status(), 'enabled');
      assert.equal(await webhooks.remove(webhookId), 3);
      assert.equal(await status(), undefined);
      await assert.rejects(webhooks.enable(webhookId), { code: 'ResourceNotFound' });
      const [wake, cancel] = [`wake ${webhookId}`, `cancel ${webhookId}`];
      assert.deepEqual(node.calls, [wake, cancel, cancel, wake, cancel]);
    });

    test('the index follows a change at once, inside a transaction too', async () => {
      await using database = closing(await open());
      const { webhooks, node } = await installed(database);
      const { webhookId } = await webhooks.create('incident', { name: 'Tickets', endpoint, eventTypes: ['i_new'] }, 5);
      const events = (type: 'i_new' | 'i_ack') =>
        database.transaction(async (tx) =>
          (await node.webhooks.in(tx))
            .subscribersOf({ kind: 'incident', type, channelId: 1 })
            .map((one) => one.webhookId),
        );
      assert.deepEqual([await events('i_new'), await events('i_ack')], [[webhookId], []]);
      await webhooks.update(webhookId, { eventTypes: [] });
      assert.deepEqual(await events('i_ack'), [webhookId]);
      await webhooks.disable(webhookId);
      assert.deepEqual(await events('i_ack'), []);
    });

    test('a rotation keeps the old secret for the overlap, and none without one', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const made = await webhooks.create('alert', { name: 'Lake', endpoint }, 5);
      const fresh = await webhooks.rotateSecret(made.webhookId, 60);
      const { secrets } = await stored(webhooks, made);
      assert.deepEqual(
        secrets.map((one) => [one.secret, one.expiresAt > 0]),
        [
          [fresh, false],
          [made.secrets[0]?.secret, true],
        ],
      );
      const only = await webhooks.rotateSecret(made.webhookId, 0);
      assert.deepEqual((await stored(webhooks, made)).secrets, [{ secret: only, expiresAt: 0 }]);
    });

    test('there may be so many webhooks and not one more, until one is deleted', async () => {
      await using database = closing(await open());
      const { webhooks } = await installed(database);
      const first = await webhooks.create('alert', { name: 'first', endpoint }, 5);
      const row = await database.read.selectFrom('webhook').selectAll().executeTakeFirstOrThrow();
      const others = Array.from({ length: webhooksMax - 2 }, (_, index) => ({
        ...row,
        webhook_id: row.webhook_id + index + 1,
        webhook_name: `other ${index}`,
      }));
      await database.transaction((tx) => tx.insertMany('webhook', others));
      await webhooks.create('alert', { name: 'last', endpoint }, 5);
      await assert.rejects(webhooks.create('alert', { name: 'one more', endpoint }, 5), {
        code: 'InvalidParameter',
        faults: [{ field: '', message: 'there may be at most 2000 webhooks: delete some first', code: 'limit' }],
      });
      await webhooks.remove(first.webhookId);
      await webhooks.create('alert', { name: 'one more', endpoint }, 5);
      assert.equal((await webhooks.directory()).list.length, webhooksMax);
    });

    test('a channel shows at most five custom actions', async () => {
      await using database = closing(await open());
      const { channels, webhooks } = await installed(database);
      const web = (await channels.create({ name: 'Web' }, 5)).channelId;
      const db = (await channels.create({ name: 'DB' }, 5)).channelId;
      const action = (label: string, channelIds: readonly number[]) =>
        webhooks.create('custom_action', { name: label, endpoint, channelIds }, 5);
      await action('everywhere', []);
      for (const label of ['b', 'c', 'd', 'e']) await action(label, [web]);
      await assert.rejects(action('f', [db, web]), new RegExp(`channel ${web} may have at most 5`));
      await assert.rejects(action('g', []), /channel_ids/);
      await action('h', [db]);
    });
  });
}

async function installed(database: Database): Promise<TestService['services'] & { node: TestService }> {
  const node = createTestService(database);
  await install(node);
  return { ...node.services, node };
}

async function stored(webhooks: TestService['services']['webhooks'], made: Webhook): Promise<Webhook> {
  return { ...(await webhooks.find(made.webhookId)), updatedAt: made.updatedAt };
}

test('a draft names every fault at once, and none of its values', async () => {
  const [first] = databases;
  assert.ok(first !== undefined);
  await using database = closing(await first.open());
  const { webhooks } = await installed(database);
  const wrong: WebhookChange = {
    endpoint: 'ftp://refused.example',
    headers: { 'X-A': 'secret-value', 'x-a': 'b', Host: 'evil' },
    eventTypes: ['i_new', 'a_new'],
    secret: 'not-a-secret',
  };
  assert.throws(
    () => webhooks.draft('incident', wrong, 5),
    (error: Failure) => {
      const fields = new Set(error.faults.map((fault) => fault.field.split('[')[0]));
      assert.deepEqual(fields, new Set(['endpoint', 'headers', 'event_types', 'secret']));
      assert.ok(!error.message.includes('secret-value'));
      return true;
    },
  );
  assert.throws(() => webhooks.draft('alert', { endpoint: 'https://refused.example' }, 5), /refused by the test/);
});
