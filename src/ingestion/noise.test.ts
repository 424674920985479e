import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import { defaultSettings } from '../channels/channel.ts';
import { blankSilence, type InhibitSpec, type SilenceSpec } from '../channels/noise-rule.ts';
import { readFeed } from '../events/event-store.ts';
import type { Filter } from '../filters/condition.ts';
import { readIncidents } from '../incidents/incident-list-store.ts';

const severity = (...vals: string[]): Filter => [[{ key: 'severity', oper: 'IN', vals }]];
const silenced: SilenceSpec = { ...blankSilence, filters: severity('Warning') };
const inhibited: InhibitSpec = {
  sourceFilters: severity('Critical'),
  targetFilters: severity('Warning', 'Info'),
  equals: ['resource'],
  discards: false,
};

const source = report({ alertKey: 'source', title: 'db-3 is down', status: 'Critical' });
const ok = (changes = {}) => report({ status: 'Ok', ...changes });
const minutes = (count: number) => count * 60_000;

for (const { name, open } of databases) {
  describe(`noise rules on ${name}`, () => {
    test('what a drop rule matches leaves no trace but a count', async () => {
      await using service = await openTestService(open);
      await drop(service, severity('Warning'));
      const [counts] = await service.ingest([service.push([report(), report({ alertKey: 'b', status: 'Critical' })])]);
      assert.deepEqual([counts?.dropped, counts?.opened], [1, 1]);
      assert.deepEqual(types(service), ['a_new', 'i_new']);
      assert.equal(await storedReports(service), 1);
    });

    test('a drop rule stops an alert’s updates, and never the recovery that ends it', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      await drop(service, [[{ key: 'title', oper: 'IN', vals: ['*'] }]]);
      assert.deepEqual(await service.report(report({ description: 'fuller' })), []);
      assert.deepEqual(await service.report(ok()), ['a_update', 'i_rslv']);
      const [counts] = await service.ingest([service.push([ok()])]);
      assert.equal(counts?.dropped, 1);
    });

    test('a silenced alert is kept and pushed, joins no incident, and its recovery closes nothing else', async () => {
      const group = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;
      await using service = await openTestService(open, { group });
      await service.report(report({ alertKey: 'seen', status: 'Critical' }));
      const ruleId = await silence(service);
      assert.deepEqual(await service.report(report()), ['a_new']);
      assert.deepEqual(await service.report(report({ description: 'fuller' })), ['a_update']);
      const alert = await lastAlert(service);
      assert.deepEqual([alert.everMuted, alert.incidentId, alert.progress], [true, '', 'Triggered']);
      assert.deepEqual(await service.report(ok()), ['a_update']);
      assert.deepEqual(await feedOf(service, alert.alertId), [
        ['a_new', { severity: 'Warning', status: 'Warning' }],
        ['a_m_silence', { rule_id: ruleId, rule_name: 'night' }],
        ['a_update', { severity: 'Warning', status: 'Warning', progress: 'Triggered' }],
        ['a_update', { severity: 'Warning', status: 'Ok', progress: 'Closed', description: '91% full' }],
      ]);
      const [incident] = await readIncidents(service.database, [service.events[1]?.entityId ?? '']);
      assert.deepEqual([incident?.progress, incident?.alertCnt], ['Triggered', 1]);
    });

    test('a note has its place in the timeline both ways and in pages, and is found by its type', async () => {
      await using service = await openTestService(open);
      await silence(service);
      await service.report(report());
      await service.report(report({ description: 'fuller' }));
      const { alertId: entityId } = await lastAlert(service);
      const read = async (ascending: boolean, offset: number, limit: number, wanted: string[] = []) =>
        (await readFeed(service.database, { entityId, types: wanted, ascending, offset, limit })).map(
          (one) => one.type,
        );
      assert.deepEqual(await read(true, 0, 10), ['a_new', 'a_m_silence', 'a_update']);
      assert.deepEqual(await read(false, 0, 10), ['a_update', 'a_m_silence', 'a_new']);
      assert.deepEqual(await read(true, 1, 1), ['a_m_silence', 'a_update']);
      assert.deepEqual(await read(true, 0, 10, ['a_m_silence']), ['a_m_silence']);
    });

    test('a silence that discards opens no alert', async () => {
      await using service = await openTestService(open);
      await silence(service, { discards: true });
      const [counts] = await service.ingest([service.push([report()])]);
      assert.deepEqual([counts?.dropped, types(service)], [1, []]);
      assert.equal(await storedReports(service), 0);
    });

    test('an alert that fires on when its silence is over is seen with its next report, even the same one', async () => {
      await using service = await openTestService(open);
      const start = service.clock.now();
      await silence(service, { span: { start, end: start + minutes(60) } });
      assert.deepEqual(await service.report(report()), ['a_new']);
      assert.deepEqual(await service.report(report()), []);
      service.clock.move(minutes(60));
      assert.deepEqual(await service.report(report()), ['i_new']);
      assert.equal((await lastAlert(service)).everMuted, true);
      assert.deepEqual(await service.report(report({ description: 'fuller' })), ['a_update']);
      assert.deepEqual(await service.report(ok()), ['a_update', 'i_rslv']);
    });

    test('a silence touches no alert that is in an incident already', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      await silence(service, { discards: true });
      assert.deepEqual(await service.report(report({ description: 'fuller' })), ['a_update']);
      assert.deepEqual(await service.report(ok()), ['a_update', 'i_rslv']);
    });

    test('a rule holds from the moment it is switched on, until it is switched off or deleted', async () => {
      await using service = await openTestService(open);
      const { noiseRules } = service.services;
      const ref = { kind: 'silence', channelId: service.channel.channelId, ruleId: await silence(service) } as const;
      await noiseRules.setStatus(ref, 'disabled', 0);
      assert.deepEqual(await service.report(report({ alertKey: 'a' })), ['a_new', 'i_new']);
      await noiseRules.setStatus(ref, 'enabled', 0);
      assert.deepEqual(await service.report(report({ alertKey: 'b' })), ['a_new']);
      await noiseRules.remove(ref);
      assert.deepEqual(await service.report(report({ alertKey: 'c' })), ['a_new', 'i_new']);
    });

    test('an active source inhibits alerts that share its equal items, in the same push and later', async () => {
      await using service = await openTestService(open);
      const ruleId = await inhibit(service);
      assert.deepEqual(await service.report(source, report()), ['a_new', 'i_new', 'a_new']);
      const alert = await lastAlert(service);
      const named = { source_alert_id: service.events[0]?.entityId, source_alert_title: 'db-3 is down' };
      assert.deepEqual((await feedOf(service, alert.alertId))[1], [
        'a_m_inhibit',
        { rule_id: ruleId, rule_name: 'cause', ...named },
      ]);
      assert.equal(alert.everMuted, true);
      assert.deepEqual(await service.report(report({ alertKey: 'later' })), ['a_new']);
      assert.deepEqual(await service.report(report({ alertKey: 'other', labels: { resource: 'x' } })), [
        'a_new',
        'i_new',
      ]);
    });

    test('an inhibit rule that discards opens no alert', async () => {
      await using service = await openTestService(open);
      await inhibit(service, { discards: true });
      await service.report(source);
      assert.deepEqual(await service.report(report()), []);
    });

    const ends: [string, (service: SourcedService) => Promise<unknown>][] = [
      ['has recovered', (service) => service.report({ ...source, status: 'Ok' })],
      ['is acknowledged', (service) => service.incidents.acknowledge([service.events[1]?.entityId ?? ''], ada)],
      ['is closed', (service) => service.incidents.resolve([service.events[1]?.entityId ?? ''], {}, ada)],
    ];
    for (const [what, end] of ends) {
      test(`a source inhibits nothing any more when it ${what}`, async () => {
        await using service = await openTestService(open);
        await inhibit(service);
        await service.report(source);
        await end(service);
        assert.deepEqual(await service.report(report()), ['a_new', 'i_new']);
      });
    }

    test('a source inhibits for as long as it is open, however long it has been quiet', async () => {
      await using service = await openTestService(open);
      await inhibit(service);
      await service.report(source);
      service.clock.move(minutes(10) + 1);
      assert.deepEqual(await service.report(report({ alertKey: 'a' })), ['a_new']);
      assert.deepEqual(await service.report(source), []);
      service.clock.move(minutes(23 * 60));
      assert.deepEqual(await service.report(report({ alertKey: 'b' })), ['a_new']);
    });

    test('no alert inhibits itself, and the rules of one channel do not hold in another', async () => {
      await using service = await openTestService(open);
      await inhibit(service, { sourceFilters: severity('Warning') });
      assert.deepEqual(await service.report(report()), ['a_new', 'i_new']);
      const other = await service.services.channels.create({ name: 'Other' }, 0);
      await service.ingest([
        service.push([report()], other.channelId),
        service.push([report({ alertKey: 'b' })], other.channelId),
      ]);
      assert.deepEqual(types(service).slice(2), ['a_new', 'i_new', 'a_new', 'i_new']);
    });

    test('a rule that deletes itself is gone when its time is over', async () => {
      await using service = await openTestService(open);
      const { noiseRules } = service.services;
      const { channelId } = service.channel;
      const start = service.clock.now();
      await silence(service, { span: { start, end: start + minutes(1) }, deletesItself: true });
      assert.equal((await noiseRules.list('silence', channelId)).length, 1);
      service.clock.move(minutes(1));
      assert.equal((await noiseRules.list('silence', channelId)).length, 0);
      await silence(service);
      const rows = await service.database.read.selectFrom('noise_rule').select('rule_id').execute();
      assert.equal(rows.length, 1);
    });

    test('alike alerts join one incident without a rule for it, and those that are not open their own', async () => {
      const group = { ...defaultSettings.group, method: 'i', likenessThreshold: 0.8 } as const;
      await using service = await openTestService(open, { group });
      const on = (host: string, value: string, title = 'disk usage') =>
        report({
          alertKey: host + title,
          title: `${host} / ${title}`,
          description: `${value}% full`,
          labels: { resource: host },
        });
      assert.deepEqual(await service.report(on('db-3', '91'), on('db-4', '92')), [
        'a_new',
        'i_new',
        'a_new',
        'a_merge',
      ]);
      assert.deepEqual(await service.report(on('db-17', '97')), ['a_new', 'a_merge']);
      assert.deepEqual(await service.report(on('web-1', '5', 'error rate of checkout')), ['a_new', 'i_new']);
      const incidentId = service.events[1]?.entityId ?? '';
      await service.incidents.resolve([incidentId], {}, ada);
      assert.deepEqual(await service.report(on('db-5', '93')), ['a_new', 'i_new']);
    });

    test('a window ends for alike alerts too', async () => {
      const group = { ...defaultSettings.group, method: 'i', timeWindowMinutes: 5 } as const;
      await using service = await openTestService(open, { group });
      await service.report(report({ alertKey: 'a' }));
      service.clock.move(minutes(5));
      assert.deepEqual(await service.report(report({ alertKey: 'b' })), ['a_new', 'a_merge']);
      service.clock.move(1);
      assert.deepEqual(await service.report(report({ alertKey: 'c' })), ['a_new', 'i_new']);
    });
  });
}

