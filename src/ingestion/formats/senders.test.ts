import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IntegrationType } from '../integration.ts';
import { context, fixture, now, plain } from './fixtures/fixture.ts';
import type { Parsed } from './format.ts';
import { formats } from './index.ts';
import type { SeverityMapping } from './severity.ts';

/*
 * Bodies in the shapes that the systems send, each with its right report. `fixtures/` holds them whole; a row changes what
 * it is about.
 */

interface Options {
  readonly path?: string;
  readonly severityMapping?: SeverityMapping;
  readonly consoleUrl?: string;
}

function parse(type: IntegrationType, body: unknown, { path = '', ...settings }: Options = {}): Parsed {
  const parsed = formats[type].parse(body, { ...context, path, settings: { ...context.settings, ...settings } });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed;
}

function only(type: IntegrationType, body: unknown, options: Options = {}) {
  const { reports } = parse(type, body, options);
  assert.equal(reports.length, 1);
  const [report] = reports;
  assert.ok(report !== undefined);
  return report;
}

function bodyOf(file: string, name: string): Record<string, unknown> {
  return fixture(file)[name] as Record<string, unknown>;
}

describe('what fires recovers under the same key', () => {
  const rows: readonly [type: IntegrationType, file: string, firing: string, recovery: string, path?: string][] = [
    ['zabbix', 'zabbix', 'firing', 'recovery'],
    ['nagios', 'nagios', 'firing', 'recovery'],
    ['nagios', 'nagios', 'host', 'hostRecovery'],
    ['icinga', 'icinga', 'firing', 'recovery'],
    ['uptime-kuma', 'uptime-kuma-webhook', 'firing', 'recovery'],
    ['azure-monitor', 'azure-monitor', 'firing', 'recovery'],
    ['google-cloud', 'google-cloud', 'firing', 'recovery'],
    ['healthchecks', 'healthchecks', 'firing', 'recovery'],
    ['healthchecks', 'healthchecks', 'firing', 'placeholders'],
    ['opsgenie', 'opsgenie', 'firing', 'recovery', 'v2/alerts/disk/db-3/close'],
    ['sentry', 'sentry', 'firing', 'recovery'],
    ['sentry', 'sentry', 'eventAlert', 'recovery'],
    ['sentry', 'sentry', 'metric', 'metricRecovery'],
    ['datadog', 'datadog', 'firing', 'recovery'],
    ['datadog', 'datadog', 'default', 'defaultRecovery'],
    ['cloudwatch', 'cloudwatch', 'firing', 'recovery'],
  ];
  for (const [type, file, firing, recovery, path] of rows) {
    test(`${file}: ${firing}, ${recovery}`, () => {
      const fired = only(type, bodyOf(file, firing));
      const recovered = only(type, bodyOf(file, recovery), path === undefined ? {} : { path });
      assert.notEqual(fired.status, 'Ok');
      assert.equal(recovered.status, 'Ok');
      assert.equal(recovered.alertKey, fired.alertKey);
      assert.ok(recovered.eventTime >= fired.eventTime);
    });
  }
});

describe('titles, severities and descriptions', () => {
  const rows: readonly [
    type: IntegrationType,
    file: string,
    name: string,
    title: string,
    status: string,
    text: RegExp,
  ][] = [
    [
      'zabbix',
      'zabbix',
      'firing',
      'Free disk space is less than 10% on volume /data / db-3',
      'Critical',
      /^The volume is nearly full\.$/,
    ],
    ['nagios', 'nagios', 'firing', 'HTTP / web-1', 'Critical', /^CRITICAL - Socket.*\nfirst line\nsecond line$/],
    ['nagios', 'nagios', 'host', 'Host down / web-2', 'Critical', /Packet loss/],
    ['icinga', 'icinga', 'firing', 'smtp / mail-1', 'Warning', /4\.2 s/],
    ['uptime-kuma', 'uptime-kuma-webhook', 'firing', 'eu / shop is down', 'Critical', /^connect ECONNREFUSED/],
    ['uptime-kuma', 'uptime-kuma-webhook', 'test', 'tocsin Testing', 'Info', /Testing/],
    [
      'azure-monitor',
      'azure-monitor',
      'firing',
      'CPU of the shop / vm-3',
      'Critical',
      /^Percentage CPU GreaterThan 90 \(measured 97\.5\)$/,
    ],
    [
      'google-cloud',
      'google-cloud',
      'firing',
      'CPU is high / web-1',
      'Critical',
      /^CPU utilization .*\n\nSee the runbook\.$/,
    ],
    ['healthchecks', 'healthchecks', 'firing', 'nightly backup is down', 'Critical', /^The last ping came at 2026/],
    ['opsgenie', 'opsgenie', 'firing', '[Alertmanager] DiskFilling', 'Critical', /91% full/],
    ['sentry', 'sentry', 'firing', 'TypeError: cannot read property of undefined', 'Critical', /^cannot read/],
    ['sentry', 'sentry', 'metric', 'Too many errors', 'Critical', /^1000 events/],
    ['sentry', 'sentry', 'plugin', 'Boom', 'Critical', /^boom$/],
    ['datadog', 'datadog', 'firing', 'CPU is high / host:web-1,env:prod', 'Warning', /above 90/],
    ['datadog', 'datadog', 'default', 'CPU is high / host:web-1', 'Critical', /CPU is high/],
    ['cloudwatch', 'cloudwatch', 'firing', 'shop-cpu', 'Critical', /^CPU of the shop is high\n\nThreshold Crossed/],
    ['cloudwatch', 'cloudwatch', 'other', 'Maintenance', 'Warning', /^the disk of db-3/],
  ];
  for (const [type, file, name, title, status, text] of rows) {
    test(`${file}: ${name}`, () => {
      const report = only(type, bodyOf(file, name));
      assert.deepEqual([report.title, report.status], [title, status]);
      assert.match(report.description, text);
    });
  }
});

