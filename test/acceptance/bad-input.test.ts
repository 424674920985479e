import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  around,
  pushOf,
  startTestApp,
  type Answered,
  type Hook,
  type Place,
  type TestApp,
} from '../support/test-app.ts';
import { until } from '../support/until.ts';

/*
 * Bad input at the border of the running service, in numbered rows: C1 endpoints, C2 headers, C3 JSON bodies, C4 ids, paging
 * and templates, C5 authentication and the API, C6 the console. Each row once, with its outcome and the words of the answer.
 * All the variations of a row are tables beside the source:
 *
 *   C1 1 to 9, 17              src/egress/address-guard.test.ts     C3 34 to 45   src/http/json/json-limits.test.ts
 *   C1 8, 14 to 21             src/webhooks/endpoint.test.ts          C3 35, 36     src/http/server/api-endpoints.test.ts
 *   C1 10, 13, 22              test/acceptance/egress.test.ts         C3 38, 52, 53 src/http/server/server.test.ts
 *   C1 11, 12                  src/egress/http-client.test.ts            C3 46 to 50   src/ingestion/formats/*.test.ts
 *   C2 23 to 33                src/webhooks/headers.test.ts           C3 51         test/acceptance/configuration.test.ts
 *   C2 33, C5 63               test/acceptance/secrets.test.ts        C4 55, 56     src/http/routes/paging.test.ts
 *   C4 59                      src/ingestion/formats/title-rule.test.ts
 *   C5 62                      src/access/access.test.ts              C5 66         test/acceptance/{configuration,roles}.test.ts
 *
 * C4 58, 60 and 61 belong to filters and custom bodies, C5 68 to the console.
 */

const publicHost = 'duty.example.org';

let scene: TestApp;
let place: Place;
let hook: Hook;

before(async () => {
  scene = await startTestApp({
    env: { TOCSIN_EGRESS_ALLOW: '127.0.0.1/32', TOCSIN_PUBLIC_URL: `https://${publicHost}`, TOCSIN_API_RATE: '0' },
  });
  place = await scene.place();
  hook = await place.hook('alert');
});
after(() => scene.stop());

function assertRefused(answered: Answered, code: string, message: RegExp, status = 400): void {
  assert.deepEqual([answered.status, answered.error?.code], [status, code], answered.text);
  assert.match(answered.error?.message ?? '', message);
}

