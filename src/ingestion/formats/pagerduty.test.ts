import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { keyInBody, pagerduty } from './pagerduty.ts';
import { threadCpuMs } from '../../runtime/loop-meter.ts';

const second = fixture('pagerduty-v2');
const first = fixture('pagerduty-v1');
const payload = second['payload'] as Record<string, unknown>;

test('an event of version 2 becomes a report, and is answered as PagerDuty does', () => {
  const { reports, reply } = taken(pagerduty, second);
  const [report] = reports;
  assert.ok(report !== undefined);
  assert.deepEqual(
    { ...report, labels: plain(report.labels) },
    {
      alertKey: 'search/latency',
      title: 'p99 of search is above 2 s',
      titleRule: '',
      description: 'since the last release',
      status: 'Critical',
      labels: {
        source: 'search-eu',
        component: 'search',
        group: 'front',
        class: 'latency',
        client: 'Latency watch',
        client_url: 'https://latency.example.test/search',
        p99__ms_: '2140',
        description: 'since the last release',
        hosts: '["s-1","s-2"]',
        links: 'the event: https://latency.example.test/events/9',
      },
      images: [{ src: 'https://latency.example.test/9.png', alt: 'p99', href: 'https://latency.example.test/9' }],
      eventTime: now - 90_000,
      isSenderTime: true,
    },
  );
  assert.deepEqual(reply, {
    status: 202,
    body: { status: 'success', message: 'Event processed', dedup_key: 'search/latency' },
  });
});

test('an event of version 1 becomes a report, even when it comes with an empty event_action', () => {
  const { reports, reply } = taken(pagerduty, first);
  const [report] = reports;
  assert.ok(report !== undefined);
  assert.deepEqual(
    [report.alertKey, report.title, report.status],
    ['backup/nightly', 'nightly backup did not end', 'Info'],
  );
  assert.deepEqual(report.images, [{ src: 'https://backup.example.test/chart.png', alt: 'duration' }]);
  assert.equal(report.labels['links'], 'log: https://backup.example.test/log');
  assert.equal(report.labels['host'], 'bk-1');
  assert.deepEqual(reply, {
    status: 200,
    body: { status: 'success', message: 'Event processed', incident_key: 'backup/nightly' },
  });
});

describe('actions', () => {
  for (const [version, body, action] of [
    ['2', second, 'event_action'],
    ['1', first, 'event_type'],
  ] as const) {
    test(`resolve is a recovery in version ${version}`, () => {
      assert.equal(onlyReport(pagerduty, { ...body, [action]: 'resolve' }).status, 'Ok');
    });

    test(`acknowledge is answered and changes no alert in version ${version}`, () => {
      const parsed = taken(pagerduty, { ...body, [action]: 'acknowledge' });
      assert.deepEqual([parsed.reports, parsed.ignored], [[], 1]);
      assert.ok('body' in parsed.reply && parsed.reply.body['status'] === 'success');
    });
  }

  test('a resolve needs no payload', () => {
    const report = onlyReport(pagerduty, { routing_key: 'r', event_action: 'resolve', dedup_key: 'k' });
    assert.deepEqual([report.status, report.alertKey, report.title], ['Ok', 'k', 'k']);
  });

  test('a trigger without a key gets one in its reply', () => {
    const { reports, reply } = taken(pagerduty, { ...second, dedup_key: null });
    assert.equal(reports[0]?.alertKey, context.shortId());
    assert.ok('body' in reply && reply.body['dedup_key'] === context.shortId());
  });
});