describe('labels', () => {
  const rows: readonly [type: IntegrationType, file: string, name: string, labels: Record<string, string>][] = [
    ['zabbix', 'zabbix', 'firing', { service: 'shop', Data_center: 'eu', host_name: 'db-3' }],
    ['nagios', 'nagios', 'firing', { host: 'web-1', service: 'HTTP', state: 'CRITICAL', address: '10.0.0.11' }],
    [
      'uptime-kuma',
      'uptime-kuma-webhook',
      'firing',
      { Owner_Team: 'payments', check: 'shop', resource: 'https://shop.example.test' },
    ],
    ['uptime-kuma', 'uptime-kuma-webhook', 'port', { resource: 'mail-1', port: '25', type: 'port' }],
    [
      'azure-monitor',
      'azure-monitor',
      'firing',
      { team: 'shop', resource: 'vm-3', ResourceId: 'e8d1', severity: 'Sev1' },
    ],
    ['google-cloud', 'google-cloud', 'firing', { team: 'web', zone: 'europe-west3-a', resource_type: 'gce_instance' }],
    ['healthchecks', 'healthchecks', 'firing', { team: 'storage', tags: 'prod', check: 'nightly backup' }],
    ['opsgenie', 'opsgenie', 'firing', { alertname: 'DiskFilling', tags: 'disk, prod', entity: 'db-3' }],
    ['sentry', 'sentry', 'eventAlert', { browser: 'Chrome 130', triggered_rule: 'Many errors', level: 'fatal' }],
    [
      'datadog',
      'datadog',
      'firing',
      { team: 'web', host: 'web-1', env: 'prod', monitor: '', metric: 'system.cpu.user' },
    ],
    ['cloudwatch', 'cloudwatch', 'firing', { InstanceId: 'i-0abc', Namespace: 'AWS/EC2', AlarmName: 'shop-cpu' }],
  ];
  for (const [type, file, name, labels] of rows) {
    test(`${file}: ${name}`, () => {
      const kept = plain(only(type, bodyOf(file, name)).labels);
      assert.deepEqual({ ...kept, ...labels }, kept);
    });
  }

  test('a macro that Zabbix could not resolve is no label', () => {
    assert.equal(only('zabbix', bodyOf('zabbix', 'firing')).labels['user_macro'], undefined);
  });
});

