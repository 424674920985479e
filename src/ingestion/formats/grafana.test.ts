import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { grafana } from './grafana.ts';

test('unified alerting reads like Alertmanager, and adds links, values and an image', () => {
  const [queue, recovered] = taken(grafana, fixture('grafana-unified')).reports;
  assert.ok(queue !== undefined && recovered !== undefined);
  assert.deepEqual(
    { ...queue, labels: plain(queue.labels) },
    {
      alertKey: 'c6eadffa33fcdf37',
      title: 'Queue too long / mq-1',
      titleRule: '',
      description: 'orders wait for 12 minutes',
      status: 'Warning',
      labels: {
        alertname: 'Queue too long',
        grafana_folder: 'Orders',
        instance: 'mq-1',
        level: 'warn',
        summary: 'orders wait for 12 minutes',
        generatorURL: 'https://grafana.example.test/alerting/grafana/x1/view',
        silenceURL: 'https://grafana.example.test/alerting/silence/new?matcher=x',
        dashboardURL: 'https://grafana.example.test/d/d1',
        panelURL: 'https://grafana.example.test/d/d1?viewPanel=4',
        values: '{"B":44.23943737541908,"C":1}',
        valueString: "[ var='B' labels={instance=mq-1} value=44.23943737541908 ]",
        externalURL: 'https://grafana.example.test/',
      },
      images: [{ src: 'https://grafana.example.test/screens/1.png' }],
      eventTime: now,
      startedAt: Date.UTC(2026, 10, 24, 9, 51, 3, 157),
    },
  );
  assert.deepEqual([recovered.alertKey, recovered.status], ['bc97ff14869b13e3', 'Ok']);
  assert.equal(Object.hasOwn(recovered.labels, 'dashboardURL'), false);
});

test('legacy alerting is one object with a rule', () => {
  const report = onlyReport(grafana, fixture('grafana-legacy'));
  const { evalMatches, ...labels } = plain(report.labels);
  assert.deepEqual(
    { ...report, labels },
    {
      alertKey: '3:41',
      title: 'Load peak',
      titleRule: '',
      description: 'Load keeps rising, look at the front ends',
      status: 'Warning',
      labels: {
        team: 'web',
        host: 'web-9',
        ruleId: '41',
        ruleName: 'Load peak',
        ruleUrl: 'https://grafana.example.test/d/d7?tab=alert&viewPanel=2&orgId=3',
        dashboardId: '7',
        panelId: '2',
        orgId: '3',
      },
      images: [{ src: 'https://grafana.example.test/render/7.png' }],
      eventTime: now,
    },
  );
  assert.match(evalMatches ?? '', /"value":122.5/);
});

describe('legacy states', () => {
  const states: readonly [state: string, status: string | undefined][] = [
    ['alerting', 'Warning'],
    ['no_data', 'Critical'],
    ['ok', 'Ok'],
    ['pending', undefined],
    ['paused', undefined],
    ['toString', undefined],
  ];
  for (const [state, status] of states) {
    test(`${state} is ${status ?? 'ignored'}`, () => {
      const parsed = taken(grafana, { ...fixture('grafana-legacy'), state });
      assert.equal(parsed.reports[0]?.status, status);
      assert.equal(parsed.ignored, status === undefined ? 1 : 0);
    });
  }

  test('the test notification has rule 0 and, in Grafana 4, no organisation', () => {
    const { ruleId: _, orgId: __, ...rest } = fixture('grafana-legacy');
    assert.equal(onlyReport(grafana, { ...rest, ruleId: 0 }).alertKey, '1:0');
  });

  test('series without tags, and none at all', () => {
    for (const evalMatches of [[{ metric: 'm', value: 1, tags: null }], [], null]) {
      assert.equal(onlyReport(grafana, { ...fixture('grafana-legacy'), evalMatches }).labels['team'], 'web');
    }
  });

  const refused: readonly [name: string, body: unknown, fields: readonly string[]][] = [
    ['a state without a rule', { state: 'alerting' }, ['ruleId']],
    ['neither alerts nor a state', { title: 'x' }, ['alerts']],
    ['alerts that are no array', { alerts: null, state: 'alerting', ruleId: 1 }, ['alerts']],
    ['an array', [], ['alerts']],
  ];
  for (const [name, body, fields] of refused) {
    test(`${name} is refused`, () => assert.deepEqual(wrongFields(grafana, body), fields));
  }
});

describe('severities of legacy alerting', () => {
  const rows: readonly [state: string, tags: object, status: string][] = [
    ['alerting', { severity: 'critical' }, 'Critical'],
    ['alerting', { Priority: 'P4' }, 'Info'],
    ['alerting', { team: 'x' }, 'Warning'],
    ['no_data', { severity: 'info' }, 'Critical'],
    ['ok', { severity: 'critical' }, 'Ok'],
  ];
  for (const [state, tags, status] of rows) {
    test(`${state} with ${JSON.stringify(tags)}`, () => {
      assert.equal(onlyReport(grafana, { ...fixture('grafana-legacy'), state, tags }).status, status);
    });
  }
});

describe('alerts that stand in for a rule take the name of the rule', () => {
  const rows: readonly [labels: Record<string, string>, title: string][] = [
    [{ alertname: 'DatasourceNoData', rulename: 'Service failed', ref_id: 'A' }, 'Service failed'],
    [{ alertname: 'DatasourceError', rulename: 'Queue', instance: 'mq-1' }, 'Queue / mq-1'],
    [{ alertname: 'DatasourceError' }, 'DatasourceError'],
    [{ alertname: 'Other', rulename: 'x' }, 'Other'],
  ];
  for (const [labels, title] of rows) {
    test(JSON.stringify(labels), () => {
      assert.equal(onlyReport(grafana, { alerts: [{ status: 'firing', labels, fingerprint: 'f' }] }).title, title);
    });
  }
});
