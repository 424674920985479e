import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { openTestService, report, type SourcedService } from '../../../test/support/test-service.ts';
import type { AlertReport } from '../../alerts/alert.ts';
import type { RouteCase } from './route.ts';

const critical: Partial<RouteCase> = { if: [{ key: 'severity', oper: 'IN', vals: ['Critical'] }] };
const ok = (one: AlertReport): AlertReport => ({ ...one, status: 'Ok' });

for (const { name, open } of databases) {
  describe(`routes on ${name}`, () => {
    test('one event in several channels is one alert and one incident in each', async () => {
      await using shared = await sharedDomain(open);
      const { web, db } = shared;
      await shared.route([to([web, db])]);
      assert.deepEqual(await shared.send(report()), { opened: 2 });
      assert.deepEqual(shared.events(), [`a_new ${web}`, `i_new ${web}`, `a_new ${db}`, `i_new ${db}`]);
      assert.deepEqual(await shared.send(report({ description: 'fuller' })), { updated: 2 });
      assert.deepEqual(await shared.send(ok(report())), { recovered: 2 });
      assert.deepEqual(await shared.send(ok(report())), { unmatched: 1 });
    });

    test('what no case hits is kept unrouted and counted, without a default and without a route', async () => {
      await using shared = await sharedDomain(open);
      assert.deepEqual(await shared.send(report()), { unrouted: 1 });
      await shared.route([to([shared.web], critical)]);
      assert.deepEqual(await shared.send(report()), { unrouted: 1 });
      assert.deepEqual(await shared.send(report({ status: 'Critical' })), { opened: 1 });
      const rows = await shared.database.read.selectFrom('alert_event').select('channel_id').execute();
      assert.deepEqual(
        rows.map((row) => row.channel_id).toSorted((a, b) => a - b),
        [0, 0, shared.web],
      );
    });

    test('a recovery finds its alert where the severity had sent it', async () => {
      await using shared = await sharedDomain(open);
      await shared.route([to([shared.web], critical)], [shared.db]);
      await shared.send(report({ status: 'Critical' }));
      assert.deepEqual(await shared.send(ok(report())), { recovered: 1 });
      assert.deepEqual(shared.events().at(-1), `i_rslv ${shared.web}`);
    });

    test('a channel that is named by a label, or by the sender, takes the alert', async () => {
      await using shared = await sharedDomain(open);
      await shared.route([to([], { mode: 'name_mapping', label: 'team' })], [shared.web]);
      await shared.send(report({ labels: { team: 'DB' } }));
      await shared.send(report({ alertKey: 'b', labels: { team: 'nobody' } }));
      await shared.ingest([{ ...shared.push([report({ alertKey: 'c' })], shared.db), integrationId: shared.id }]);
      assert.deepEqual(
        shared.events().filter((event) => event.startsWith('a_new')),
        [shared.db, shared.web, shared.db].map((channelId) => `a_new ${channelId}`),
      );
    });

    test('a route changes at once, and a channel that is switched off takes nothing', async () => {
      await using shared = await sharedDomain(open);
      await shared.route([to([shared.web])]);
      await shared.send(report({ alertKey: 'a' }));
      await shared.route([to([shared.db])]);
      await shared.send(report({ alertKey: 'b' }));
      await shared.services.channels.setStatus(shared.db, 'disabled');
      assert.deepEqual(await shared.send(report({ alertKey: 'c' })), { unrouted: 1 });
      assert.deepEqual(shared.events(), [
        `a_new ${shared.web}`,
        `i_new ${shared.web}`,
        `a_new ${shared.db}`,
        `i_new ${shared.db}`,
      ]);
    });

    test('a route that somebody else has changed is not overwritten', async () => {
      await using shared = await sharedDomain(open);
      const { routes } = shared.services;
      const input = { integrationId: shared.id, cases: [to([shared.web])], defaultChannelIds: undefined, sections: [] };
      await routes.upsert({ ...input, version: 0 }, 7);
      await routes.upsert({ ...input, version: 1 }, 8);
      await assert.rejects(routes.upsert({ ...input, version: 1 }, 9), /has version 2 and not 1/);
      await assert.rejects(routes.upsert({ ...input, version: 0 }, 9), /has version 2 and not 0/);
      const found = (await routes.directory()).find(shared.id);
      assert.deepEqual([found?.version, found?.creatorId, found?.updatedBy], [2, 7, 8]);
      await routes.upsert({ ...input, version: undefined }, 9);
      assert.equal((await routes.directory()).find(shared.id)?.version, 3);
    });

    test('a route names channels that exist, and an integration that is shared', async () => {
      await using shared = await sharedDomain(open);
      const { routes } = shared.services;
      const input = { cases: [to([shared.web, 12])], defaultChannelIds: [13], sections: [], version: 0 };
      await assert.rejects(
        routes.upsert({ ...input, integrationId: shared.integration.integrationId }, 0),
        /integration_id: sends into channel .*; channel_ids: there is no channel 12.*; channel_ids: there is no channel 13/,
      );
      await assert.rejects(routes.upsert({ ...input, integrationId: 5 }, 0), /there is no integration 5/);
    });

    test('a channel that a route sends into can be deleted: its alerts go by the rest of the route', async () => {
      await using shared = await sharedDomain(open);
      await shared.route([to([shared.db])], [shared.web]);
      await shared.services.channels.remove(shared.db);
      await shared.send(report({ alertKey: 'a' }));
      assert.deepEqual(shared.events(), [`a_new ${shared.web}`, `i_new ${shared.web}`]);
    });
  });
}

/** The service with a shared integration and two channels, `Web` and `DB`. */
async function sharedDomain(open: Parameters<typeof openTestService>[0]) {
  const service: SourcedService & AsyncDisposable = await openTestService(open);
  const { services, events, channel, ingest, push } = service;
  const { channelId: db } = await services.channels.create({ name: 'DB' }, 0);
  const { integrationId: id } = await services.integrations.create(
    { name: 'shared', type: 'standard', channelId: 0 },
    0,
  );
  return Object.assign(service, {
    id,
    web: channel.channelId,
    db,
    route: (cases: RouteCase[], defaultChannelIds?: number[]) =>
      services.routes.upsert({ integrationId: id, cases, defaultChannelIds, sections: [], version: undefined }, 0),
    /** What became of it, without the zeros. */
    send: async (one: AlertReport) => {
      const [counts] = await ingest([{ ...push([one], 0), integrationId: id }]);
      return Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count > 0));
    },
    events: () => events.map((event) => `${event.type} ${event.channelId}`),
  });
}

function to(channelIds: number[], changes: Partial<RouteCase> = {}): RouteCase {
  return { if: [], mode: 'standard', channelIds, label: '', fallsThrough: false, ...changes };
}