describe('what changes of a body', () => {
  const within = (body: Record<string, unknown>, field: string, change: object) => ({
    ...body,
    [field]: { ...(body[field] as object), ...change },
  });
  const kuma = bodyOf('uptime-kuma-webhook', 'firing');
  const cloud = bodyOf('google-cloud', 'firing');
  const zabbix = bodyOf('zabbix', 'firing');
  const rows: readonly [
    name: string,
    type: IntegrationType,
    body: unknown,
    want: Record<string, unknown>,
    options?: Options,
  ][] = [
    ['an average of Zabbix', 'zabbix', { ...zabbix, event_nseverity: '3' }, { status: 'Warning' }],
    ['information of Zabbix', 'zabbix', { ...zabbix, event_nseverity: '1' }, { status: 'Info' }],
    ['the word of Zabbix alone', 'zabbix', { ...zabbix, event_nseverity: '' }, { status: 'Critical' }],
    [
      'names of macros',
      'zabbix',
      { 'EVENT.ID': '9', 'EVENT.VALUE': '0', 'EVENT.NAME': 'x' },
      { alertKey: '9', status: 'Ok' },
    ],
    ['a mapped word of Zabbix', 'zabbix', zabbix, { status: 'Info' }, { severityMapping: { high: 'Info' } }],
    ['an unknown state of Nagios', 'nagios', { host: 'h', service: 's', state: 'UNKNOWN' }, { status: 'Warning' }],
    ['a state without a type', 'nagios', { host: 'h', service: 's', state: 'OK' }, { status: 'Ok', alertKey: 'h!s' }],
    [
      'a mapped state',
      'nagios',
      { host: 'h', service: 's', state: 'UNKNOWN' },
      { status: 'Info' },
      { severityMapping: { unknown: 'Info' } },
    ],
    [
      'a severity among the tags of Uptime Kuma',
      'uptime-kuma',
      within(kuma, 'monitor', { tags: [{ name: 'severity', value: 'warning' }] }),
      { status: 'Warning' },
    ],
    ['a time of Uptime Kuma', 'uptime-kuma', kuma, { eventTime: Date.UTC(2026, 10, 24, 11, 59, 30, 120) }],
    ['a certificate', 'uptime-kuma', bodyOf('uptime-kuma-webhook', 'certificate'), { status: 'Warning' }],
    [
      'no severity of Google',
      'google-cloud',
      within(cloud, 'incident', { severity: 'No severity' }),
      { status: 'Warning' },
    ],
    [
      'documentation as text',
      'google-cloud',
      within(cloud, 'incident', { documentation: 'D', summary: 'S' }),
      { description: 'S\n\nD' },
    ],
    [
      'an issue that is open again',
      'sentry',
      { ...bodyOf('sentry', 'firing'), action: 'unresolved' },
      { status: 'Critical' },
    ],
    [
      'a metric that is a warning',
      'sentry',
      { ...bodyOf('sentry', 'metric'), action: 'warning' },
      { status: 'Warning' },
    ],
    ['no priority of Opsgenie', 'opsgenie', { message: 'x', alias: 'a' }, { status: 'Warning', alertKey: 'a' }],
    ['no alias of Opsgenie', 'opsgenie', { message: 'x' }, { alertKey: context.shortId() }],
    ['a warning of Datadog', 'datadog', { title: '[Warn on {host:a}] x' }, { status: 'Warning', alertKey: 'x:host:a' }],
    [
      'a severity among the tags of Datadog',
      'datadog',
      { title: '[Triggered] x', tags: 'team:a,severity:info,team:b' },
      { status: 'Info', labels: { team: 'a', team_2: 'b', severity: 'info' } },
    ],
    [
      'a severity among the tags of a check',
      'healthchecks',
      { name: 'n', status: 'down', tags: 'severity=warning' },
      { status: 'Warning' },
    ],
    [
      'a tag of Zabbix that is there twice',
      'zabbix',
      { event_id: '5', event_tags_json: '[{"tag":"scope","value":"a"},{"tag":"scope","value":"b"}]' },
      { labels: { scope: 'a', scope_2: 'b', event_id: '5' } },
    ],
    ['no data of Datadog', 'datadog', { title: '[No data] x' }, { status: 'Critical' }],
    ['a monitor without groups', 'datadog', { title: '[Re-Triggered] x', alert_id: 7 }, { title: 'x', alertKey: '7:' }],
    [
      'too few data, as somebody wants it',
      'cloudwatch',
      bodyOf('cloudwatch', 'insufficient'),
      { status: 'Info' },
      { severityMapping: { insufficient_data: 'Info' } },
    ],
    [
      'a sev 4 of Azure',
      'azure-monitor',
      { data: { essentials: { alertId: 'a', severity: 'Sev4' } } },
      { status: 'Info' },
    ],
    ['a name alone', 'healthchecks', { name: 'n', status: 'down' }, { alertKey: 'n', title: 'n is down' }],
  ];
  for (const [name, type, body, want, options] of rows) {
    test(name, () => {
      const report = only(type, body, options);
      assert.deepEqual({ ...report, ...want }, report);
    });
  }

  test('links lead back to the console of the source', () => {
    const consoleUrl = 'https://kuma.example.test';
    assert.equal(only('uptime-kuma', kuma, { consoleUrl }).labels['event_url'], `${consoleUrl}/dashboard/7`);
    const url = only('zabbix', zabbix).labels['event_url'];
    assert.equal(url, 'https://zabbix.example.test/tr_events.php?triggerid=18770&eventid=4021');
  });
});