describe('C1: the URL of a webhook', () => {
  const name64 = 'a'.repeat(64);
  const rows: readonly (readonly [row: number, endpoint: string, message: RegExp])[] = [
    [1, 'http://10.0.0.1/', /10\.0\.0\.1 is a private address; .*TOCSIN_EGRESS_ALLOW/],
    [1, 'http://192.168.1.1/', /is a private address/],
    [2, 'http://0x0a000001/', /10\.0\.0\.1 is a private address/],
    [2, 'http://0/', /0\.0\.0\.0 is an address of this machine/],
    [3, 'http://①⓪.0.0.1/', /10\.0\.0\.1 is a private address/],
    [4, 'http://[::1]/', /::1 is a loopback address/],
    [5, 'http://[::ffff:10.0.0.1]/', /10\.0\.0\.1 is a private address/],
    [6, 'http://[64:ff9b::a00:1]/', /\(NAT64 of 10\.0\.0\.1\)/],
    [7, 'http://169.254.169.254/latest/meta-data', /is the metadata service of a cloud, which webhooks never call/],
    [8, 'http://[fe80::1%25eth0]/', /is not a valid URL/],
    [9, 'http://metadata.google.internal/', /is the metadata service/],
    [14, 'http://good.example@127.0.0.1/', /holds a user name or password before the host/],
    [15, 'http://127.0.0.1\\@good.example/', /holds a backslash/],
    [15, 'http:example.com', /must start with http:\/\/ or https:\/\//],
    [16, 'file:///etc/passwd', /must start with http:\/\/ or https:\/\//],
    [17, 'http://example.com:22/', /port 22 is not for webhooks/],
    [17, 'http://example.com:0/', /0 is not a port/],
    [17, 'http://example.com:65536/', /is not a valid URL/],
    [18, 'http://xn--a/', /is not valid punycode/],
    [18, `http://${name64}.example/`, /longer than 63 characters/],
    [19, 'http://exa\u200bmple.com/', /holds an invisible character; if you mean example\.com/],
    [20, `http://example.com/${'a'.repeat(10_240)}`, /is longer than 2048 characters/],
    [20, 'http://example.com/a\u0001', /holds a control character/],
    [21, `https://${publicHost}/event/push`, /is this service itself/],
  ];
  for (const [row, endpoint, message] of rows) {
    test(`row ${row}: ${JSON.stringify(endpoint.slice(0, 50))} is refused`, async () => {
      const made = await scene.call('/webhook/create', { type: 'alert', name: 'bad', endpoint });
      assertRefused(made, 'InvalidParameter', message);
      assert.deepEqual(
        made.error?.faults?.map((fault) => fault.field),
        ['endpoint'],
      );
      assertRefused(
        await scene.call('/webhook/update', { integration_id: hook.id, endpoint }),
        'InvalidParameter',
        message,
      );
    });
  }

  test('row 18: an international name is taken, and kept as it was given', async () => {
    const endpoint = 'https://bücher.example/hook';
    const { data } = await scene.call('/webhook/create', { type: 'alert', name: 'books', endpoint });
    const shown = await scene.call('/webhook/info', { integration_id: data['integration_id'] });
    assert.equal(shown.data['endpoint'], endpoint);
    await scene.call('/webhook/delete', { integration_id: data['integration_id'] });
  });
});

describe('C2: custom headers', () => {
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`X-${index}`, '1']));
  const rows: readonly (readonly [row: number, headers: string, message: RegExp])[] = [
    [23, String.raw`{"X-A":"canary\r\nX-B: 1"}`, /the value holds a control character/],
    [23, String.raw`{"X-A\r\n":"1"}`, /a name is made of letters/],
    [24, '{"X A":"1"}', /a name is made of letters/],
    [24, '{"":"1"}', /a header needs a name/],
    [24, JSON.stringify({ ['x'.repeat(129)]: '1' }), /longer than 128 characters/],
    [24, JSON.stringify({ 'X-A': 'x'.repeat(4097) }), /longer than 4096 bytes/],
    [24, JSON.stringify(many), /there are 33 headers; 32 are allowed/],
    [25, '{"X-A":"1","x-a":"2"}', /"X-A" and "x-a" are the same header/],
    // The very same name twice is lost in parsing, so the border counts keys.
    [25, '{"X-A":"1","X-A":"2"}', /duplicate_key/],
    [26, '{"Host":"inside.example"}', /it is taken from the endpoint/],
    [27, '{"Content-Length":"1"}', /belongs to the connection/],
    [27, '{"transfer-encoding":"chunked"}', /belongs to the connection/],
    [28, '{"Accept-Encoding":"gzip"}', /bodies are never compressed/],
    [28, '{"Content-Type":"text/plain"}', /must be application\/json/],
    [29, '{"webhook-signature":"v1,x"}', /it carries the signature/],
    [29, '{"Tocsin-Attempt":"7"}', /is kept for what the service itself says/],
    [30, '{"X-A":"é"}', /a character outside ASCII/],
    [32, '{"__proto__":"1"}', /__proto__.*cannot be the name of a header/],
    [33, '{"X-A":1}', /headers\.X-A|headers\["X-A"\]/],
  ];
  for (const [row, headers, message] of rows) {
    test(`row ${row}: ${headers.slice(0, 50)} is refused`, async () => {
      const endpoint = 'https://example.com/';
      const body = `{"type":"alert","name":"bad","endpoint":"${endpoint}","headers":${headers}}`;
      const answered = await scene.call('/webhook/create', body);
      assertRefused(answered, message.source === 'duplicate_key' ? 'BadRequest' : 'InvalidParameter', message);
      assert.ok(!answered.text.includes('canary'));
    });
  }

  test('rows 31 and 32: a value is trimmed, and a header called constructor is sent like any other', async () => {
    const path = '/odd-headers';
    const body = `{"type":"alert","name":"odd","channel_ids":[${place.channelId}],"endpoint":"${scene.receiver.url}${path}","headers":{"X-A":"  a b ","constructor":"c"}}`;
    const { data } = await scene.call('/webhook/create', body);
    await place.report({ title: 'odd', alert_key: 'odd-headers' });
    const [push] = await scene.receiver.waitFor(1, (one) => one.path === path);
    const raw = push?.rawHeaders ?? [];
    const valueOf = (name: string) => raw[raw.indexOf(name) + 1];
    assert.deepEqual([valueOf('X-A'), valueOf('constructor')], ['a b', 'c']);
    await scene.service.api('/webhook/delete', { integration_id: data['integration_id'] });
  });
});

