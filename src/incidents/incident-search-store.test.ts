import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defaultSettings } from '../channels/channel.ts';
import { databases } from '../../test/support/databases.ts';
import { everyIncident } from '../../test/support/incident-rows.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { listIncidents, type IncidentFilter } from './incident-list-store.ts';

const firstPage = { ascending: true, after: undefined, offset: 0, limit: 20 };

async function titles(service: SourcedService, filter: Partial<IncidentFilter>): Promise<string[]> {
  const { items, total } = await listIncidents(service.database, { ...everyIncident, ...filter }, firstPage);
  assert.equal(total, items.length);
  return items.map((one) => one.title);
}

for (const { name, open } of databases) {
  suite(`search of incidents on ${name}`, () => {
    test('a word is found in title, description, values of labels and fields, and as id and number', async () => {
      await using service = await openTestService(open);
      const { fields } = service.services;
      await fields.create({ name: 'ticket', type: 'text', options: [] }, 0);
      await report1(service, {
        alertKey: 'a',
        title: 'Disk full',
        description: 'on the Payment cluster',
        labels: { host: 'db-3.Example' },
      });
      await report1(service, {
        alertKey: 'b',
        title: 'Größe überschritten',
        labels: { path: 'C:\\temp\\"x"', note: '100%_sure' },
      });
      const made = await service.incidents.create(
        { title: 'By hand', severity: 'Info', description: '', channelId: 0, fields: { ticket: 'OPS-4711' } },
        undefined,
        ada,
      );
      const found = (query: string) => titles(service, { query });
      assert.deepEqual(await found('DISK'), ['Disk full']);
      assert.deepEqual(await found('payment'), ['Disk full']);
      assert.deepEqual(await found('db-3.example'), ['Disk full']);
      assert.deepEqual(await found('b-3'), ['Disk full']);
      assert.deepEqual(await found('db'), ['Disk full']);
      assert.deepEqual(await found('LE'), ['Disk full'], 'the last two letters of a text');
      assert.deepEqual(await found('zq'), []);
      assert.deepEqual(await found('zq full'), []);
      assert.deepEqual(await found('full payment DB-3'), ['Disk full']);
      assert.deepEqual(await found('full 4711'), []);
      assert.deepEqual(await found('host'), [], 'the name of a label is no text of the incident');
      assert.deepEqual(await found('ops-4711'), ['By hand']);
      assert.deepEqual(await found('ÜBERSCHRITTEN'), ['Größe überschritten']);
      assert.deepEqual(await found('temp\\"X"'), ['Größe überschritten']);
      assert.deepEqual(await found('100%_'), ['Größe überschritten']);
      assert.deepEqual(await found('100_'), []);
      assert.deepEqual(await found(made.incidentId.toUpperCase()), ['By hand']);
      assert.deepEqual(await found(made.incidentId.slice(-6)), ['By hand']);
    });

    test('a grouped incident is found by the labels of each of its alerts', async () => {
      await using service = await openTestService(open, {
        group: { ...defaultSettings.group, method: 'p', equals: [['labels.app']] },
      });
      await report1(service, { alertKey: 'a', title: 'First', labels: { app: 'pay', host: 'web-1' } });
      await report1(service, { alertKey: 'b', title: 'Second thing', labels: { app: 'pay', host: 'web-2' } });
      assert.deepEqual(await titles(service, { query: 'web-2' }), ['First']);
      assert.deepEqual(await titles(service, { query: 'first web-2' }), ['First']);
      assert.deepEqual(await titles(service, { query: 'second' }), [], 'it has the title of its first alert');
      assert.deepEqual(await titles(service, { query: 'web-3' }), []);
    });

    test('what changes is found by its new text and no more by its old one, and what is removed not at all', async () => {
      await using service = await openTestService(open);
      await report1(service, { alertKey: 'a', title: 'Disk full' });
      const incidentId = service.events.at(-1)?.entityId ?? '';
      assert.deepEqual(await titles(service, { query: 'full' }), ['Disk full']);
      await service.incidents.reset(incidentId, { title: 'Volume gone' }, ada);
      assert.deepEqual(await titles(service, { query: 'full' }), []);
      assert.deepEqual(await titles(service, { query: 'volume' }), ['Volume gone']);
      await service.incidents.remove([incidentId]);
      assert.deepEqual(await titles(service, { query: 'volume' }), []);
      await report1(service, { alertKey: 'b', title: 'Volume back' });
      assert.deepEqual(await titles(service, { query: 'volume' }), ['Volume back']);
    });

    test('titles are found by a part and by wildcards; labels and fields by their exact values', async () => {
      await using service = await openTestService(open);
      await report1(service, { alertKey: 'a', title: 'CPU high on web-1', labels: { host: 'web-1', zone: 'a' } });
      await report1(service, { alertKey: 'b', title: 'CPU high on web-12', labels: { host: 'web-12', zone: 'a' } });
      assert.deepEqual(await titles(service, { title: 'WEB-12' }), ['CPU high on web-12']);
      assert.deepEqual(await titles(service, { title: 'cpu*web-1?' }), ['CPU high on web-12']);
      assert.deepEqual(await titles(service, { title: 'cpu?web' }), []);
      assert.deepEqual(await titles(service, { labels: { host: 'web-1' } }), ['CPU high on web-1']);
      assert.deepEqual(await titles(service, { labels: { host: 'web-12', zone: 'b' } }), []);
      assert.deepEqual((await titles(service, { labels: { zone: 'a' } })).length, 2);
    });
  });
}

async function report1(service: SourcedService, change: Parameters<typeof report>[0]): Promise<void> {
  service.clock.move(1000);
  await service.report(report({ eventTime: service.clock.now(), description: '', ...change }));
}
