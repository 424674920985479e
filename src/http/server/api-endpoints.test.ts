import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keys, startStubServer, type StubServer } from '../../../test/support/stub-server.ts';
import { mayActAs, roles, type Role } from '../../access/role.ts';

let server: StubServer;
before(async () => {
  server = await startStubServer();
});
after(() => server.close());

const good = '{"thing_id":7}';

describe('the envelope', () => {
  test('an answer carries its request id in the body and in a header', async () => {
    const answer = await server.post('/thing/info', { thing_id: 7 });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, { request_id: answer.body.request_id, data: { thing_id: 7, role: 'admin' } });
    assert.match(answer.body.request_id, /^[0-9a-f]{32}$/);
    assert.equal(answer.headers.get('flashcat-request-id'), answer.body.request_id);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
  });

  test('a refusal has an error and no data', async () => {
    const answer = await server.post('/thing/info', { thing_id: 404 });
    assert.equal(answer.status, 400);
    const error = { code: 'ResourceNotFound', message: 'there is no thing 404' };
    assert.deepEqual(answer.body, { request_id: answer.headers.get('flashcat-request-id'), error });
  });

  const security: [string, string][] = [
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'no-referrer'],
    ['x-frame-options', 'DENY'],
    ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ];
  for (const path of ['/thing/info', '/nowhere', '/healthz']) {
    test(`every reply has the security headers and none of CORS: ${path}`, async () => {
      const { headers } = await fetch(`${server.url}${path}`, { headers: { origin: 'https://evil.example' } });
      for (const [name, value] of security) assert.equal(headers.get(name), value);
      assert.equal(headers.get('access-control-allow-origin'), null);
    });
  }
});

describe('what a body may be (C3 34 to 37, 39)', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const rows: [
    what: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    code: string,
    words: RegExp,
  ][] = [
    ['not JSON', 'hello', {}, 'BadRequest', /invalid_json/],
    ['an empty body, as an object without fields', '', {}, 'InvalidParameter', /is required/],
    ['trailing junk', `${good} x`, {}, 'BadRequest', /invalid_json/],
    ['NaN', '{"thing_id":NaN}', {}, 'BadRequest', /invalid_json/],
    ['two byte order marks', `\ufeff\ufeff${good}`, {}, 'BadRequest', /invalid_json/],
    ['invalid UTF-8', bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), {}, 'BadRequest', /invalid_utf8/],
    ['deep nesting', '['.repeat(40) + ']'.repeat(40), {}, 'BadRequest', /too_deep/],
    ['a list instead of an object', '[1]', {}, 'InvalidParameter', /must be a JSON object/],
    ['null', 'null', {}, 'InvalidParameter', /must be a JSON object/],
    ['text', good, { 'content-type': 'text/plain' }, 'InvalidContentType', /application\/json/],
    [
      'a form',
      good,
      { 'content-type': 'application/x-www-form-urlencoded' },
      'InvalidContentType',
      /application\/json/,
    ],
    ['no content type', Buffer.from(good), { 'content-type': '' }, 'InvalidContentType', /application\/json/],
    ['another charset', good, { 'content-type': 'application/json; charset=gbk' }, 'InvalidContentType', /UTF-8/],
    ['something like JSON', good, { 'content-type': 'application/jsonp' }, 'InvalidContentType', /application\/json/],
    ['a large number where a number is read', '{"thing_id":18446744073709551615}', {}, 'InvalidParameter', /thing_id/],
    ['two types', good, { 'content-type': 'application/json, text/plain' }, 'InvalidContentType', /application/],
    ['a compressed body', good, { 'content-encoding': 'gzip' }, 'InvalidContentType', /uncompressed/],
  ];
  for (const [what, body, headers, code, words] of rows) {
    test(`${what} is refused as ${code}`, async () => {
      const answer = await server.post('/thing/info', body, { headers });
      assert.equal(answer.status, 400);
      assert.equal(answer.body.error?.code, code);
      assert.match(answer.body.error?.message ?? '', words);
    });
  }

  const fine: [string, string, Record<string, string>][] = [
    ['one byte order mark', `\ufeff${good}`, {}],
    ['charset utf-8', good, { 'content-type': 'application/json; charset=UTF-8' }],
    ['a quoted charset', good, { 'content-type': 'application/json;charset="utf-8"' }],
    ['charset utf8', good, { 'content-type': 'application/json;charset=utf8' }],
    ['charset us-ascii', good, { 'content-type': 'application/json; charset=us-ascii' }],
    ['text/json', good, { 'content-type': 'text/json' }],
    ['the same type twice', good, { 'content-type': 'application/json, application/json' }],
    ['a large number in a field that nobody reads', '{"thing_id":7,"trace":18446744073709551615}', {}],
    ['a +json type', good, { 'content-type': 'application/vnd.api+json' }],
    ['identity encoding', good, { 'content-encoding': 'identity' }],
    ['fields that nobody knows', '{"thing_id":7,"later":{"version":2}}', {}],
  ];
  for (const [what, body, headers] of fine) {
    test(`${what} is accepted`, async () => {
      assert.equal((await server.post('/thing/info', body, { headers })).status, 200);
    });
  }

  test('a key that comes twice is refused where configuration is changed, and forgiven elsewhere', async () => {
    const twice = '{"thing_id":7,"thing_id":8}';
    assert.equal((await server.post('/thing/info', twice)).status, 200);
    assert.match((await server.post('/thing/delete', twice)).body.error?.message ?? '', /duplicate_key/);
  });

  test('a field that is not known is taken, and named in a header', async () => {
    const body = { name: 'a', severity: 'Critical', colour: 'red', size: { width: 1, 'de,pth\u00e9': 2 } };
    const answer = await server.post('/thing/create', body);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('tocsin-ignored-fields'), 'colour, size.de%2Cpth%C3%A9');
    const cut = await server.post('/thing/create', { name: 'a', ['x'.repeat(99) + '\u{1f600}']: 1 });
    assert.equal(cut.status, 200);
    assert.equal(cut.headers.get('tocsin-ignored-fields'), `${'x'.repeat(99)}%EF%BF%BD`);
    const known = await server.post('/thing/create', { name: 'a', severity: 'Critical' });
    assert.equal(known.headers.get('tocsin-ignored-fields'), null);
  });

  test('a number beyond 2^53 stops only the field that takes a number', async () => {
    const number = (text: string) => Buffer.from(`{"name":"a","severity":"Critical",${text}}`);
    assert.equal((await server.post('/thing/create', number('"free":90071992547409931234'))).status, 200);
    const refused = await server.post('/thing/create', number('"size":{"width":90071992547409931234}'));
    assert.match(refused.body.error?.message ?? '', /size.width: must be a whole number of at most 2\^53/);
  });

  test('no body is an object without fields, whatever the content type', async () => {
    for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/json' }]) {
      const init = { method: 'POST', headers: { authorization: `Bearer ${keys.admin}`, ...headers } };
      const response = await fetch(`${server.url}/thing/create`, init);
      assert.match(await response.text(), /name: is required/);
    }
  });

  test('every fault is named at once, with its path', async () => {
    const answer = await server.post('/thing/create', { severity: 'Loud', tags: ['a', 5], size: { width: 'wide' } });
    assert.equal(answer.body.error?.code, 'InvalidParameter');
    assert.deepEqual(answer.body.error?.faults, [
      { field: 'name', message: 'is required', code: 'required' },
      { field: 'severity', message: 'must be one of "Critical", "Warning"', code: 'not_allowed' },
      { field: 'tags[1]', message: 'must be a text, not a number', code: 'type' },
      { field: 'size.width', message: 'must be a number, not a text', code: 'type' },
    ]);
    assert.match(answer.body.error?.message ?? '', /^name: is required; severity: must be one of/);
  });
});

