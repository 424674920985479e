import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fixture } from '../../src/ingestion/formats/fixtures/fixture.ts';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

/*
 * Every sender of docs/senders over HTTP: what fires opens an alert and an incident, and its recovery closes both. CloudWatch
 * is not among them, since only AWS can sign its messages: see src/ingestion/sns.test.ts.
 */

let scene: TestApp;
let place: Place;
let alerts: Hook;
let incidents: Hook;

before(async () => {
  scene = await startTestApp();
  place = await scene.place();
  alerts = await place.hook('alert');
  incidents = await place.hook('incident');
});
after(() => scene.stop());

async function source(type: string, settings: object = {}): Promise<{ key: string; url: string }> {
  const name = `${type} ${Math.random().toString(36).slice(2)}`;
  const made = await scene.service.api('/integration/create', { name, type, channel_id: place.channelId, ...settings });
  return { key: String(made['integration_key']), url: new URL(String(made['push_url'])).pathname };
}

interface Sent {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

async function send({ path, body, headers = {} }: Sent): Promise<Record<string, unknown>> {
  const answer = await fetch(`${scene.service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body instanceof URLSearchParams ? body.toString() : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** The alert's pushes, as the status that each tells. */
async function statusesOf(title: string, count: number): Promise<unknown[]> {
  const isMine = (push: ReturnType<typeof pushOf>) => push.alert?.['title'] === title;
  await scene.receiver.waitFor(count, (one) => one.path === alerts.path && isMine(pushOf(one)));
  return alerts
    .received()
    .map(pushOf)
    .filter(isMine)
    .map((push) => push.alert?.['alert_status']);
}

const labels = { alertname: 'Straight', instance: 'web-1', severity: 'page' };
const straight = (endsAt: number) => [{ labels, annotations: {}, startsAt: iso(-60), endsAt: iso(endsAt) }];
const iso = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('what fires opens, and its recovery closes', () => {
  const body = (file: string, name: string) => fixture(file)[name];
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const asForm = (file: string, name: string) => new URLSearchParams(body(file, name) as Record<string, string>);
  const rows: readonly [
    type: string,
    title: string,
    firing: unknown,
    recovery: unknown,
    more?: { path?: string; end?: string; headers?: (key: string) => Record<string, string> },
  ][] = [
    [
      'zabbix',
      'Free disk space is less than 10% on volume /data / db-3',
      body('zabbix', 'firing'),
      body('zabbix', 'recovery'),
    ],
    ['nagios', 'HTTP / web-1', asForm('nagios', 'firing'), asForm('nagios', 'recovery'), { headers: () => form }],
    ['icinga', 'smtp / mail-1', asForm('icinga', 'firing'), asForm('icinga', 'recovery'), { headers: () => form }],
    [
      'uptime-kuma',
      'eu / shop is down',
      body('uptime-kuma-webhook', 'firing'),
      body('uptime-kuma-webhook', 'recovery'),
    ],
    ['sentry', 'TypeError: cannot read property of undefined', body('sentry', 'firing'), body('sentry', 'recovery')],
    ['datadog', 'CPU is high / host:web-1,env:prod', body('datadog', 'firing'), body('datadog', 'recovery')],
    ['azure-monitor', 'CPU of the shop / vm-3', body('azure-monitor', 'firing'), body('azure-monitor', 'recovery')],
    ['google-cloud', 'CPU is high / web-1', body('google-cloud', 'firing'), body('google-cloud', 'recovery')],
    ['healthchecks', 'nightly backup is down', body('healthchecks', 'firing'), body('healthchecks', 'recovery')],
    [
      'opsgenie',
      '[Alertmanager] DiskFilling',
      body('opsgenie', 'firing'),
      body('opsgenie', 'recovery'),
      {
        path: '/v2/alerts',
        end: '/v2/alerts/disk%2Fdb-3/close?identifierType=alias',
        headers: (key) => ({ authorization: `GenieKey ${key}` }),
      },
    ],
    [
      'prometheus',
      'Straight / web-1',
      straight(240),
      straight(-1),
      { path: '/api/v2/alerts', headers: (key) => ({ authorization: `Bearer ${key}` }) },
    ],
  ];
  for (const [type, title, firing, recovery, { path, end, headers = () => ({}) } = {}] of rows) {
    test(type, async () => {
      const { key, url } = await source(type);
      const at = path ?? `${url}/${key}`;
      const taken = await send({ path: at, body: firing, headers: headers(key) });
      if (type === 'opsgenie') {
        assert.equal(taken['result'], 'Request will be processed');
        assert.equal((taken['results'] as { result: string }[])[0]?.result, 'opened');
      }
      assert.equal((await statusesOf(title, 1)).length, 1);
      await send({ path: end ?? at, body: recovery, headers: headers(key) });
      assert.equal((await statusesOf(title, 2)).at(-1), 'Ok');
      await scene.receiver.waitFor(1, (one) => {
        if (one.path !== incidents.path) return false;
        const { event_type: event, incident } = pushOf(one) as { event_type: string; incident?: { title?: string } };
        return event === 'i_rslv' && incident?.title === title;
      });
    });
  }
});

test('an issue of Sentry that comes back opens an alert again, though it was first seen long ago', async () => {
  const { key, url } = await source('sentry');
  const hook = (action: string) => ({
    action,
    data: { issue: { id: '77', title: 'It comes back', level: 'error', firstSeen: iso(-86_400) } },
  });
  const results: unknown[] = [];
  for (const action of ['created', 'resolved', 'unresolved', 'resolved']) {
    const answer = await send({ path: `${url}/${key}`, body: hook(action) });
    results.push((answer['data'] as { results: { result: string }[] }).results[0]?.result);
  }
  assert.deepEqual(results, ['opened', 'recovered', 'opened', 'recovered']);
});

test('Prometheus posts with the key in the prefix of the path', async () => {
  const { key } = await source('prometheus');
  const answer = await send({ path: `/event/push/alert/prometheus/${key}/api/v2/alerts`, body: straight(240) });
  assert.equal((answer['data'] as { accepted: number }).accepted, 1);
});

describe('an integration says how its bodies are read', () => {
  const group = (severity: string) => ({
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'Words', instance: 'w', severity },
        annotations: {},
        fingerprint: severity,
      },
    ],
  });

  test('its own severity words, and titles by a rule', async () => {
    const settings = { severity_mapping: { Ticket: 'Info' }, title_rule: '[TPL]{{.Title}} is ${severity}' };
    const { key } = await source('prometheus', settings);
    for (const word of ['ticket', 'emergency']) {
      await send({ path: `/event/push/alert/prometheus/${key}`, body: group(word) });
    }
    assert.deepEqual(await statusesOf('Words / w is ticket', 1), ['Info']);
    assert.deepEqual(await statusesOf('Words / w is emergency', 1), ['Critical']);
  });

  test('a mapping of its fields', async () => {
    const settings = {
      field_mapping: { title: '{{monitor.name}} is {{state}}', event_status: '{{state}}', alert_key: '{{monitor.id}}' },
      value_mapping: { state: { down: 'Critical', up: 'Ok' } },
    };
    const { key } = await source('standard', settings);
    const body = (state: string) => ({ monitor: { id: 5, name: 'shop' }, state });
    await send({ path: `/event/push/alert/standard/${key}`, body: body('down') });
    await send({ path: `/event/push/alert/standard/${key}`, body: body('up') });
    assert.deepEqual(await statusesOf('shop is Critical', 2), ['Critical', 'Ok']);
  });
});
