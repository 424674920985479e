import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing, createTestService, install, TestClock } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import { keyHash } from '../access/key.ts';
import { totalMax } from '../database/keyset.ts';
import { defaultSettings } from './formats/settings.ts';
import { integrationTypes, pushPath, sourceOf } from './integration.ts';

const canary = 'canary-key-0123456789';

for (const { name, open } of databases) {
  suite(`integrations on ${name}`, () => {
    test('each type is made, found by its key, and shown as the wire knows it', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      for (const type of integrationTypes) {
        const made = await integrations.create({ name: `a ${type}`, type, channelId: 0, refId: 'r' }, 5);
        assert.match(made.key, /^[0-9a-f]{32}[0-9]{3}$/);
        assert.deepEqual((await integrations.directory()).byKey(made.key, Date.now()), made);
        assert.equal(pushPath(type, made.key), `/event/push/alert/${type}?integration_key=${made.key}`);
        const wireType = type === 'standard' ? 'standard.alert' : type;
        assert.deepEqual(sourceOf(made), { name: `a ${type}`, type: wireType, refId: 'r' });
      }
      assert.equal((await integrations.directory()).byKey('no such key', Date.now()), undefined);
    });

    test('how its bodies are read is kept, and changed one by one', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      const settings = { severityMapping: { page: 'Warning' }, titleRule: '[TPL]${a}' } as const;
      const made = await integrations.create({ name: 'a', type: 'n9e', channelId: 0, settings }, 5);
      assert.deepEqual(made.settings, { ...defaultSettings, ...settings });
      await integrations.update(made.integrationId, { settings: { titleRule: '', consoleUrl: 'https://n9e' } });
      const found = (await integrations.directory()).find(made.integrationId);
      assert.deepEqual(found?.settings, {
        ...defaultSettings,
        severityMapping: { page: 'Warning' },
        consoleUrl: 'https://n9e',
      });
    });

    test('an old key is taken until its overlap ends, and nobody else may choose it before', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      const { integrationId } = await integrations.create(
        { name: 'a', type: 'standard', channelId: 0, key: canary },
        5,
      );
      const rotated = await integrations.rotateKey(integrationId, 60);
      const [old] = rotated.oldKeys;
      assert.equal(old?.hash, keyHash(canary));
      const directory = await integrations.directory();
      assert.equal(directory.byKey(canary, old.until - 1)?.key, rotated.key);
      assert.equal(directory.byKey(canary, old.until), undefined);
      assert.equal(directory.byKey(rotated.key, old.until)?.integrationId, integrationId);
      const other = { name: 'b', type: 'standard', channelId: 0, key: canary } as const;
      await assert.rejects(integrations.create(other, 5), /another integration has this key/);
      const rows = JSON.stringify(await database.read.selectFrom('integration').selectAll().execute());
      assert.ok(!rows.includes(canary) && !rows.includes(rotated.key));
      // A second rotation keeps both old ones, and one without an overlap ends the last at once.
      const again = await integrations.rotateKey(integrationId, 60);
      const last = await integrations.rotateKey(integrationId, 0);
      assert.deepEqual(
        [again.oldKeys.length, last.oldKeys.map(({ hash }) => hash === keyHash(again.key))],
        [2, [false, false]],
      );
      await integrations.remove(integrationId);
      assert.ok((await integrations.create(other, 5)).integrationId > 0);
    });

    test('a chosen key is taken, stored sealed and hashed, and stands once', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      const made = await integrations.create({ name: 'a', type: 'standard', channelId: 0, key: canary }, 5);
      assert.equal((await integrations.directory()).byKey(canary, Date.now())?.integrationId, made.integrationId);
      const rows = JSON.stringify(await database.read.selectFrom('integration').selectAll().execute());
      assert.ok(rows.includes(keyHash(canary)));
      assert.ok(!rows.includes(canary));
      await assert.rejects(
        integrations.create({ name: 'b', type: 'n9e', channelId: 0, key: canary }, 5),
        /integration_key/,
      );
    });

    test('a deleted integration refuses its key, which may then be chosen again', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      const input = { name: 'a', type: 'standard', channelId: 0, key: canary } as const;
      const made = await integrations.create(input, 5);
      await integrations.remove(made.integrationId);
      assert.equal((await integrations.directory()).byKey(canary, Date.now()), undefined);
      await assert.rejects(integrations.update(made.integrationId, { name: 'c' }), { code: 'ResourceNotFound' });
      await integrations.create(input, 5);
      const rows = await database.read.selectFrom('integration').select(['status', 'key_sealed']).execute();
      assert.deepEqual(
        rows.filter((row) => row.status === 'deleted').map((row) => row.key_sealed),
        [''],
      );
    });

    test('an update changes only what it names, and another key takes the place of the old one', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channels, integrations } = node.services;
      const { channelId } = await channels.create({ name: 'Web' }, 5);
      const made = await integrations.create({ name: 'a', type: 'standard', channelId, description: 'd' }, 5);
      await integrations.update(made.integrationId, { key: canary, status: 'disabled' });
      const directory = await integrations.directory();
      assert.equal(directory.byKey(made.key, Date.now()), undefined);
      const { updatedAt, ...after } = directory.byKey(canary, Date.now()) ?? made;
      assert.deepEqual({ ...after, updatedAt: 0 }, { ...made, key: canary, status: 'disabled', updatedAt: 0 });
      assert.ok(updatedAt >= made.updatedAt);
      await assert.rejects(
        integrations.update(made.integrationId, { channelId: 7, teamId: 8 }),
        /channel_id: there is no channel 7.*team_id: there is no team 8/,
      );
      await assert.rejects(integrations.create({ name: 'a', type: 'standard', channelId: 0 }, 5), /name: another/);
    });

    test('the time of the last event comes from received reports', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { integrations } = node.services;
      const { integrationId } = await integrations.create({ name: 'a', type: 'standard', channelId: 0 }, 5);
      assert.equal(await integrations.lastEventAt(integrationId), 0);
      await database.transaction((tx) =>
        tx.insertMany('alert_event', [received(integrationId, 7), received(integrationId, 9)]),
      );
      assert.equal(await integrations.lastEventAt(integrationId), 9);
    });

    test('events of the last 24 hours are counted, up to a thousand', async () => {
      await using database = closing(await open());
      const clock = new TestClock();
      const node = createTestService(database, { clock });
      await install(node);
      const { integrations } = node.services;
      const { integrationId } = await integrations.create({ name: 'a', type: 'standard', channelId: 0 }, 5);
      const dayAgo = clock.now() - 86_400_000;
      const store = (moments: readonly number[]) =>
        database.transaction((tx) =>
          tx.insertMany(
            'alert_event',
            moments.map((at) => received(integrationId, at)),
          ),
        );
      await store([dayAgo, dayAgo + 1, clock.now()]);
      await database.transaction((tx) => tx.insertMany('alert_event', [received(integrationId + 1, clock.now())]));
      assert.equal(await integrations.eventsOfDay(integrationId), 2);
      await store(Array.from({ length: totalMax }, (_, index) => clock.now() - 1 - index));
      assert.equal(await integrations.eventsOfDay(integrationId), totalMax);
    });
  });
}

function received(integrationId: number, at: number) {
  const texts = { alert_id: '', alert_key: 'k', title: '', title_rule: '', description: '', status: 'Info' };
  return {
    ...texts,
    event_id: `${integrationId}-${at}`,
    integration_id: integrationId,
    channel_id: 0,
    event_time: at,
    labels_json: '{}',
    images_json: '[]',
    created_at: at,
    is_later: 0,
    labels_from: 0,
    labels_length: 0,
  };
}
