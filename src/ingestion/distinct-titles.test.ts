import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import type { AlertReport } from '../alerts/alert.ts';
import { defaultSettings } from '../channels/channel.ts';

/** What people and receivers are shown of alerts: titles, rising severities, the words of a recovery, results. */

const disk = (host: string, labels: Record<string, string> = {}): AlertReport =>
  report({
    alertKey: `${host} ${Object.values(labels).join()}`,
    title: 'Disk full',
    labels: { host, mount: '/data', rule_id: '7', trigger_value: host, ...labels },
  });

for (const { name, open } of databases) {
  describe(`alerts on ${name}`, () => {
    test('of two with the same title the second shows what differs, in the same body and later', async () => {
      await using service = await openTestService(open);
      await service.report(disk('db-1'), disk('db-2'));
      await service.report(disk('db-3'), disk('db-1', { mount: '/var' }), disk('db-4', { mount: '/var', zone: 'b' }));
      assert.deepEqual(titles(service), [
        'Disk full',
        'Disk full (host: db-2)',
        'Disk full (host: db-3)',
        'Disk full (mount: /var)',
        'Disk full (host: db-4, mount: /var)',
      ]);
    });

    test('a title that was made distinct stays so, and a repeated report is no change', async () => {
      await using service = await openTestService(open);
      await service.report(disk('db-1'), disk('db-2'));
      await service.report({ ...disk('db-1'), status: 'Ok' });
      assert.deepEqual(await service.report(disk('db-2')), []);
      assert.deepEqual(await service.report({ ...disk('db-2'), description: 'fuller' }), ['a_update']);
      assert.equal(object(service)['title'], 'Disk full (host: db-2)');
      await service.report({ ...disk('db-2'), status: 'Ok' });
      await service.report(disk('db-5'));
      assert.deepEqual(titles(service).at(-1), 'Disk full');
    });

    test('rules and groupings go by the title that the source gives', async () => {
      const group = { ...defaultSettings.group, method: 'p', equals: [['title']] } as const;
      await using service = await openTestService(open, { group });
      assert.deepEqual(await service.report(disk('db-1'), disk('db-2')), ['a_new', 'i_new', 'a_new', 'a_merge']);
      const { channelId } = service.channel;
      const filters = [[{ key: 'title', oper: 'IN' as const, vals: ['Disk full'] }]];
      await service.services.noiseRules.create('drop', { channelId, name: 'x', spec: { filters } }, 0);
      assert.deepEqual(await service.report(disk('db-3')), []);
    });

    test('alike alerts are alike though their titles were made distinct', async () => {
      const group = { ...defaultSettings.group, method: 'i', likenessThreshold: 1, likenessKeys: ['title'] } as const;
      await using service = await openTestService(open, { group });
      await service.report(disk('db-1'));
      const [incidentId = ''] = service.events.slice(1).map((event) => event.entityId);
      await service.incidents.disableMerge([incidentId]);
      assert.deepEqual(await service.report(disk('db-2')), ['a_new', 'i_new']);
      assert.deepEqual(await service.report(disk('db-3')), ['a_new', 'a_merge']);
    });

    test('another integration, another channel and labels that say nothing tell nothing apart', async () => {
      await using service = await openTestService(open);
      const { services, channel } = service;
      await service.report(disk('db-1'));
      const other = await services.channels.create({ name: 'Other' }, 0);
      await service.ingest([service.push([disk('db-2')], other.channelId)]);
      const input = { name: 'second', type: 'standard', channelId: channel.channelId } as const;
      const { integrationId } = await services.integrations.create(input, 0);
      await service.ingest([{ ...service.push([disk('db-2')]), integrationId }]);
      const silent = { host: 'db-1', mount: '/data', rule_id: '8', trigger_value: '9', url: 'https://a.example' };
      await service.report(report({ alertKey: 'x', title: 'Disk full', labels: silent }));
      assert.deepEqual(titles(service), ['Disk full', 'Disk full', 'Disk full', 'Disk full']);
    });

    test('an incident that its alerts make worse says so once, and one that gets better does not', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      assert.deepEqual(await service.report(report({ status: 'Critical' })), ['a_update', 'i_r_severity']);
      const event = service.events.at(-1);
      assert.deepEqual([event?.person, event?.detail], [undefined, { from: 'Warning', to: 'Critical' }]);
      assert.equal(object(service)['incident_severity'], 'Critical');
      assert.deepEqual(await service.report(report({ status: 'Warning' })), ['a_update']);
      assert.deepEqual(await service.report(report({ status: 'Critical' })), ['a_update']);
    });

    test('the recovery’s own text is in the pushes that close, and in the feed; alert and incident keep theirs', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      await service.report(report({ status: 'Ok', description: 'up again' }));
      const [update, closing] = service.events.slice(-2);
      for (const event of [update, closing]) {
        assert.equal(event?.detail['description'], 'up again');
        const pushed = objectOf(event?.payload ?? '{}');
        assert.deepEqual([pushed['description'], pushed['recovery_description']], ['91% full', 'up again']);
      }
    });

    test('a recovery that says nothing new says nothing', async () => {
      await using service = await openTestService(open);
      for (const description of ['', '91% full']) {
        await service.report(report());
        await service.report(report({ status: 'Ok', description }));
        assert.equal('recovery_description' in object(service), false);
        assert.equal('description' in (service.events.at(-1)?.detail ?? {}), false);
      }
    });

    test('a report that says nothing of details leaves them as they are', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      const bare = report({ labels: {}, description: '', keepsDetails: true });
      assert.deepEqual(await service.report(bare), []);
      assert.deepEqual(await service.report({ ...bare, status: 'Critical', labels: { source: 'x' } }), [
        'a_update',
        'i_r_severity',
      ]);
      const labels = object(service)['labels'] as Record<string, string>;
      assert.deepEqual({ ...labels }, { resource: 'db-3', source: 'x' });
      assert.equal(object(service)['description'], '91% full');
    });

    test('the sender learns what became of each report, by the names of alert, incident and event', async () => {
      await using service = await openTestService(open);
      const [opened] = await service.results(service.push([report()]));
      const [alert, incident] = service.events;
      assert.deepEqual(opened, {
        alertKey: 'disk:db-3',
        alertId: alert?.entityId,
        incidentId: incident?.entityId,
        eventId: alert?.eventId,
        kind: 'opened',
        rule: '',
        webhooks: 0,
      });
      const [repeated] = await service.results(service.push([report()]));
      assert.deepEqual([repeated?.kind, repeated?.alertId, repeated?.eventId], ['duplicate', alert?.entityId, '']);
      const [recovered] = await service.results(service.push([report({ status: 'Ok' })]));
      assert.deepEqual([recovered?.kind, recovered?.eventId], ['recovered', service.events.at(-2)?.eventId]);
      const many = Array.from({ length: 150 }, (_, index) => report({ alertKey: `k${index}` }));
      assert.equal((await service.results(service.push(many))).length, 100);
    });
  });
}

function titles(service: SourcedService): unknown[] {
  return service.events.filter((event) => event.type === 'a_new').map((event) => objectOf(event.payload)['title']);
}

function object(service: SourcedService): Record<string, unknown> {
  return objectOf(service.events.at(-1)?.payload ?? '{}');
}

function objectOf(payload: string): Record<string, unknown> {
  const { alert, incident } = JSON.parse(payload) as Record<'alert' | 'incident', Record<string, unknown> | undefined>;
  return alert ?? incident ?? {};
}
