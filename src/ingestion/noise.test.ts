import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { ada, disposableDomain, report, type Domain } from '../../test/support/domain.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import { defaultSettings } from '../channels/channel.ts';
import type { InhibitSpec, SilenceSpec } from '../channels/noise-rule.ts';
import { readFeed } from '../events/event-store.ts';
import type { Filter } from '../filters/condition.ts';
import { readIncidents } from '../incidents/incident-list-store.ts';

const severity = (...vals: string[]): Filter => [[{ key: 'severity', oper: 'IN', vals }]];
const silenced: SilenceSpec = {
  filters: severity('Warning'),
  span: undefined,
  recurrences: [],
  timeZone: 'UTC',
  discards: false,
  deletesItself: false,
  fromIncidentId: '',
};
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
      await using domain = await disposableDomain(open);
      await drop(domain, severity('Warning'));
      const [counts] = await domain.ingest([domain.push([report(), report({ alertKey: 'b', status: 'Critical' })])]);
      assert.deepEqual([counts?.dropped, counts?.opened], [1, 1]);
      assert.deepEqual(types(domain), ['a_new', 'i_new']);
      assert.equal(await storedReports(domain), 1);
    });

    test('a drop rule stops an alert’s updates, and never the recovery that ends it', async () => {
      await using domain = await disposableDomain(open);
      await domain.report(report());
      await drop(domain, [[{ key: 'title', oper: 'IN', vals: ['*'] }]]);
      assert.deepEqual(await domain.report(report({ description: 'fuller' })), []);
      assert.deepEqual(await domain.report(ok()), ['a_update', 'i_rslv']);
      const [counts] = await domain.ingest([domain.push([ok()])]);
      assert.equal(counts?.dropped, 1);
    });

    test('a silenced alert is kept and pushed, joins no incident, and its recovery closes nothing else', async () => {
      const group = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;
      await using domain = await disposableDomain(open, { group });
      await domain.report(report({ alertKey: 'seen', status: 'Critical' }));
      const ruleId = await silence(domain);
      assert.deepEqual(await domain.report(report()), ['a_new']);
      assert.deepEqual(await domain.report(report({ description: 'fuller' })), ['a_update']);
      const alert = await lastAlert(domain);
      assert.deepEqual([alert.everMuted, alert.incidentId, alert.progress], [true, '', 'Triggered']);
      assert.deepEqual(await domain.report(ok()), ['a_update']);
      assert.deepEqual(await feedOf(domain, alert.alertId), [
        ['a_new', { severity: 'Warning', status: 'Warning' }],
        ['a_m_silence', { rule_id: ruleId, rule_name: 'night' }],
        ['a_update', { severity: 'Warning', status: 'Warning', progress: 'Triggered' }],
        ['a_update', { severity: 'Warning', status: 'Ok', progress: 'Closed' }],
      ]);
      const [incident] = await readIncidents(domain.database, [domain.owed[1]?.entityId ?? '']);
      assert.deepEqual([incident?.progress, incident?.alertCnt], ['Triggered', 1]);
    });

    test('a note has its place in the timeline both ways and in pages, and is found by its type', async () => {
      await using domain = await disposableDomain(open);
      await silence(domain);
      await domain.report(report());
      await domain.report(report({ description: 'fuller' }));
      const { alertId: entityId } = await lastAlert(domain);
      const read = async (ascending: boolean, offset: number, limit: number, wanted: string[] = []) =>
        (await readFeed(domain.database, { entityId, types: wanted, ascending, offset, limit })).map((one) => one.type);
      assert.deepEqual(await read(true, 0, 10), ['a_new', 'a_m_silence', 'a_update']);
      assert.deepEqual(await read(false, 0, 10), ['a_update', 'a_m_silence', 'a_new']);
      assert.deepEqual(await read(true, 1, 1), ['a_m_silence', 'a_update']);
      assert.deepEqual(await read(true, 0, 10, ['a_m_silence']), ['a_m_silence']);
    });

    test('a silence that discards opens no alert', async () => {
      await using domain = await disposableDomain(open);
      await silence(domain, { discards: true });
      const [counts] = await domain.ingest([domain.push([report()])]);
      assert.deepEqual([counts?.dropped, types(domain)], [1, []]);
      assert.equal(await storedReports(domain), 0);
    });

    test('an alert that fires on when its silence is over is seen with its next report, even the same one', async () => {
      await using domain = await disposableDomain(open);
      const start = domain.clock.now();
      await silence(domain, { span: { start, end: start + minutes(60) } });
      assert.deepEqual(await domain.report(report()), ['a_new']);
      assert.deepEqual(await domain.report(report()), []);
      domain.clock.move(minutes(60));
      assert.deepEqual(await domain.report(report()), ['i_new']);
      assert.equal((await lastAlert(domain)).everMuted, true);
      assert.deepEqual(await domain.report(report({ description: 'fuller' })), ['a_update']);
      assert.deepEqual(await domain.report(ok()), ['a_update', 'i_rslv']);
    });

    test('a silence touches no alert that is in an incident already', async () => {
      await using domain = await disposableDomain(open);
      await domain.report(report());
      await silence(domain, { discards: true });
      assert.deepEqual(await domain.report(report({ description: 'fuller' })), ['a_update']);
      assert.deepEqual(await domain.report(ok()), ['a_update', 'i_rslv']);
    });

    test('a rule holds from the moment it is switched on, until it is switched off or deleted', async () => {
      await using domain = await disposableDomain(open);
      const { noiseRules } = domain.administration;
      const ref = { kind: 'silence', channelId: domain.channel.channelId, ruleId: await silence(domain) } as const;
      await noiseRules.setStatus(ref, 'disabled', 0);
      assert.deepEqual(await domain.report(report({ alertKey: 'a' })), ['a_new', 'i_new']);
      await noiseRules.setStatus(ref, 'enabled', 0);
      assert.deepEqual(await domain.report(report({ alertKey: 'b' })), ['a_new']);
      await noiseRules.remove(ref);
      assert.deepEqual(await domain.report(report({ alertKey: 'c' })), ['a_new', 'i_new']);
    });

    test('an active source inhibits alerts that share its equal items, in the same push and later', async () => {
      await using domain = await disposableDomain(open);
      const ruleId = await inhibit(domain);
      assert.deepEqual(await domain.report(source, report()), ['a_new', 'i_new', 'a_new']);
      const alert = await lastAlert(domain);
      const named = { source_alert_id: domain.owed[0]?.entityId, source_alert_title: 'db-3 is down' };
      assert.deepEqual((await feedOf(domain, alert.alertId))[1], [
        'a_m_inhibit',
        { rule_id: ruleId, rule_name: 'cause', ...named },
      ]);
      assert.equal(alert.everMuted, true);
      assert.deepEqual(await domain.report(report({ alertKey: 'later' })), ['a_new']);
      assert.deepEqual(await domain.report(report({ alertKey: 'other', labels: { resource: 'x' } })), [
        'a_new',
        'i_new',
      ]);
    });

    test('an inhibit rule that discards opens no alert', async () => {
      await using domain = await disposableDomain(open);
      await inhibit(domain, { discards: true });
      await domain.report(source);
      assert.deepEqual(await domain.report(report()), []);
    });

    const ends: [string, (domain: Domain) => Promise<unknown>][] = [
      ['has recovered', (domain) => domain.report({ ...source, status: 'Ok' })],
      ['is acknowledged', (domain) => domain.incidents.acknowledge([domain.owed[1]?.entityId ?? ''], ada)],
      ['is closed', (domain) => domain.incidents.resolve([domain.owed[1]?.entityId ?? ''], {}, ada)],
      ['has been quiet for longer than 10 minutes', async (domain) => domain.clock.move(minutes(10) + 1)],
    ];
    for (const [what, end] of ends) {
      test(`a source inhibits nothing any more when it ${what}`, async () => {
        await using domain = await disposableDomain(open);
        await inhibit(domain);
        await domain.report(source);
        await end(domain);
        assert.deepEqual(await domain.report(report()), ['a_new', 'i_new']);
      });
    }

    test('a source is active for 10 minutes, and again with each change', async () => {
      await using domain = await disposableDomain(open);
      await inhibit(domain);
      await domain.report(source);
      domain.clock.move(minutes(10));
      assert.deepEqual(await domain.report(report({ alertKey: 'a' })), ['a_new']);
      await domain.report({ ...source, description: 'still down' });
      domain.clock.move(minutes(10));
      assert.deepEqual(await domain.report(report({ alertKey: 'b' })), ['a_new']);
    });

    test('no alert inhibits itself, and the rules of one channel do not hold in another', async () => {
      await using domain = await disposableDomain(open);
      await inhibit(domain, { sourceFilters: severity('Warning') });
      assert.deepEqual(await domain.report(report()), ['a_new', 'i_new']);
      const other = await domain.administration.channels.create({ name: 'Other' }, 0);
      await domain.ingest([
        domain.push([report()], other.channelId),
        domain.push([report({ alertKey: 'b' })], other.channelId),
      ]);
      assert.deepEqual(types(domain).slice(2), ['a_new', 'i_new', 'a_new', 'i_new']);
    });

    test('a rule that is to go by itself is gone when its time is over', async () => {
      await using domain = await disposableDomain(open);
      const { noiseRules } = domain.administration;
      const { channelId } = domain.channel;
      const start = domain.clock.now();
      await silence(domain, { span: { start, end: start + minutes(1) }, deletesItself: true });
      assert.equal((await noiseRules.list('silence', channelId)).length, 1);
      domain.clock.move(minutes(1));
      assert.equal((await noiseRules.list('silence', channelId)).length, 0);
      await silence(domain);
      const rows = await domain.database.read.selectFrom('noise_rule').select('rule_id').execute();
      assert.equal(rows.length, 1);
    });

    test('alike alerts join one incident without a rule for it, and those that are not open their own', async () => {
      const group = { ...defaultSettings.group, method: 'i', likenessThreshold: 0.8 } as const;
      await using domain = await disposableDomain(open, { group });
      const on = (host: string, value: string, title = 'disk usage') =>
        report({
          alertKey: host + title,
          title: `${host} / ${title}`,
          description: `${value}% full`,
          labels: { resource: host },
        });
      assert.deepEqual(await domain.report(on('db-3', '91'), on('db-4', '92')), ['a_new', 'i_new', 'a_new', 'a_merge']);
      assert.deepEqual(await domain.report(on('db-17', '97')), ['a_new', 'a_merge']);
      assert.deepEqual(await domain.report(on('web-1', '5', 'error rate of checkout')), ['a_new', 'i_new']);
      const incidentId = domain.owed[1]?.entityId ?? '';
      await domain.incidents.resolve([incidentId], {}, ada);
      assert.deepEqual(await domain.report(on('db-5', '93')), ['a_new', 'i_new']);
    });

    test('a window ends for alike alerts too', async () => {
      const group = { ...defaultSettings.group, method: 'i', timeWindowMinutes: 5 } as const;
      await using domain = await disposableDomain(open, { group });
      await domain.report(report({ alertKey: 'a' }));
      domain.clock.move(minutes(5));
      assert.deepEqual(await domain.report(report({ alertKey: 'b' })), ['a_new', 'a_merge']);
      domain.clock.move(1);
      assert.deepEqual(await domain.report(report({ alertKey: 'c' })), ['a_new', 'i_new']);
    });
  });
}

