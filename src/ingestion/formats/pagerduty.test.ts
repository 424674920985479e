import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { keyInBody, pagerduty } from './pagerduty.ts';

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
        p99_ms_: '2140',
        description: 'since the last release',
        hosts: '["s-1","s-2"]',
        links: 'https://latency.example.test/events/9',
      },
      images: [{ src: 'https://latency.example.test/9.png', alt: 'p99', href: 'https://latency.example.test/9' }],
      eventTime: now - 90_000,
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
  assert.equal(report.labels['links'], 'https://backup.example.test/log');
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

  test('a trigger without a key gets one, and is told', () => {
    const { reports, reply } = taken(pagerduty, { ...second, dedup_key: null });
    assert.equal(reports[0]?.alertKey, context.shortId());
    assert.ok('body' in reply && reply.body['dedup_key'] === context.shortId());
  });
});

describe('payloads', () => {
  const rows: readonly [name: string, fields: Record<string, unknown>, want: Record<string, unknown>][] = [
    ['severity warning', { severity: 'warning' }, { status: 'Warning' }],
    ['severity info', { severity: 'info' }, { status: 'Info' }],
    ['severity error is like any other word', { severity: 'error' }, { status: 'Warning' }],
    ['no severity', { severity: null }, { status: 'Warning' }],
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

describe('what is refused, with every wrong field named', () => {
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
    assert.deepEqual(pagerduty.refusal?.(['payload.summary: missing']), {
      status: 400,
      body: { status: 'invalid event', message: 'Event object is invalid', errors: ['payload.summary: missing'] },
    });
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
