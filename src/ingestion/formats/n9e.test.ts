import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { n9e } from './n9e.ts';

test('the array of a notification rule gives one report per event', () => {
  const { reports, reply } = taken(n9e, fixture('n9e-v8'));
  const [memory, host] = reports;
  assert.ok(memory !== undefined && host !== undefined);
  assert.deepEqual(
    { ...memory, labels: plain(memory.labels) },
    {
      alertKey: '5f2a7d9e1c0b4a3386f0aa51d1b0c7e2',
      title: 'Memory nearly used up / pay-7',
      titleRule: '',
      description: 'restart the worker when it stays above 95%',
      status: 'Warning',
      labels: {
        ident: 'pay-7',
        region: 'eu=1',
        rulename: 'Memory nearly used up',
        owner: 'team-pay',
        description: 'see the worker board',
        id: '88121',
        hash: '5f2a7d9e1c0b4a3386f0aa51d1b0c7e2',
        rule_id: '310',
        rule_name: 'Memory nearly used up',
        rule_note: 'restart the worker when it stays above 95%',
        severity: '2',
        trigger_time: '1795519500',
        first_trigger_time: '1795519440',
        last_eval_time: '1795519515',
        trigger_value: '96.2',
        target_ident: 'pay-7',
        group_id: '12',
        group_name: 'payments',
        cluster: 'prod',
        datasource_id: '4',
        cate: 'prometheus',
        prom_ql: 'mem_used_percent > 95',
      },
      images: [],
      eventTime: 1_795_519_500_000,
      isSenderTime: true,
      startedAt: 1_795_519_440_000,
    },
  );
  assert.deepEqual([host.title, host.status, host.eventTime], ['Host lost', 'Ok', 1_795_519_560_000]);
  assert.deepEqual(reply, { data: { accepted: 2, ignored: 0, skipped: [] } });
});

test('a callback sends one event, whose tags are a list', () => {
  const report = onlyReport(n9e, fixture('n9e-v5'));
  assert.deepEqual(
    [report.title, report.status, report.alertKey],
    ['CPU busy / host-12', 'Info', 'c1d3a5b7e9f0112233445566778899aa'],
  );
  const { __name__, cpu, ident, target_note } = report.labels;
  assert.deepEqual([__name__, cpu, ident, target_note], ['cpu_usage_active', 'cpu-total', 'host-12', 'rack 4']);
});

describe('one event', () => {
  const event = { hash: 'h1', rule_name: 'R', severity: 2, is_recovered: false, trigger_time: now / 1000 };
  const rows: readonly [name: string, fields: Record<string, unknown>, want: Record<string, unknown>][] = [
    ['severity 1', { severity: 1 }, { status: 'Critical' }],
    ['severity 2', { severity: 2 }, { status: 'Warning' }],
    ['severity 3', { severity: 3 }, { status: 'Info' }],
    ['another severity', { severity: 9 }, { status: 'Warning' }],
    ['a name of the prototype', { severity: 'toString' }, { status: 'Warning' }],
    ['recovered', { severity: 1, is_recovered: true }, { status: 'Ok' }],
    ['no target', { target_ident: '' }, { title: 'R' }],
    ['no name: never the hash', { rule_name: '' }, { title: 'Alert from Disk watch' }],
    ['no name: the note', { rule_name: '', rule_note: 'note text\nmore' }, { title: 'note text' }],
    ['no name: what the tags are about', { rule_name: '', tags: ['ident=a'] }, { title: 'a' }],
    ['no note: the annotation', { annotations: { description: 'D' } }, { description: 'D' }],
    ['no time', { trigger_time: 0 }, { eventTime: now }],
    ['a time that lies ahead', { trigger_time: now / 1000 + 3600 }, { eventTime: now }],
    ['a time in milliseconds', { trigger_time: now - 5000 }, { eventTime: now - 5000 }],
    ['tags that are odd', { tags: ['a', '=b', 5, 'c=d'], tags_map: null }, { status: 'Warning' }],
  ];
  for (const [name, fields, want] of rows) {
    test(name, () => {
      const report = onlyReport(n9e, { ...event, ...fields });
      assert.deepEqual({ ...report, ...want }, report);
    });
  }

  test('a tag beats an annotation, which beats a field', () => {
    const report = onlyReport(n9e, {
      ...event,
      tags: ['rule_name=t', 'a=t'],
      annotations: { a: 'n', cate: 'n' },
      cate: 'f',
    });
    assert.deepEqual([report.labels['rule_name'], report.labels['a'], report.labels['cate']], ['t', 't', 'n']);
  });

  test('without a hash, rule and tags are the key', () => {
    const key = (fields: object) => onlyReport(n9e, { rule_id: 5, tags: ['a=1', 'b=2'], ...fields }).alertKey;
    assert.equal(key({}), key({ tags: ['b=2', 'a=1'], trigger_value: '9' }));
    assert.notEqual(key({}), key({ rule_id: 6 }));
    assert.notEqual(key({}), key({ tags: ['a=1'] }));
  });
});