describe('payloads', () => {
  const rows: readonly [name: string, fields: Record<string, unknown>, want: Record<string, unknown>][] = [
    ['severity warning', { severity: 'warning' }, { status: 'Warning' }],
    ['severity info', { severity: 'info' }, { status: 'Info' }],
    ['severity error', { severity: 'error' }, { status: 'Critical' }],
    ['severity page', { severity: 'page' }, { status: 'Critical' }],
    ['severity of another word', { severity: 'banana' }, { status: 'Warning' }],
    ['no severity pages', { severity: null }, { status: 'Critical' }],
    ['an empty severity pages', { severity: '' }, { status: 'Critical' }],
    ['no severity but in the details', { severity: null, custom_details: { Severity: 'warn' } }, { status: 'Warning' }],
    ['a trigger is never a recovery', { severity: 'ok' }, { status: 'Info' }],
    ['no source', { source: null }, { title: 'p99 of search is above 2 s' }],
    ['details as text', { custom_details: 'look' }, { description: 'look' }],
    [
      'a long summary is kept whole in the description',
      { summary: 's'.repeat(900), custom_details: null },
      { title: 's'.repeat(512), description: 's'.repeat(900) },
    ],
    ['no time', { timestamp: null }, { eventTime: now }],
    ['a time with a colon in its zone', { timestamp: '2026-11-24T13:00:00+02:00' }, { eventTime: now - 3_600_000 }],
    ['a time without a zone is UTC', { timestamp: '2026-11-24T11:00:00' }, { eventTime: now - 3_600_000 }],
    ['a time with a blank', { timestamp: '2026-11-24 11:00:00' }, { eventTime: now - 3_600_000 }],
    ['a zone of hours', { timestamp: '2026-11-24T19:00:00+08' }, { eventTime: now - 3_600_000 }],
    ['Unix seconds', { timestamp: now / 1000 - 60 }, { eventTime: now - 60_000 }],
    ['Unix seconds as text', { timestamp: String(now / 1000 - 60) }, { eventTime: now - 60_000 }],
    ['local time of +08:00 without a zone', { timestamp: '2026-11-24T20:00:00' }, { eventTime: now }],
    ['a text that is no time', { timestamp: '1' }, { eventTime: now }],
    ['the year 1970', { timestamp: '1970-01-01T00:00:00Z' }, { eventTime: now }],
  ];
  for (const [name, fields, want] of rows) {
    test(name, () => {
      const report = onlyReport(pagerduty, { ...second, payload: { ...payload, ...fields } });
      assert.deepEqual({ ...report, ...want }, report);
    });
  }
});

describe('details', () => {
  const rows: readonly [name: string, details: unknown, description: string, labels: Record<string, string>][] = [
    [
      'of Alertmanager, without a description',
      { firing: 'Labels:\n - alertname = PumpStill\n', num_firing: '1' },
      'firing: Labels:\n - alertname = PumpStill\n\nnum_firing: 1',
      { firing: 'Labels:\n - alertname = PumpStill\n', num_firing: '1' },
    ],
    [
      'of Zabbix',
      { 'Trigger description': 'no flow', 'Trigger opdata': '0 l/s', empty: '' },
      'Trigger description: no flow\nTrigger opdata: 0 l/s',
      { Trigger_description: 'no flow', Trigger_opdata: '0 l/s' },
    ],
    ['with values of all kinds', { a: 1, b: [1, 'x'], c: null }, 'a: 1\nb: [1,"x"]', { a: '1', b: '[1,"x"]' }],
    [
      'as a list of objects',
      [{ host: 'a' }, { host: 'b', cpu: 9 }],
      'host: a\nhost: b\ncpu: 9',
      { host: 'a', host_2: 'b', cpu: '9' },
    ],
    ['as a list of texts', ['one', 'two'], 'one\ntwo', { custom_details: 'one\ntwo' }],
    [
      'captions that fall together',
      { 'a b': 1, 'a-b': 2, 'a:b': 3 },
      'a b: 1\na-b: 2\na:b: 3',
      { a_b: '1', 'a-b': '2', a_b_2: '3' },
    ],
    ['a body', { body: 'B', x: 'y' }, 'B', { body: 'B', x: 'y' }],
  ];
  for (const [name, details, description, labels] of rows) {
    test(name, () => {
      const report = onlyReport(pagerduty, { ...second, links: [], payload: { ...payload, custom_details: details } });
      assert.equal(report.description, description);
      const {
        source: _,
        component: __,
        group: ___,
        class: ____,
        client: _____,
        client_url: ______,
        ...rest
      } = plain(report.labels);
      assert.deepEqual(rest, labels);
      assert.equal(report.keepsDetails, undefined);
    });
  }

  for (const none of [undefined, null, {}, [], '', { a: null }]) {
    test(`${JSON.stringify(none)} leaves the alert what it has`, () => {
      const report = onlyReport(pagerduty, { ...second, payload: { ...payload, custom_details: none } });
      assert.equal(report.keepsDetails, true);
    });
  }

  test('a hundred thousand details in a list do not hold the loop', () => {
    const details = Array.from({ length: 100_000 }, () => ({ a: 1 }));
    const before = threadCpuMs();
    onlyReport(pagerduty, { ...second, payload: { ...payload, custom_details: details } });
    assert.ok(threadCpuMs() - before < 1500);
  });
});