describe('who may call (C5 62 to 66)', () => {
  const none = { authorization: '' };
  const cases: [what: string, query: string, headers: Record<string, string>, status: number][] = [
    ['a key in the header', '', {}, 200],
    ['a key in lower-case bearer', '', { authorization: `bearer ${keys.viewer}` }, 200],
    ['the same key in both places', `?app_key=${keys.admin}`, {}, 200],
    ['two keys', `?app_key=${keys.viewer}`, {}, 400],
    ['a wrong key', '', { authorization: 'Bearer 0123456789abcdef0123456789abcdef' }, 401],
    ['a revoked key with a good prefix', '', { authorization: `Bearer ${keys.admin.slice(0, -1)}` }, 401],
    ['a key of 10 KB', '', { authorization: `Bearer ${'a'.repeat(10_000)}` }, 401],
    ['another scheme', '', { authorization: `Basic ${keys.admin}` }, 401],
    ['no scheme', '', { authorization: keys.admin }, 401],
    ['an integration key', '', { authorization: 'Bearer integration-key-0123456789abcdef0123456' }, 401],
    ['an empty header', '', none, 401],
    ['an empty header beside a key in the query', `?app_key=${keys.viewer}`, none, 200],
  ];
  for (const [what, query, headers, status] of cases) {
    test(`${what} gives ${status}`, async () => {
      assert.equal((await server.post(`/thing/info${query}`, good, { headers })).status, status);
    });
  }

  const queryCases: [string, string, number][] = [
    ['a key in the query', `?app_key=${keys.viewer}`, 200],
    ['two keys in the query', `?app_key=${keys.viewer}&app_key=${keys.admin}`, 400],
    ['a wrong key in the query', '?app_key=nope', 401],
    ['no key at all', '', 401],
  ];
  for (const [what, query, status] of queryCases) {
    test(`${what} gives ${status}`, async () => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/thing/info${query}`, { method: 'POST', headers, body: good });
      assert.equal(response.status, status);
    });
  }

  test('two different Authorization headers are refused, though Node would keep the first', async () => {
    const reply = await server.raw(
      `POST /thing/info HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${keys.viewer}\r\nAuthorization: Bearer ${keys.admin}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${good.length}\r\nConnection: close\r\n\r\n${good}`,
    );
    assert.match(reply, /^HTTP\/1\.1 400 .*several keys were sent/s);
  });

  test('a key in the query is never logged', async () => {
    await server.post(`/thing/bug?x=1`, {}, { headers: { 'x-note': 'n' } });
    const body = await fetch(`${server.url}/thing/bug?app_key=${keys.viewer}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(body.status, 500);
    assert.ok(server.logged.length > 0);
    for (const line of server.logged) assert.ok(!Object.values(keys).some((key) => line.includes(key)), line);
  });
});

