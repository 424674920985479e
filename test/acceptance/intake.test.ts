import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../counterparts/program.ts';
import type { Json } from '../support/service.ts';
import { kubeAlert } from '../support/kube-alert.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/** Replies to senders, traces of refusals, and storms, over HTTP only (contract 5.1). */

const run = promisify(execFile);

async function hasProgram(command: string): Promise<boolean> {
  return run(command, [command === 'go' ? 'version' : '--version']).then(
    () => true,
    () => false,
  );
}

let scene: TestApp;

before(async () => {
  scene = await startTestApp({
    env: { TOCSIN_INGEST_RATE: '0', TOCSIN_STRANGER_RATE: '0', TOCSIN_INGEST_BODY_BYTES: '4194304' },
  });
});
after(() => scene.stop());

const formatsWithPaths = [
  'standard',
  'prometheus/api/v2/alerts',
  'pagerduty/v2/enqueue',
  'opsgenie/v2/alerts',
  'zabbix',
];

const firing = { event_status: 'Critical', title: 'x', alert_key: 'k' };
const recovery = { event_status: 'Ok', alert_key: 'k' };

interface Source {
  readonly id: number;
  readonly key: string;
  send(body: unknown, query?: string): Promise<{ status: number; data: Json; message: string }>;
  info(): Promise<Json>;
}