describe('C3: what sources send', () => {
  const good = '{"event_status":"Info","title":"t","alert_key":"k"}';
  const event = (fields: object) => JSON.stringify({ event_status: 'Info', title: 't', ...fields });
  const rows: readonly (readonly [
    row: number,
    what: string,
    body: string | Uint8Array,
    refusal: readonly [code: string, message: RegExp, status?: number],
    headers?: Record<string, string>,
  ])[] = [
    [34, 'no JSON', 'hello', ['BadRequest', /invalid_json/]],
    [34, 'nothing', '', ['InvalidParameter', /event_status: is missing/]],
    [34, 'junk behind', `${good} x`, ['BadRequest', /invalid_json/]],
    [36, 'gzip', good, ['InvalidContentType', /uncompressed/], { 'content-encoding': 'gzip' }],
    [37, 'no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), ['BadRequest', /invalid_utf8/]],
    [38, '16 MB and more', event({ description: 'x'.repeat(16_777_216) }), ['EntityTooLarge', /large/, 413]],
    [39, 'deep nesting', '['.repeat(10_000), ['BadRequest', /too_deep/]],
    [40, '1,100,000 arrays', `[${'[],'.repeat(1_100_000)}0]`, ['BadRequest', /too_many_nodes/]],
    [
      40,
      '1,000 keys',
      event(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, 1]))),
      ['BadRequest', /too_many_keys/],
    ],
    [
      46,
      'an unknown severity',
      event({ event_status: 'critical' }),
      ['InvalidParameter', /event_status: .*send "Critical", "Warning", "Info" or "Ok"/],
    ],
    [
      46,
      'no title, and all else wrong',
      '{"labels":1,"event_status":3}',
      ['InvalidParameter', /event_status.*title_rule.*labels|labels.*event_status/],
    ],
    [
      49,
      'milliseconds',
      event({ event_time: Date.now() }),
      ['InvalidParameter', /event_time: .*looks like milliseconds/],
    ],
    [49, 'the year 60000', event({ event_time: 1.8e12 }), ['InvalidParameter', /event_time/]],
    [50, 'a key of 10 KB', event({ alert_key: 'k'.repeat(10_240) }), ['InvalidParameter', /alert_key: .*255/]],
  ];
  for (const [row, what, body, [code, message, status = 400], headers = {}] of rows) {
    test(`row ${row}: ${what} is refused`, async () => {
      const path = `/event/push/alert/standard?integration_key=${place.sourceKey}`;
      assertRefused(await scene.call(path, body, { key: '', headers }), code, message, status);
    });
  }

  test('rows 41 to 50: what is odd and harmless is taken, and arrives in a form that every receiver can read', async () => {
    const path = `/event/push/alert/standard?integration_key=${place.sourceKey}`;
    const before = hook.received().length;
    const send = async (body: string) => {
      const answered = await scene.call(path, body, { key: '' });
      assert.equal(answered.status, 200, answered.text);
    };
    await send(`\ufeff${event({ alert_key: 'mark' })}`);
    await send(
      '{"event_status":"Info","title":"numbers","alert_key":"n","labels":{"big":9007199254740993,"inf":1e400}}',
    );
    await send('{"event_status":"Info","title":"keys","alert_key":"p","labels":{"__proto__":"a","constructor":"b"}}');
    await send('{"event_status":"Info","event_status":"Warning","title":"twice","alert_key":"t"}');
    await send(String.raw`{"event_status":"Info","title":"a\u0000b\ud800c","alert_key":"nul\u0000"}`);
    await send(event({ title: `line\nbreak ${'x'.repeat(600)}`, alert_key: 'long', later: { version: 2 } }));
    await send(event({ title: 'labels', alert_key: 'l', labels: { 'bad name': 'x', ok: 5, none: null, yes: true } }));
    const pushes = (await hook.pushes(before + 7)).slice(before).map(pushOf);
    const alert = (title: string) => pushes.find((push) => String(push.alert?.['title']).startsWith(title))?.alert;
    assert.equal(alert('t')?.['alert_key'], 'mark');
    assert.deepEqual(alert('numbers')?.['labels'], { big: '9007199254740993', inf: '1e400' });
    assert.deepEqual(Object.entries(alert('keys')?.['labels'] as object), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.equal(alert('twice')?.['alert_severity'], 'Warning');
    assert.deepEqual([alert('ab\ufffdc')?.['alert_key'], alert('ab')?.['title']], ['nul', 'ab\ufffdc']);
    const long = String(alert('line')?.['title']);
    assert.ok(Array.from(long).length <= 512 && !long.includes('\n'), long);
    assert.deepEqual(alert('labels')?.['labels'], { bad_name: 'x', ok: '5', yes: 'true' });
  });

  test('row 50: keys that differ in case are two alerts, and those that differ in normal form only are one', async () => {
    const key = 'Größe';
    await place.report({ title: 'one', alert_key: key.normalize('NFC') });
    await place.report({ title: 'one, again', alert_key: key.normalize('NFD') });
    await place.report({ title: 'other', alert_key: key.toLowerCase() });
    const keys = [key.normalize('NFC'), key.toLowerCase()];
    const window = { start_time: Math.floor(Date.now() / 1000) - 600, end_time: Math.floor(Date.now() / 1000) + 600 };
    const { data } = await scene.call('/alert/list', { ...window, alert_keys: keys, limit: 100 });
    assert.deepEqual((data['items'] as { event_cnt: number }[]).map((one) => String(one.event_cnt)).toSorted(), [
      '1',
      '2',
    ]);
  });

  test('row 50: without a key one is made and returned', async () => {
    const made = await place.report({ title: 'keyless' });
    assert.match(made, /^\S{16,}$/);
  });
});

