import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing, createTestService, install } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import type { Failure } from '../runtime/failure.ts';
import { defaultSettings } from './channel.ts';

for (const { name, open } of databases) {
  suite(`channels on ${name}`, () => {
    test('a new channel has the defaults, and an update changes only what it names', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channels } = node.services;
      const made = await channels.create({ name: 'Web', description: 'the web' }, 5);
      assert.deepEqual((await channels.directory()).find(made.channelId), made);
      assert.deepEqual(made.settings, defaultSettings);
      const group = { ...defaultSettings.group, method: 'p', equals: [['labels.service']] } as const;
      await channels.update(made.channelId, { group, disableAutoClose: true });
      const after = (await channels.directory()).find(made.channelId);
      assert.deepEqual(after?.settings, { ...defaultSettings, group, disableAutoClose: true });
      assert.equal(after.description, 'the web');
    });

    test('a name stands once among the channels that are not deleted', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channels } = node.services;
      const web = await channels.create({ name: 'Web' }, 5);
      const both = await Promise.allSettled([channels.create({ name: 'DB' }, 5), channels.create({ name: 'DB' }, 5)]);
      assert.equal(both.filter((one) => one.status === 'fulfilled').length, 1);
      await assert.rejects(channels.update(web.channelId, { name: 'DB' }), { code: 'InvalidParameter' });
      await channels.update(web.channelId, { name: 'Web' });
      await channels.remove(web.channelId);
      await channels.create({ name: 'Web' }, 5);
    });

    test('teams that do not exist are named, all at once', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      await assert.rejects(
        node.services.channels.create({ name: 'Web', teamId: 7, managingTeamIds: [8] }, 5),
        (error: Failure) => {
          assert.deepEqual(
            error.faults.map((fault) => fault.field),
            ['team_id', 'managing_team_ids'],
          );
          return true;
        },
      );
    });

    test('deleting is soft and final, and refused while an enabled integration sends into the channel', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channels, integrations } = node.services;
      const { channelId } = await channels.create({ name: 'Web' }, 5);
      const source = await integrations.create({ name: 'prom', type: 'prometheus', channelId }, 5);
      await assert.rejects(channels.remove(channelId), (error: Failure) => {
        assert.equal(error.code, 'ReferenceExist');
        assert.match(error.message, /"prom"/);
        return true;
      });
      await integrations.update(source.integrationId, { status: 'disabled' });
      await channels.remove(channelId);
      assert.equal((await channels.directory()).find(channelId), undefined);
      await assert.rejects(channels.setStatus(channelId, 'enabled'), { code: 'ResourceNotFound' });
      const rows = await database.read.selectFrom('channel').select(['status', 'deleted_at']).execute();
      assert.equal(rows[0]?.status, 'deleted');
      assert.ok((rows[0]?.deleted_at ?? 0) > 0);
    });

    test('a deleted channel leaves the routes of shared integrations; a case that has no other goes with it', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channels, integrations, routes } = node.services;
      const { channelId: gone } = await channels.create({ name: 'Web' }, 5);
      const { channelId: kept } = await channels.create({ name: 'DB' }, 5);
      const { integrationId } = await integrations.create({ name: 'prom', type: 'prometheus', channelId: 0 }, 5);
      const into = (channelIds: number[], label = '') =>
        ({ if: [], mode: label === '' ? 'standard' : 'name_mapping', channelIds, label, fallsThrough: false }) as const;
      const cases = [into([gone]), into([gone, kept]), into([], 'team')];
      await routes.upsert({ integrationId, cases, defaultChannelIds: [gone], sections: [], version: 0 }, 5);
      await channels.remove(gone);
      const left = (await routes.directory()).find(integrationId);
      assert.deepEqual(
        [left?.cases, left?.defaultChannelIds, left?.version],
        [[into([kept]), into([], 'team')], [], 2],
      );
    });

    test('a change is seen in the transaction after it, and by another node', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { channelId } = await node.services.channels.create({ name: 'Web' }, 5);
      await node.services.channels.setStatus(channelId, 'disabled');
      const other = createTestService(database);
      const seen = await database.transaction(async (tx) => (await other.channels.in(tx)).find(channelId)?.status);
      assert.equal(seen, 'disabled');
    });
  });
}
