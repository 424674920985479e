import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing, createTestService, install } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import { systemRandom } from '../runtime/random.ts';
import { appKeysMax } from './app-key.ts';
import { keyHash, keyHint, makeKey } from './key.ts';

test('a key has 35 characters, 32 hex digits and three digits, and no two are alike', () => {
  const keys = Array.from({ length: 100 }, () => makeKey(systemRandom));
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}[0-9]{3}$/);
  assert.equal(new Set(keys).size, keys.length);
});

test('a hint shows the end of a long key only', () => {
  assert.equal(keyHint('0123456789abcdef'), '••••cdef');
  assert.equal(keyHint('short'), '••••');
});

for (const { name, open } of databases) {
  suite(`access on ${name}`, () => {
    test('the first start makes an administrator and a key, every later one nothing', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      const key = await install(node);
      assert.ok(key !== undefined);
      const caller = await node.authenticate(key);
      assert.equal(caller?.role, 'admin');
      assert.equal(caller.person.email, 'ada@example.org');
      assert.equal(await install(node), undefined);
      assert.equal((await node.services.members.people()).members.length, 1);
    });

    test('of nodes that start at the same time, one makes the installation', async () => {
      await using database = closing(await open());
      const nodes = [createTestService(database), createTestService(database), createTestService(database)];
      const keys = await Promise.all(nodes.map((node) => install(node)));
      assert.equal(keys.filter((key) => key !== undefined).length, 1);
      assert.equal((await createTestService(database).services.members.people()).members.length, 1);
    });

    test('a key of the operator is taken and not given back, and one that could be guessed is refused', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      for (const weak of ['x'.repeat(31), 'x'.repeat(32), 'abcd'.repeat(10), `${'y'.repeat(40)} abcd`]) {
        await assert.rejects(install(node, { appKey: weak }), { code: 'InvalidParameter' });
      }
      const key = 'abcde'.repeat(7);
      assert.equal(await install(node, { appKey: key }), undefined);
      assert.equal((await node.authenticate(key))?.role, 'admin');
    });

    test('a node with another sealing key does not open the installation', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      await assert.rejects(install(node, {}, new Uint8Array(32).fill(8)), { code: 'ServiceUnavailable' });
    });

    test('no row holds a key', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      const key = (await install(node)) ?? '';
      const rows = JSON.stringify([
        await database.read.selectFrom('app_key').selectAll().execute(),
        await database.read.selectFrom('installation').selectAll().execute(),
        await database.read.selectFrom('member').selectAll().execute(),
      ]);
      assert.ok(rows.includes(keyHash(key)));
      assert.ok(!rows.includes(key));
    });

    test('a key that is disabled or deleted, or whose member is deleted, is refused at once', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { appKeys, members } = node.services;
      const [member] = await members.invite([invitation('grace@example.org')]);
      assert.ok(member !== undefined);
      const first = await appKeys.create(member.memberId, 'one', 'enabled');
      const second = await appKeys.create(member.memberId, 'two', 'enabled');
      const known = async (key: string) => (await node.authenticate(key)) !== undefined;

      assert.equal(await known(first.key), true);
      await appKeys.change(member.memberId, first.appKey.keyId, { status: 'disabled' });
      assert.equal(await known(first.key), false);
      await appKeys.change(member.memberId, first.appKey.keyId, { status: 'enabled' });
      assert.equal(await known(first.key), true);
      await appKeys.remove('all', first.appKey.keyId);
      assert.equal(await known(first.key), false);

      assert.equal(await known(second.key), true);
      await members.remove(member.memberId);
      assert.equal(await known(second.key), false);
      assert.deepEqual(await appKeys.listOf(member.memberId), []);
      assert.equal(await known('no such key'), false);
    });

    test('a member has at most five keys, also when they are made at the same time', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { appKeys, members } = node.services;
      const [member] = await members.invite([invitation('grace@example.org')]);
      const memberId = member?.memberId ?? 0;
      const tries = Array.from({ length: appKeysMax + 2 }, (_, index) =>
        appKeys.create(memberId, `${index}`, 'enabled'),
      );
      const made = (await Promise.allSettled(tries)).filter((result) => result.status === 'fulfilled');
      assert.equal(made.length, appKeysMax);
      assert.equal((await appKeys.listOf(memberId)).length, appKeysMax);
      await assert.rejects(appKeys.create(memberId, 'more', 'enabled'), { code: 'InvalidParameter' });
    });

    test('a key of somebody else is as unknown as one that does not exist', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { appKeys, members } = node.services;
      const [member] = await members.invite([invitation('grace@example.org')]);
      const { appKey } = await appKeys.create(member?.memberId ?? 0, 'mine', 'enabled');
      await assert.rejects(appKeys.remove(1, appKey.keyId), { code: 'ResourceNotFound' });
      await assert.rejects(appKeys.create(1, 'for nobody', 'enabled'), { code: 'ResourceNotFound' });
    });
  });
}

function invitation(email: string) {
  const rest = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  return { name: 'Grace', email, role: 'viewer', ...rest } as const;
}