describe('C4: ids, paging and title rules', () => {
  const now = Math.floor(Date.now() / 1000);
  const window = { start_time: now - 3600, end_time: now + 3600 };
  const rows: readonly (readonly [row: number, path: string, body: object, message: RegExp, code?: string])[] = [
    [54, '/incident/info', { incident_id: "' or 1=1 --" }, /incident_id: must be an id of 24 hex digits/],
    [54, '/incident/info', { incident_id: '../../etc/passwd' }, /incident_id: must be an id/],
    [54, '/incident/info', { incident_id: 'f'.repeat(24) }, /there is no incident "f{24}"/, 'ResourceNotFound'],
    [54, '/alert/info', { alert_id: 'f'.repeat(24) }, /there is no alert "f{24}"/, 'ResourceNotFound'],
    [54, '/webhook/info', { integration_id: 999 }, /there is no webhook 999/, 'ResourceNotFound'],
    [54, '/webhook/info', { integration_id: '1' }, /integration_id: must be/],
    [54, '/webhook/history/detail', { integration_id: 1, event_id: "x' or 1=1" }, /no invocation/, 'ResourceNotFound'],
    [55, '/incident/list', { ...window, search_after_ctx: 'eyJhIjoxfQ' }, /search_after_ctx/],
    [55, '/alert/list', { ...window, search_after_ctx: 'x'.repeat(10_240) }, /search_after_ctx/],
    [55, '/webhook/history/list', { ...around(), limit: 1, search_after_ctx: 'WzEsMl0' }, /search_after_ctx/],
    ...[-1, 1e9, '10abc', ' ', 1.5].map(
      (limit) => [56, '/webhook/history/list', { ...around(), limit }, /limit: must be/] as const,
    ),
    [56, '/incident/list', { ...window, limit: 101 }, /limit: must be/],
    [56, '/incident/list', { ...window, p: 1001, limit: 100 }, /10000|10,000/],
    ...['labels', 'fields'].map(
      (map) =>
        [
          56,
          '/incident/list',
          { ...window, [map]: JSON.parse('{"__proto__":"x"}') as object },
          /"__proto__" cannot/,
        ] as const,
    ),
    [56, '/alert/list', { ...window, labels: JSON.parse('{"__proto__":"x"}') as object }, /labels: "__proto__" cannot/],
    [57, '/incident/list', { start_time: now, end_time: now - 60 }, /end_time/],
    [57, '/incident/list', { start_time: now - 315_360_000, end_time: now }, /31 days/],
    [57, '/webhook/history/list', { start_time: 2e12, end_time: 1e12, limit: 1 }, /end_time: must be later/],
    [57, '/webhook/history/list', { start_time: now, end_time: now + 1, limit: 1 }, /must be Unix milliseconds/],
  ];
  for (const [row, path, body, message, code = 'InvalidParameter'] of rows) {
    test(`row ${row}: ${path} ${JSON.stringify(body).slice(0, 60)} is refused`, async () => {
      assertRefused(await scene.call(path, body), code, message);
    });
  }

  test('row 55: a cursor of one list is no cursor of another', async () => {
    await place.report({ title: 'one', alert_key: 'cursor-1' });
    await place.report({ title: 'two', alert_key: 'cursor-2' });
    const { data } = await scene.call('/alert/list', { ...window, limit: 1 });
    const cursor = data['search_after_ctx'];
    assert.equal(typeof cursor, 'string');
    assertRefused(
      await scene.call('/incident/list', { ...window, limit: 1, search_after_ctx: cursor }),
      'InvalidParameter',
      /search_after_ctx/,
    );
  });

  test('row 55: whatever is edited in a cursor, it is refused, and nothing breaks', async () => {
    await place.report({ title: 'three', alert_key: 'cursor-3' });
    await place.report({ title: 'four', alert_key: 'cursor-4' });
    const span = around();
    const lists: readonly [path: string, body: Record<string, unknown>][] = [
      ['/alert/list', { ...window, limit: 1 }],
      ['/alert/list', { ...window, limit: 1, orderby: 'created_at' }],
      ['/incident/list', { ...window, limit: 1 }],
      ['/alert-event/list', { ...window, limit: 1 }],
      ['/webhook/history/list', { ...span, limit: 1 }],
      ['/audit/search', { ...window, limit: 1 }],
    ];
    await until(async () => {
      const { data } = await scene.call('/webhook/history/list', { ...span, limit: 1 });
      return data['search_after_ctx'] !== '';
    });
    for (const [path, body] of lists) {
      const { data } = await scene.call(path, body);
      const given = String(data['search_after_ctx']);
      const values = JSON.parse(Buffer.from(given, 'base64url').toString()) as unknown[];
      assert.equal((await scene.call(path, { ...body, search_after_ctx: given })).status, 200, path);
      const odd = [
        '',
        'a',
        '\0',
        '\ud800',
        "' or 1=1 --",
        -1,
        0.5,
        1e300,
        2 ** 63,
        null,
        true,
        [],
        {},
        'x'.repeat(9_000),
      ];
      for (const at of values.keys()) {
        for (const value of odd) {
          const edited = values.with(at, value);
          const search_after_ctx = Buffer.from(JSON.stringify(edited)).toString('base64url');
          const answered = await scene.call(path, { ...body, search_after_ctx });
          if (answered.status === 200) assert.deepEqual([at, value], [2, 'a'], 'an id may be any');
          else assertRefused(answered, 'InvalidParameter', /search_after_ctx/);
        }
      }
    }
  });

  test('row 59: a title rule calls nothing and reads labels only', async () => {
    const rules = [
      ['[TPL]${constructor.constructor("return process")()}', /^<no value>$/],
      ['[TPL]{{constructor.constructor("return process")()}}', /constructor/],
      ['[TPL]x ${__proto__} ${toString}', /^x <no value> <no value>$/],
      ['[TPL]x {{.Labels.toString}} {{.Labels.__proto__}}|', /^x +\|$/],
    ] as const;
    for (const [index, [rule, title]] of rules.entries()) {
      const key = `rule-${index}`;
      await place.report({ title_rule: rule, alert_key: key });
      // Pushes of the tests before may still come.
      const push = () =>
        hook
          .received()
          .map(pushOf)
          .find(({ alert }) => alert?.['alert_key'] === key);
      await until(() => push() !== undefined);
      const shown = String(push()?.alert?.['title']);
      assert.match(shown, title);
      assert.ok(!shown.includes('[object'), shown);
    }
  });
});

