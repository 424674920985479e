import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { everyAlert } from '../../test/support/incident-rows.ts';
import { openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { listAlerts, listReports, reportsOfAlert, type AlertFilter } from './alert-list-store.ts';

const firstPage = { orderBy: 'created_at', ascending: true, after: undefined, offset: 0, limit: 20 } as const;

for (const { name, open } of databases) {
  suite(`lists of alerts on ${name}`, () => {
    test('the first report of an alert is found with the later ones, page by page, with the labels of each', async () => {
      await using service = await openTestService(open);
      const odd = { host: 'web-1', text: `"labels":{"a":"b"} \u{1f525} é\\ ${'long '.repeat(40)}` };
      await service.report(report({ alertKey: 'a', labels: odd, status: 'Warning' }), report({ alertKey: 'b' }));
      const alertId = service.events[0]?.entityId ?? '';
      const labels = [odd, { ...odd, host: 'web-2' }, { host: 'web-3' }];
      await service.report(report({ alertKey: 'a', labels: labels[1] ?? {}, status: 'Critical' }));
      await service.report(report({ alertKey: 'a', labels: labels[2] ?? {}, status: 'Info' }));
      const seen: unknown[] = [];
      let after = undefined;
      do {
        const { items, next, total } = await reportsOfAlert(service.database, alertId, {
          ascending: true,
          after,
          offset: 0,
          limit: 1,
        });
        seen.push(...items.map((one) => JSON.parse(one.labels_json) as unknown));
        assert.equal(total, 3);
        after = next;
      } while (after !== undefined);
      assert.deepEqual(seen, labels);
      const page = { ascending: false, after: undefined, offset: 1, limit: 20 };
      const { items } = await reportsOfAlert(service.database, alertId, page);
      assert.deepEqual(
        items.map((one) => JSON.parse(one.labels_json) as unknown),
        [labels[1], labels[0]],
      );
      const all = { startTime: 0, endTime: Number.MAX_SAFE_INTEGER, statuses: [], channelIds: [], integrationIds: [] };
      const listed = await listReports(service.database, { ...all, statuses: ['Warning'] }, { ...page, offset: 0 });
      assert.ok(listed.items.some((one) => one.labels_json === JSON.stringify(odd)));
      // The first event of the alert has them.
      const kept = await service.database.read.selectFrom('alert_event').select('labels_json').execute();
      assert.equal(kept.filter((one) => one.labels_json.includes('web-1')).length, 0);
    });

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