function types(domain: Domain): string[] {
  return domain.owed.map((event) => event.type);
}

async function lastAlert(domain: Domain) {
  const last = domain.owed.findLast((event) => event.kind === 'alert');
  const [alert] = await readAlerts(domain.database, [last?.entityId ?? '']);
  assert.ok(alert);
  return alert;
}

async function feedOf(domain: Domain, entityId: string) {
  const items = await readFeed(domain.database, { entityId, types: [], ascending: true, offset: 0, limit: 50 });
  return items.map((item) => [item.type, item.detail]);
}

async function storedReports(domain: Domain): Promise<number> {
  return (await domain.database.read.selectFrom('alert_event').select('event_id').execute()).length;
}

async function drop(domain: Domain, filters: Filter): Promise<void> {
  const { channelId } = domain.channel;
  await domain.administration.noiseRules.create('drop', { channelId, name: 'noise', spec: { filters } }, 0);
}

async function silence(domain: Domain, changes: Partial<SilenceSpec> = {}): Promise<string> {
  const { channelId } = domain.channel;
  const rule = { channelId, name: 'night', spec: { ...silenced, ...changes } };
  return (await domain.administration.noiseRules.create('silence', rule, 0)).ruleId;
}

async function inhibit(domain: Domain, changes: Partial<InhibitSpec> = {}): Promise<string> {
  const { channelId } = domain.channel;
  const rule = { channelId, name: 'cause', spec: { ...inhibited, ...changes } };
  return (await domain.administration.noiseRules.create('inhibit', rule, 0)).ruleId;
}