describe('C5: who calls, and how', () => {
  const body = '{}';
  const request = (lines: readonly string[], path = '/member/info') =>
    [
      `POST ${path} HTTP/1.1`,
      ...lines,
      'Content-Type: application/json',
      'Content-Length: 2',
      'Connection: close',
      '',
      body,
    ].join('\r\n');

  test('row 64: two different keys are refused, wherever they are, and equal ones are one', async () => {
    const bearer = `Authorization: Bearer ${scene.service.appKey}`;
    const other = `${bearer}x`;
    assert.match(await raw(request(['Host: localhost', bearer, other])), /^HTTP\/1\.1 400 .*several keys were sent/s);
    assert.match(await raw(request(['Host: localhost', bearer, bearer])), /^HTTP\/1\.1 200 /);
    const both = await scene.call(`/member/info?app_key=${scene.service.appKey}x`);
    assertRefused(both, 'BadRequest', /several keys were sent/);
    assert.equal((await scene.call(`/member/info?app_key=${scene.service.appKey}`)).status, 200);
    const inQuery = await scene.call(`/member/info?app_key=${scene.service.appKey}`, {}, { key: '' });
    assert.equal(inQuery.status, 200);
  });

  test('row 69: a request to another name than ours is refused, and no other origin may read an answer', async () => {
    const bearer = `Authorization: Bearer ${scene.service.appKey}`;
    for (const [host, status] of [
      ['localhost', 401],
      [publicHost, 401],
      ['127.0.0.1:8567', 401],
      ['evil.example', 403],
      [`${publicHost}.evil.example`, 403],
    ] as const) {
      assert.match(await raw(request([`Host: ${host}`])), new RegExp(`^HTTP/1\\.1 ${status} `), host);
      assert.match(
        await raw(request([`Host: ${host}`, bearer])),
        /^HTTP\/1\.1 200 /,
        'a key in the request authorises',
      );
    }
    const answered = await scene.call('/member/info', {}, { headers: { origin: 'https://evil.example' } });
    assert.equal(answered.headers.get('access-control-allow-origin'), null);
    assert.equal(answered.headers.get('referrer-policy'), 'no-referrer');
  });

  test('row 65: a guesser is slowed down, and a caller with a valid key is not', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 60 }, (_, index) => scene.call('/member/info', {}, { key: `guess-${index}` })),
    );
    const slowed = guesses.filter((answered) => answered.status === 429);
    assert.ok(slowed.length > 0 && guesses.every(({ status }) => status === 401 || status === 429));
    assert.match(slowed[0]?.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal((await scene.call('/member/info')).status, 200);
  });

  test('an unknown path and a wrong method are refused as such', async () => {
    assertRefused(await scene.call('/nothing'), 'RouteNotFound', /openapi\.json/, 404);
    const got = await scene.call('/member/info', {}, { method: 'GET' });
    assertRefused(got, 'MethodNotAllowed', /takes POST only/, 405);
    const type = await scene.call(`/event/push/alert/nagios?integration_key=${place.sourceKey}`, {}, { key: '' });
    assert.ok(type.status === 400 || type.status === 404, type.text);
  });

  test('after all of this the service is well', async () => {
    assert.equal((await scene.call('/readyz', {}, { method: 'GET', key: '' })).status, 200);
    assert.deepEqual(
      scene.service.logs.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
});

/** Writes bytes to a fresh connection, and reads until it is closed. */
function raw(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(scene.service.url).port), '127.0.0.1', () => socket.write(bytes));
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  return promise;
}