async function source(type: string, channelId: number): Promise<Source> {
  const name = `${type} ${Math.random().toString(36).slice(2)}`;
  const made = await scene.service.api('/integration/create', { name, type, channel_id: channelId });
  const [id, key] = [Number(made['integration_id']), String(made['integration_key'])];
  return {
    id,
    key,
    async send(body, query = '') {
      const path = `/event/push/alert/${type}?integration_key=${key}${query}`;
      const answer = await scene.call(path, body, { key: '' });
      return { status: answer.status, data: answer.data, message: answer.error?.message ?? '' };
    },
    info: () => scene.service.api('/integration/info', { integration_id: id }),
  };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${scene.service.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

const kube = (index: number) => kubeAlert('shop', 'cart', index, 'x'.repeat(500));

const group = (count: number, more: object = {}) => ({
  status: 'firing',
  alerts: Array.from({ length: count }, (_, index) => kube(index)),
  ...more,
});

describe('the reply of a push', () => {
  test('names the alert, its incident, its event and the webhooks, and every word of what can become of it', async () => {
    const place = await scene.place();
    const hook = await place.hook('alert');
    await place.hook('incident');
    const sender = await source('standard', place.channelId);
    const opened = await sender.send(firing);
    assert.deepEqual([opened.data['result'], opened.data['webhooks']], ['opened', 2]);
    const [push] = await hook.pushes(1);
    const pushed = JSON.parse(push?.body ?? '{}') as { event_id: string; alert: Json & { incident: Json } };
    assert.deepEqual(
      [opened.data['alert_id'], opened.data['incident_id'], opened.data['event_id'], opened.data['alert_key']],
      [pushed.alert['alert_id'], pushed.alert.incident['incident_id'], pushed.event_id, 'k'],
    );
    const words: unknown[] = [];
    for (const body of [firing, { ...firing, description: 'more' }, recovery, recovery]) {
      words.push((await sender.send(body)).data['result']);
    }
    assert.deepEqual(words, ['repeated', 'updated', 'recovered', 'unmatched']);
    const filters = [[{ key: 'title', oper: 'IN', vals: ['noise'] }]];
    const rule = { channel_id: place.channelId, rule_name: 'no noise', description: 'd', filters };
    await scene.service.api('/channel/unsubscribe/rule/create', rule);
    const dropped = await sender.send({ ...firing, title: 'noise', alert_key: 'n' });
    assert.deepEqual(
      [dropped.data['result'], dropped.data['rule'], dropped.data['dropped']],
      ['dropped', 'no noise', 1],
    );
    const quiet = { ...rule, rule_name: 'quiet', filters: [[{ key: 'title', oper: 'IN', vals: ['quiet'] }]] };
    const now = Math.floor(Date.now() / 1000);
    const time_filter = { start_time: now - 60, end_time: now + 600 };
    await scene.service.api('/channel/silence/rule/create', { ...quiet, time_filter });
    const muted = await sender.send({ ...firing, title: 'quiet', alert_key: 'q' });
    assert.deepEqual([muted.data['result'], muted.data['rule'], muted.data['incident_id']], ['muted', 'quiet', '']);
  });

  test('has an entry for each of a group, up to 100', async () => {
    const sender = await source('prometheus', (await scene.place()).channelId);
    const three = (await sender.send(group(3))).data;
    const results = three['results'] as Json[];
    assert.deepEqual(
      results.map((one) => [one['alert_key'], one['result']]),
      [0, 1, 2].map((index) => [`cart${index}`, 'opened']),
    );
    const many = (await sender.send(group(150))).data;
    assert.deepEqual([many['accepted'], (many['results'] as Json[]).length], [150, 100]);
  });

  test('counts what no channel takes, and refuses a channel that is none', async () => {
    const sender = await source('standard', 0);
    const { data } = await sender.send(firing);
    assert.deepEqual([data['result'], data['unrouted'], data['alert_key']], ['unrouted', 1, 'k']);
    const grouped = await source('prometheus', 0);
    assert.equal((await grouped.send(group(2))).data['unrouted'], 2);
    assert.equal((await grouped.send(group(1))).data['unrouted'], 1);
    const known = await grouped.info();
    assert.deepEqual([known['unrouted_events'], Number(known['last_unrouted_at']) > 0], [3, true]);
    for (const [query, words] of [
      ['999', /there is no channel 999/],
      ['abc', /must be the number of a channel/],
      ['1.5', /must be the number/],
      ['', undefined],
    ] as const) {
      const answer = await sender.send(firing, `&channel_id=${query}`);
      assert.equal(answer.status, words === undefined ? 200 : 400, query);
      if (words !== undefined) assert.match(answer.message, words);
    }
    const place = await scene.place();
    const routed = await sender.send({ ...firing, alert_key: 'r' }, `&channel_id=${place.channelId}`);
    assert.equal(routed.data['result'], 'opened');
  });

  test('a key is replaced without a gap: the old one is taken until its overlap ends', async () => {
    const place = await scene.place();
    const { id, send, info } = await source('standard', place.channelId);
    const rotate = (overlap_seconds: number) =>
      scene.service.api('/integration/key/rotate', { integration_id: id, overlap_seconds });
    const second = await rotate(600);
    const url = String(second['push_url']);
    assert.ok(url.endsWith(`integration_key=${String(second['integration_key'])}`));
    const post = async (address: string) =>
      (await scene.call(new URL(address).pathname + new URL(address).search, firing, { key: '' })).status;
    assert.deepEqual([await post(url), (await send(firing)).status], [200, 200]);
    const shown = await info();
    assert.equal(shown['push_url'], url);
    assert.ok(Math.abs(Number(shown['old_key_expires_at']) - Date.now() / 1000 - 600) < 60);
    const third = await rotate(0);
    assert.deepEqual(
      [await post(String(third['push_url'])), await post(url), (await send(firing)).status],
      [200, 400, 200],
    );
  });

  test('a recovery of nothing says so, in the words of PagerDuty too', async () => {
    const place = await scene.place();
    const standard = await source('standard', place.channelId);
    assert.equal((await standard.send(recovery)).data['unmatched'], 1);
    const pager = await source('pagerduty', place.channelId);
    const body = { routing_key: pager.key, event_action: 'resolve', dedup_key: 'nothing' };
    const answer = await fetch(`${scene.service.url}/v2/enqueue`, { method: 'POST', body: JSON.stringify(body) });
    const told = (await answer.json()) as Json;
    assert.deepEqual([answer.status, told['status'], told['unmatched']], [202, 'success', 1]);
  });
});

test('a slash at the end is accepted at every path that a key admits to', async () => {
  const described = (await (await fetch(`${scene.service.url}/openapi.json`)).json()) as { paths: Json };
  const place = await scene.place();
  const paths = [
    ...Object.keys(described.paths),
    '/push/incident/comment-by-alert',
    '/channel/list-by-integration',
    ...formatsWithPaths.map((path) => `/event/push/alert/${path}`),
    `/event/push/alert/standard/${place.sourceKey}`,
    '/v2/enqueue',
    '/v2/change/enqueue',
    '/generic/2010-04-15/create_event.json',
    '/api/v2/alerts',
    '/v2/alerts',
  ].filter((path) => !path.includes('{'));
  assert.ok(paths.length > 150, String(paths.length));
  // No operation takes a list, so none does anything: what matters is that there is one.
  for (const path of new Set(paths)) {
    const answers = await Promise.all(['', '/'].map((slash) => scene.call(path + slash, [])));
    const [plain, slashed] = answers.map(({ status, error }) => `${status} ${error?.code}`);
    assert.equal(slashed, plain, path);
    assert.notEqual(plain, '404 RouteNotFound', path);
  }
});

test('a disabled integration accepts recoveries of open alerts, and nothing that fires', async () => {
  const place = await scene.place();
  const sender = await source('prometheus', place.channelId);
  const one = (status: string, fingerprint: string) => ({ ...kube(0), status, fingerprint });
  await sender.send({ alerts: [one('firing', 'a'), one('firing', 'b')] });
  await scene.service.api('/integration/update', { integration_id: sender.id, status: 'disabled' });
  assert.equal((await sender.send({ alerts: [one('resolved', 'a')] })).data['accepted'], 1);
  const mixed = (await sender.send({ alerts: [one('resolved', 'b'), one('firing', 'c')] })).data;
  assert.deepEqual([(mixed['results'] as Json[])[0]?.['result'], mixed['refused']], ['recovered', 1]);
  const refused = await sender.send({ alerts: [one('firing', 'c')] });
  assert.deepEqual([refused.status, /is disabled/.test(refused.message)], [400, true]);
});

describe('a push that is refused', () => {
  test('leaves a line, a count, and the last error of its integration; one that is taken leaves when it came', async () => {
    const sender = await source('standard', (await scene.place()).channelId);
    assert.deepEqual((await sender.info())['last_error'], null);
    const before = await metric('tocsin_pushes_refused_total{reason="invalid"}');
    const wrong = await sender.send({ event_status: 'critical', title: 'x' });
    assert.equal(wrong.status, 400);
    const { status, reason, message, bytes, at } = (await sender.info())['last_error'] as Json;
    assert.deepEqual([status, reason, bytes], [400, 'invalid', 39]);
    assert.match(String(message), /event_status/);
    assert.ok(Math.abs(Number(at) - Date.now() / 1000) < 60);
    assert.equal(await metric('tocsin_pushes_refused_total{reason="invalid"}'), before + 1);
    assert.ok(scene.service.logs.some((line) => line.includes('push.refused') && line.includes(String(sender.id))));
    assert.equal((await sender.info())['last_event_at'], 0);
    await sender.send(firing);
    await sender.send(firing);
    assert.ok(Number((await sender.info())['last_event_at']) > 0);
  });

  test('with a key that nobody has is counted too', async () => {
    const before = await metric('tocsin_pushes_refused_total{reason="wrong_key"}');
    const answer = await scene.call('/event/push/alert/standard?integration_key=nobody-has-this', firing, { key: '' });
    assert.equal(answer.status, 400);
    assert.equal(await metric('tocsin_pushes_refused_total{reason="wrong_key"}'), before + 1);
  });

  test('with a key that nobody has, again and again, is counted, and fills no log', async () => {
    const lines = () => scene.service.logs.filter((line) => line.includes('push.refused')).length;
    const [counted, logged] = [await metric('tocsin_pushes_refused_total{reason="wrong_key"}'), lines()];
    const path = '/event/push/alert/standard?integration_key=nobody-has-this';
    for (let sent = 0; sent < 60; sent += 1) await scene.call(path, firing, { key: '' });
    assert.equal(await metric('tocsin_pushes_refused_total{reason="wrong_key"}'), counted + 60);
    assert.ok(lines() - logged < 50, `${lines() - logged} lines`);
  });

  test('alerts that a sender left out are in the reply, counted and kept on the integration', async () => {
    const sender = await source('prometheus', (await scene.place()).channelId);
    const before = await metric('tocsin_truncated_alerts_total');
    assert.equal((await sender.send(group(1, { truncatedAlerts: 7 }))).data['truncated'], 7);
    await sender.send(group(1, { truncatedAlerts: 2 }));
    assert.equal((await sender.info())['truncated_alerts'], 9);
    assert.equal(await metric('tocsin_truncated_alerts_total'), before + 9);
    assert.ok(scene.service.logs.some((line) => line.includes('push.truncated') && line.includes(String(sender.id))));
  });
});

test('more than 5,000 alerts, and a large text that is no JSON, are refused with a reason', async () => {
  const sender = await source('prometheus', (await scene.place()).channelId);
  const small = Array.from({ length: 5_001 }, (_, index) => ({ labels: { a: `${index}`, filler: 'x'.repeat(100) } }));
  assert.match((await sender.send({ alerts: small })).message, /may hold 5000/);
  assert.match((await sender.send(`{"alerts":[${'{"labels":{"a":"b"}},'.repeat(40_000)}`)).message, /invalid_json/);
});

describe('a body that is too large gets a 413 that its client reads', () => {
  const size = 24 * 1024 * 1024;
  const rows: [name: string, command: string, args: (url: string, file: string) => string[]][] = [
    ['curl', 'curl', (url, file) => ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--data-binary', `@${file}`, url]],
    [
      'curl in chunks',
      'curl',
      (url, file) => [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-H',
        'Transfer-Encoding: chunked',
        '--data-binary',
        `@${file}`,
        url,
      ],
    ],
    [
      'Python',
      'python3',
      (url, file) => [
        '-c',
        `import http.client,urllib.parse as u
p=u.urlparse(${JSON.stringify(url)}); c=http.client.HTTPConnection(p.hostname,p.port)
c.request('POST',p.path+'?'+p.query,open(${JSON.stringify(file)},'rb').read()); print(c.getresponse().status,end='')`,
      ],
    ],
    [
      'Node',
      process.execPath,
      (url, file) => [
        '-e',
        `fetch(${JSON.stringify(url)},{method:'POST',body:require('fs').readFileSync(${JSON.stringify(file)})}).then((r)=>process.stdout.write(String(r.status)))`,
      ],
    ],
    ['Go', 'go', (url, file) => ['run', `${file}.go`, url, file]],
  ];
  const program = `package main
import ("bytes";"fmt";"net/http";"os")
func main() { b, _ := os.ReadFile(os.Args[2]); r, err := http.Post(os.Args[1], "application/json", bytes.NewReader(b)); if err != nil { fmt.Print(err); return }; fmt.Print(r.StatusCode) }
`;
  for (const [name, command, args] of rows) {
    test(name, async (t) => {
      if (!(await hasProgram(command))) return t.skip(`there is no ${command} here`);
      const folder = await temporaryFolder('large');
      try {
        const file = join(folder.path, 'body');
        await writeFile(file, Buffer.alloc(size, 'x'));
        await writeFile(`${file}.go`, program);
        const sender = await source('standard', (await scene.place()).channelId);
        const url = `${scene.service.url}/event/push/alert/standard?integration_key=${sender.key}`;
        const env = { ...process.env, GOFLAGS: '-mod=mod' };
        const { stdout } = await run(command, args(url, file), { env, cwd: folder.path });
        assert.equal(stdout, '413');
        assert.equal(((await sender.info())['last_error'] as Json)['reason'], 'too_large');
      } finally {
        await folder.remove();
      }
    });
  }
});