describe('links and images', () => {
  test('the text of a link stays, with and without its address', () => {
    const links = [
      { href: 'https://a.example.test', text: 'Runbook' },
      { href: 'https://b.example.test' },
      { text: 'Note' },
    ];
    const report = onlyReport(pagerduty, { ...second, links });
    assert.equal(report.labels['links'], 'Runbook: https://a.example.test https://b.example.test Note');
  });

  test('an image that cannot be shown is left out, and the reply says so', () => {
    const { reports, reply } = taken(pagerduty, { ...second, images: [{ alt: 'x' }] });
    assert.deepEqual(reports[0]?.images, []);
    assert.ok('body' in reply && reply.status === 202);
    assert.deepEqual((reply.body['skipped'] as { field: string }[])[0]?.field, 'images[0]');
  });
});

test('a change event is taken, and is no alert', () => {
  const change = { routing_key: 'r', payload: { summary: 'Build 7', timestamp: '2026-11-24T11:00:00Z' }, links: [] };
  const parsed = taken(pagerduty, change);
  assert.deepEqual(parsed.reports, []);
  const { title, status, eventTime } = parsed.change ?? {};
  assert.deepEqual([title, status, eventTime], ['Build 7', 'Done', Date.parse('2026-11-24T11:00:00Z')]);
  assert.ok('body' in parsed.reply && parsed.reply.status === 202);
});

describe('refusals name every wrong field', () => {
  const rows: readonly [name: string, body: unknown, fields: readonly string[]][] = [
    ['an array', [second], ['']],
    ['nothing in it', {}, ['event_action', 'dedup_key']],
    ['an unknown action', { ...second, event_action: 'page' }, ['event_action']],
    ['a trigger without a payload', { ...second, payload: null }, ['payload.summary']],
    ['a trigger with a blank summary', { ...second, payload: { ...payload, summary: ' ' } }, ['payload.summary']],
    ['a resolve without a key', { routing_key: 'r', event_action: 'resolve' }, ['dedup_key']],
    ['an acknowledge without a key', { service_key: 's', event_type: 'acknowledge' }, ['incident_key']],
    ['a key that is too long', { ...second, dedup_key: 'k'.repeat(256) }, ['dedup_key']],
    ['a key that is a number', { ...second, dedup_key: 5 }, ['dedup_key']],
    ['version 1 without a description', { ...first, description: '' }, ['description']],
    ['version 1 with an unknown type', { ...first, event_type: 'x' }, ['event_type']],
    ['version 1 without a type', { service_key: 's', description: 'd', incident_key: 'k' }, ['event_type']],
    ['several at once', { event_action: 'trigger', dedup_key: [], payload: {} }, ['payload.summary', 'dedup_key']],
  ];
  for (const [name, body, fields] of rows) test(name, () => assert.deepEqual(wrongFields(pagerduty, body), fields));

  test('the refusal has the form that its senders read', () => {
    const errors = ['payload.summary: missing'];
    assert.deepEqual(pagerduty.refusal?.(400, errors), {
      status: 'invalid event',
      message: 'Event object is invalid',
      errors,
    });
    assert.deepEqual(
      [pagerduty.refusal?.(429, [])['status'], pagerduty.refusal?.(503, [])['status']],
      ['throttle exceeded', 'internal error'],
    );
  });
});

describe('the key in the body', () => {
  const rows: readonly [body: unknown, key: string | undefined][] = [
    [{ routing_key: 'r' }, 'r'],
    [{ service_key: 's' }, 's'],
    [{ routing_key: '', service_key: 's' }, 's'],
    [{ routing_key: 5 }, undefined],
    [{}, undefined],
    [null, undefined],
    [['routing_key'], undefined],
  ];
  for (const [body, key] of rows) test(JSON.stringify(body), () => assert.equal(keyInBody(body), key));
});
