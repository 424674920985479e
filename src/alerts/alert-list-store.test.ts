import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { everyAlert } from '../../test/support/incident-rows.ts';
import { openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { listAlerts, type AlertFilter } from './alert-list-store.ts';

const firstPage = { orderBy: 'created_at', ascending: true, after: undefined, offset: 0, limit: 20 } as const;

for (const { name, open } of databases) {
  suite(`lists of alerts on ${name}`, () => {
    test('titles are found by a part and by wildcards, labels by their exact values, by the index', async () => {
      await using service = await openTestService(open);
      await reported(service, 'a', 'CPU high on web-1', { host: 'web-1', zone: 'a', 'k.x': 'say "hi"' });
      await reported(service, 'b', 'CPU high on web-12', { host: 'web-12', zone: 'a' });
      await reported(service, 'c', 'Größe der Platte', { host: 'web-1', zone: 'b' });
      const rows: readonly [filter: Partial<AlertFilter>, found: string[]][] = [
        [{ title: 'WEB-12' }, ['b']],
        [{ title: 'cpu*web-1?' }, ['b']],
        [{ title: 'cpu?web' }, []],
        [{ title: 'GRÖSSE' }, []],
        [{ title: 'GRÖßE' }, ['c']],
        [{ title: 'c' }, ['a', 'b']],
        [{ title: 'zq' }, []],
        [{ labels: { host: 'web-1' } }, ['a', 'c']],
        [{ labels: { host: 'web-1', zone: 'a' } }, ['a']],
        [{ labels: { host: 'web' } }, []],
        [{ labels: { zone: 'web-1' } }, []],
        [{ labels: { ost: 'web-1' } }, []],
        [{ labels: { host: 'eb-1' } }, []],
        [{ labels: { 'a"b': 'x' } }, []],
        [{ labels: { 'k.x': 'say "hi"' } }, ['a']],
        [{ labels: { host: 'web-1' }, title: 'platte' }, ['c']],
        [{ labels: { host: 'web-1' }, severities: ['Info'] }, []],
      ];
      for (const [filter, found] of rows) {
        const { items, total } = await listAlerts(service.database, { ...everyAlert, ...filter }, firstPage);
        const keys = items.map((one) => one.alertKey);
        assert.deepEqual([keys, total], [found, found.length], JSON.stringify(filter));
      }
      await reported(service, 'b', 'CPU high on web-12', { host: 'web-13', zone: 'a' });
      const { items } = await listAlerts(service.database, { ...everyAlert, labels: { host: 'web-13' } }, firstPage);
      assert.deepEqual(
        items.map((one) => one.alertKey),
        ['b'],
        'a later report changes the labels',
      );
    });
  });
}

async function reported(
  service: SourcedService,
  alertKey: string,
  title: string,
  labels: Record<string, string>,
): Promise<void> {
  service.clock.move(1000);
  await service.report(report({ eventTime: service.clock.now(), description: '', alertKey, title, labels }));
}