describe('every route and every role', () => {
  test('each role may do what its rank allows, and a refusal names the role that is needed', async () => {
    for (const route of server.options.routes) {
      const least = route.role as Role;
      for (const role of roles) {
        const answer = await server.post(route.path, '{"', { headers: { authorization: `Bearer ${keys[role]}` } });
        const what = `${role} at ${route.path}`;
        // The body is broken on purpose: callers with the right get that refusal, and nothing happens.
        assert.equal(answer.body.error?.code, mayActAs(role, least) ? 'BadRequest' : 'AccessDenied', what);
        if (!mayActAs(role, least)) assert.match(answer.body.error?.message ?? '', new RegExp(`role ${route.role}`));
      }
      const stranger = await server.post(route.path, '{"', { headers: { authorization: '' } });
      assert.equal(stranger.body.error?.code, 'Unauthorized');
    }
  });
});

describe('internal faults', () => {
  test('a bug is an InternalError without details, and a log line with them', async () => {
    const answer = await server.post('/thing/bug');
    assert.equal(answer.status, 500);
    assert.equal(answer.body.error?.code, 'InternalError');
    assert.doesNotMatch(answer.body.error?.message ?? '', /secret-internal-detail/);
    const line = server.logged.find((text) => text.includes(answer.body.request_id)) ?? '';
    assert.match(line, /^http\.failed .*"route":"\/thing\/bug".*secret-internal-detail/);
  });

  for (const kind of ['full', 'busy', 'unavailable']) {
    test(`a database that is ${kind} is a 503 with Retry-After`, async () => {
      const answer = await server.post('/thing/full', { kind });
      assert.equal(answer.status, 503);
      assert.equal(answer.body.error?.code, 'ServiceUnavailable');
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      assert.doesNotMatch(answer.body.error?.message ?? '', /SQLITE/);
    });
  }

  test('a database that is broken is an InternalError', async () => {
    assert.equal((await server.post('/thing/full', { kind: 'broken' })).status, 500);
  });

  test('a reply that breaks its schema goes out, unless replies are checked', async () => {
    assert.equal((await server.post('/thing/wrong')).status, 200);
    await using strict = await startStubServer({ checkReplies: true });
    const answer = await strict.post('/thing/wrong');
    assert.equal(answer.status, 500);
    assert.match(answer.body.error?.message ?? '', /reply of \/thing\/wrong breaks its schema/);
  });
});

describe('where there is nothing', () => {
  const rows: [method: string, path: string, status: number, allow: string | null][] = [
    ['POST', '/nowhere', 404, null],
    ['GET', '/nowhere', 404, null],
    ['POST', '/thing/info//', 404, null],
    ['POST', '/thing', 404, null],
    ['POST', '/event/push/alert/a/b', 404, null],
    ['POST', '/%zz', 400, null],
    ['GET', '/thing/info', 405, 'POST'],
    ['PUT', '/thing/info?app_key=x', 405, 'POST'],
    ['DELETE', '/thing/info', 405, 'POST'],
    ['OPTIONS', '/thing/info', 405, 'POST'],
    ['GET', '/event/push/alert/standard', 405, 'POST'],
    ['GET', '/push/incident/comment-by-alert', 405, 'POST'],
    ['POST', '/healthz', 405, 'GET, HEAD'],
    ['PATCH', '/', 405, 'GET, HEAD'],
  ];
  for (const [method, path, status, allow] of rows) {
    test(`${method} ${path} gives ${status}`, async () => {
      const response = await fetch(`${server.url}${path}`, { method });
      assert.equal(response.status, status);
      assert.equal(response.headers.get('allow'), allow);
      const body = (await response.json()) as { error: { code: string } };
      assert.equal(body.error.code, { 404: 'RouteNotFound', 405: 'MethodNotAllowed', 400: 'BadRequest' }[status]);
    });
  }
});