describe('messages that are no alerts are answered, and change nothing', () => {
  const monitor = bodyOf('uptime-kuma-webhook', 'firing')['monitor'];
  const rows: readonly [name: string, type: IntegrationType, body: unknown, path?: string][] = [
    ['an acknowledgement', 'icinga', bodyOf('icinga', 'acknowledged')],
    ['flapping', 'nagios', { type: 'FLAPPINGSTART', host: 'h', state: 'UP' }],
    ['a downtime', 'nagios', { type: 'DOWNTIMEEND', host: 'h', state: 'UP' }],
    ['a pending monitor', 'uptime-kuma', { heartbeat: { status: 2 }, monitor, msg: '' }],
    ['maintenance', 'uptime-kuma', { heartbeat: { status: 3 }, monitor, msg: '' }],
    ['an issue that is assigned', 'sentry', { ...bodyOf('sentry', 'firing'), action: 'assigned' }],
    ['a paused check', 'healthchecks', { name: 'n', status: 'paused' }],
    ['too few data', 'cloudwatch', bodyOf('cloudwatch', 'insufficient')],
    ['the end of a subscription', 'cloudwatch', bodyOf('cloudwatch', 'unsubscribed')],
    ['a note', 'opsgenie', { note: 'n' }, 'v2/alerts/a/notes'],
  ];
  for (const [name, type, body, path = ''] of rows) {
    test(name, () => {
      const parsed = parse(type, body, { path });
      assert.deepEqual([parsed.reports, parsed.ignored], [[], 1]);
    });
  }
});

describe('what cannot be read is refused, and says what is missing', () => {
  const rows: readonly [type: IntegrationType, body: unknown, field: string][] = [
    ['zabbix', {}, 'event_id'],
    ['zabbix', { event_id: '{EVENT.ID}' }, 'event_id'],
    ['zabbix', [], ''],
    ['nagios', { state: 'OK' }, 'host'],
    ['nagios', { host: 'h', state: 'constructor' }, 'state'],
    ['icinga', 'x', ''],
    ['uptime-kuma', { heartbeat: null }, 'msg'],
    ['azure-monitor', { schemaId: 'AzureMonitorMetricAlert', data: {} }, 'data.essentials'],
    ['azure-monitor', { data: { essentials: {} } }, 'data.essentials.alertId'],
    ['google-cloud', {}, 'incident'],
    ['google-cloud', { incident: {} }, 'incident.incident_id'],
    ['healthchecks', { name: 'n' }, 'status'],
    ['healthchecks', { status: 'down' }, 'name'],
    ['opsgenie', { message: ' ' }, 'message'],
    ['sentry', { action: 'created' }, 'data'],
    ['sentry', { action: 'created', data: { issue: {} } }, 'data.issue.id'],
    ['datadog', {}, 'alert_cycle_key'],
    ['cloudwatch', { Type: 'Notification', Message: 'x' }, 'MessageId'],
  ];
  for (const [type, body, field] of rows) {
    test(`${type}: ${JSON.stringify(body)}`, () => {
      const parsed = formats[type].parse(body, context);
      assert.ok(!parsed.ok);
      assert.deepEqual(
        parsed.faults.map((fault) => fault.field),
        [field],
      );
    });
  }
});

test('Opsgenie’s senders read its own words', () => {
  const { reply } = parse('opsgenie', { message: 'x' }, { path: 'v2/alerts' });
  assert.ok('body' in reply);
  assert.deepEqual([reply.status, reply.body['result']], [202, 'Request will be processed']);
  assert.deepEqual(formats.opsgenie.refusal?.(400, ['a', 'b']), { message: 'a; b', took: 0, requestId: '' });
  const { postsTo } = formats.opsgenie;
  for (const path of ['v2/alerts', 'v2/alerts/a/close', 'v2/alerts/a/b c/acknowledge'])
    assert.ok(postsTo?.(path), path);
  for (const path of ['v2/alert', 'v2/alerts/a', 'v2/alerts/a/delete', 'v1/alerts']) assert.ok(!postsTo?.(path), path);
});

test('times of the senders are believed', () => {
  const started = only('google-cloud', bodyOf('google-cloud', 'firing'));
  assert.deepEqual([started.eventTime, started.isSenderTime], [now - 120_000, true]);
  const closed = only('cloudwatch', bodyOf('cloudwatch', 'recovery'));
  assert.equal(closed.eventTime, now - 60_000);
});