function types(service: SourcedService): string[] {
  return service.events.map((event) => event.type);
}

async function lastAlert(service: SourcedService) {
  const last = service.events.findLast((event) => event.kind === 'alert');
  const [alert] = await readAlerts(service.database, [last?.entityId ?? '']);
  assert.ok(alert);
  return alert;
}

async function feedOf(service: SourcedService, entityId: string) {
  const items = await readFeed(service.database, { entityId, types: [], ascending: true, offset: 0, limit: 50 });
  return items.map((item) => [item.type, item.detail]);
}

async function storedReports(service: SourcedService): Promise<number> {
  return (await service.database.read.selectFrom('alert_event').select('event_id').execute()).length;
}

async function drop(service: SourcedService, filters: Filter): Promise<void> {
  const { channelId } = service.channel;
  await service.services.noiseRules.create('drop', { channelId, name: 'noise', spec: { filters } }, 0);
}

async function silence(service: SourcedService, changes: Partial<SilenceSpec> = {}): Promise<string> {
  const { channelId } = service.channel;
  const rule = { channelId, name: 'night', spec: { ...silenced, ...changes } };
  return (await service.services.noiseRules.create('silence', rule, 0)).ruleId;
}

async function inhibit(service: SourcedService, changes: Partial<InhibitSpec> = {}): Promise<string> {
  const { channelId } = service.channel;
  const rule = { channelId, name: 'cause', spec: { ...inhibited, ...changes } };
  return (await service.services.noiseRules.create('inhibit', rule, 0)).ruleId;
}
