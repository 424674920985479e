import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import type { AlertReport } from '../alerts/alert.ts';
import type { RouteCase } from './routing/route.ts';

/** Recoveries find their alert wherever it is, and only that one (contract 4.3). */

const firing = report({ status: 'Critical', labels: { team: 'Web' } });
/** As most senders write it: nothing but the key. */
const bare = report({ status: 'Ok', title: '', description: '', labels: {} });
const byName: RouteCase = {
  if: [],
  mode: 'name_mapping',
  channelIds: [],
  label: 'team',
  fallsThrough: false,
};

for (const { name, open } of databases) {
  describe(`recoveries on ${name}`, () => {
    test('a bare recovery ends what a route by name has sent', async () => {
      await using shared = await sharedDomain(open);
      await shared.route([byName]);
      assert.deepEqual(await shared.send(firing), { opened: 1 });
      assert.deepEqual(await shared.send(bare), { recovered: 1 });
      assert.equal(shared.events.at(-1)?.type, 'i_rslv');
    });

    const moves: [string, (shared: Shared) => Promise<unknown>][] = [
      ['its route has changed', (shared) => shared.route([], [shared.db])],
      ['its route is gone', (shared) => shared.route([])],
      ['its channel is disabled', ({ services, web }) => services.channels.setStatus(web, 'disabled')],
      ['its integration was moved', ({ services, id, db }) => services.integrations.update(id, { channelId: db })],
    ];
    for (const [what, move] of moves) {
      test(`a recovery ends its alert though ${what} meanwhile`, async () => {
        await using shared = await sharedDomain(open);
        await shared.route([], [shared.web]);
        await shared.send(firing);
        await move(shared);
        const { channelId = 0 } = (await shared.services.integrations.directory()).find(shared.id) ?? {};
        assert.deepEqual(await shared.send(bare, { channelId }), { recovered: 1 });
        assert.equal(await openAlerts(shared), 0);
      });
    }

    test('a recovery without the channel of its firing ends it', async () => {
      await using shared = await sharedDomain(open);
      const named = { channelId: shared.web, namesChannel: true };
      await shared.send(firing, named);
      assert.deepEqual(await shared.send(bare), { recovered: 1 });
    });

    test('a recovery that names its channel leaves the alert of the same key in another alone', async () => {
      await using shared = await sharedDomain(open);
      const [inWeb, inDb] = [shared.web, shared.db].map((channelId) => ({ channelId, namesChannel: true }));
      await shared.send(firing, inWeb);
      await shared.send(firing, inDb);
      assert.deepEqual(await shared.send(bare, inDb), { recovered: 1 });
      assert.equal(await openAlerts(shared), 1);
      assert.deepEqual(await shared.send(bare, inDb), { recovered: 1 });
    });

    test('a recovery of nothing is unmatched, and the same key of another integration is another alert', async () => {
      await using shared = await sharedDomain(open);
      await shared.report(firing);
      assert.deepEqual(await shared.send(bare), { unmatched: 1 });
      assert.equal(await openAlerts(shared), 1);
      const [stored] = await shared.database.read
        .selectFrom('alert_event')
        .selectAll()
        .where('status', '=', 'Ok')
        .execute();
      assert.deepEqual([stored?.alert_id, stored?.channel_id], ['', 0]);
    });

    test('a channel with `disable_auto_close` keeps its incident open', async () => {
      await using shared = await sharedDomain(open);
      await shared.services.channels.update(shared.web, { disableAutoClose: true });
      await shared.send(firing, { channelId: shared.web });
      await shared.services.channels.setStatus(shared.web, 'disabled');
      assert.deepEqual(await shared.send(bare), { recovered: 1 });
      assert.equal(shared.events.at(-1)?.type, 'a_update');
    });

    test('a reopened incident takes its source’s alerts again, and closes with them', async () => {
      await using service = await openTestService(open);
      await service.report(firing);
      const incidentId = service.events[1]?.entityId ?? '';
      await service.incidents.resolve([incidentId], {}, ada);
      await service.incidents.reopen([incidentId], 'not repaired', ada);
      assert.deepEqual(await service.report({ ...firing, description: 'again' }), ['a_new', 'a_merge']);
      assert.deepEqual(await service.report({ ...firing, alertKey: 'other' }), ['a_new', 'i_new']);
      assert.deepEqual(await service.report(bare), ['a_update', 'i_rslv']);
      assert.equal(service.events.at(-1)?.entityId, incidentId);
    });

    test('one that recovered, was reopened and fires again joins it too; one that takes no alerts does not', async () => {
      await using service = await openTestService(open);
      for (const [index, expected] of ['a_merge', 'i_new'].entries()) {
        const own = { ...firing, alertKey: `k${index}`, title: `t${index}` };
        await service.report(own);
        const incidentId = service.events.at(-1)?.entityId ?? '';
        await service.report({ ...bare, alertKey: own.alertKey });
        await service.incidents.reopen([incidentId], '', ada);
        if (index === 1) await service.incidents.disableMerge([incidentId]);
        assert.deepEqual(await service.report(own), ['a_new', expected]);
      }
    });

    test('a comment by key finds the alert that recovered within the hour, in any channel', async () => {
      await using service = await openTestService(open);
      const { integrationId } = service.integration;
      const other = await service.services.channels.create({ name: 'Other' }, 0);
      const channelIds = [other.channelId, service.channel.channelId];
      const comment = () =>
        service.incidents.commentByAlert({ integrationId, alertKey: bare.alertKey }, channelIds, 'x');
      await assert.rejects(comment(), /is open, or was open within the last hour/);
      await service.report(firing);
      await service.report(bare);
      service.clock.move(3_600_000);
      await comment();
      assert.deepEqual(
        [service.events.at(-1)?.type, service.events.at(-1)?.entityId],
        ['i_comm', service.events[1]?.entityId],
      );
      service.clock.move(1);
      await assert.rejects(comment(), /was open within the last hour/);
      await service.report(firing);
      await comment();
      assert.equal(
        service.events.at(-1)?.entityId,
        service.events.findLast((event) => event.type === 'i_new')?.entityId,
      );
    });
  });
}

async function openAlerts(service: SourcedService): Promise<number> {
  const rows = await service.database.read
    .selectFrom('alert')
    .select('alert_id')
    .where('progress', '=', 'Triggered')
    .execute();
  return rows.length;
}

type Shared = Awaited<ReturnType<typeof sharedDomain>>;

/** The service with a shared integration and two channels, `Web` and `DB`. */
async function sharedDomain(open: Parameters<typeof openTestService>[0]) {
  const service = await openTestService(open);
  const { services, channel } = service;
  const { channelId: db } = await services.channels.create({ name: 'DB' }, 0);
  const shared = { name: 'shared', type: 'standard', channelId: 0 } as const;
  const { integrationId: id } = await services.integrations.create(shared, 0);
  return Object.assign(service, {
    id,
    web: channel.channelId,
    db,
    route: (cases: RouteCase[], defaultChannelIds?: number[]) =>
      services.routes.upsert({ integrationId: id, cases, defaultChannelIds, sections: [], version: undefined }, 0),
    /** What became of it, without the zeros. */
    send: async (one: AlertReport, place: { channelId?: number; namesChannel?: boolean } = {}) => {
      const [counts] = await service.ingest([{ ...service.push([one], 0), ...place, integrationId: id }]);
      return Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count > 0));
    },
  });
}