describe('two events of one rule are distinguished', () => {
  const event = {
    rule_id: 4,
    rule_name: 'Disk full',
    rule_note: '',
    severity: 3,
    is_recovered: false,
    target_ident: '',
  };
  const rows: readonly [name: string, fields: Record<string, unknown>, title: string, description: string][] = [
    [
      'by the host in the tags',
      {
        hash: '0c1',
        trigger_value: '91',
        annotations: {},
        tags_map: { host: 'db-1', mount: '/data', rulename: 'Disk full' },
      },
      'Disk full / db-1',
      'Trigger value: 91',
    ],
    [
      'by the instance',
      { hash: '0c2', trigger_value: 92, prom_ql: 'disk > 90', tags: ['instance=db-2:9100'] },
      'Disk full / db-2:9100',
      'Trigger value: 92\nQuery: disk > 90',
    ],
    [
      'by the pod, not by the exporter that reports it',
      { hash: '0c3', tags: ['instance=10.0.0.1:8080', 'job=kube-state-metrics', 'pod=cart-1', 'namespace=shop'] },
      'Disk full / shop/cart-1',
      '',
    ],
    ['by its target first', { hash: 'h', target_ident: 'db-3', tags: ['host=x'] }, 'Disk full / db-3', ''],
    ['annotations as JSON text', { hash: 'h', annotations: '{"description":"look"}' }, 'Disk full', 'look'],
    ['annotations as other text', { hash: 'h', annotations: 'look {' }, 'Disk full', 'look {'],
    ['an annotation named details', { hash: 'h', annotations: { details: 'look' } }, 'Disk full', 'look'],
  ];
  for (const [name, fields, title, description] of rows) {
    test(name, () => {
      const report = onlyReport(n9e, { ...event, ...fields });
      assert.deepEqual([report.title, report.description], [title, description]);
    });
  }
});

test('the page of the event is linked where the integration knows the address of the console', () => {
  const parsed = n9e.parse(
    { hash: 'h', rule_name: 'R', id: 88121 },
    { ...context, settings: { ...context.settings, consoleUrl: 'https://n9e.example.test' } },
  );
  assert.ok(parsed.ok);
  assert.equal(parsed.reports[0]?.labels['event_url'], 'https://n9e.example.test/alert-his-events/88121');
});

test('an integration overrules the numbers', () => {
  const settings = { ...context.settings, severityMapping: { '2': 'Critical' } as const };
  const parsed = n9e.parse(
    [
      { hash: 'h', severity: 2 },
      { hash: 'i', severity: 1 },
    ],
    { ...context, settings },
  );
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.reports.map((report) => report.status),
    ['Critical', 'Critical'],
  );
});

test('names of tags that cannot be a label’s are changed', () => {
  const report = onlyReport(n9e, { hash: 'h', tags_map: { ident: 'a', 'service name': 'pay' } });
  assert.equal(report.labels['service_name'], 'pay');
});

test('an odd event does not keep back the others', () => {
  const { reports, skipped } = taken(n9e, [{ hash: 'h1' }, null, {}, { hash: 'h2' }]);
  assert.deepEqual(
    reports.map((report) => report.alertKey),
    ['h1', 'h2'],
  );
  assert.deepEqual(
    skipped.map((fault) => fault.field),
    ['[1]', '[2]'],
  );
});

test('an empty array is fine', () => assert.deepEqual(taken(n9e, []).reports, []));

for (const body of ['x', null, 5, {}, [1]]) {
  test(`${JSON.stringify(body)} is refused`, () => assert.equal(wrongFields(n9e, body).length, 1));
}
