import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keys, startStubServer } from '../../../test/support/stub-server.ts';
import { systemClock } from '../../runtime/clock.ts';
import { tooManyHoldMs } from './fastify-app.ts';

describe('what operators ask for', () => {
  test('the first page says what is there and how to begin', async () => {
    await using server = await startStubServer();
    const response = await fetch(`${server.url}/`);
    const page = await response.text();
    assert.equal(response.status, 200);
    for (const words of ['0.0.0-test', '/healthz', '/reference', '/openapi.json', 'curl -X POST'])
      assert.ok(page.includes(words), words);
  });

  test('health is of the process alone', async () => {
    await using server = await startStubServer();
    server.toys.notReady = ['the database is not reachable'];
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status, 200);
  });

  test('readiness says why not', async () => {
    await using server = await startStubServer();
    assert.deepEqual(await (await fetch(`${server.url}/readyz`)).json(), { ready: true, reasons: [] });
    server.toys.notReady = ['2 migrations are pending'];
    const response = await fetch(`${server.url}/readyz`);
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { ready: false, reasons: ['2 migrations are pending'] });
  });

  test('what needs no key is limited by address, but for liveness, and the refusal names the setting', async () => {
    const clock = { ...systemClock, monotonic: () => 0 };
    await using server = await startStubServer({ clock, limits: { strangersPerSecond: 1 } });
    for (const path of ['/reference', '/openapi.json']) assert.equal((await fetch(server.url + path)).status, 200);
    const refusals = ['/', '/readyz', '/reference', '/openapi.json'].map(async (path) => {
      const refused = await fetch(server.url + path);
      assert.equal(refused.status, 429, path);
      assert.equal(refused.headers.get('retry-after'), '1');
      assert.match(await refused.text(), /TOCSIN_STRANGER_RATE/);
    });
    const wrongKey = server.post('/thing/info', {}, { headers: { authorization: 'Bearer wrong' } });
    await Promise.all(refusals);
    assert.equal((await wrongKey).status, 429);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await server.post('/thing/info', { thing_id: 1 })).status, 200);
  });

  test('a refusal for its rate is held for a while, and nothing else is', async () => {
    await using server = await startStubServer({ limits: { strangersPerSecond: 0.01 } });
    const ended: string[] = [];
    const ask = async (path: string) => {
      const { status } = await fetch(server.url + path);
      ended.push(`${path} ${status}`);
    };
    await ask('/reference');
    const from = performance.now();
    const held = ask('/reference');
    await ask('/healthz');
    await held;
    assert.ok(performance.now() - from >= tooManyHoldMs);
    assert.deepEqual(ended, ['/reference 200', '/healthz 200', '/reference 429']);
  });

  test('pages that never change are sent again only to clients that do not have them', async () => {
    await using server = await startStubServer();
    for (const path of ['/reference', '/openapi.json']) {
      const first = await fetch(server.url + path);
      const tag = first.headers.get('etag') ?? '';
      assert.match(tag, /^"[\w-]{22}"$/);
      assert.equal(first.headers.get('cache-control'), 'no-cache');
      const text = await first.text();
      assert.equal(text, await (await fetch(server.url + path, { headers: { 'if-none-match': '"other"' } })).text());
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await fetch(server.url + path, { headers: { 'if-none-match': known } });
        assert.deepEqual([again.status, await again.text(), again.headers.get('etag')], [304, '', tag], known);
      }
    }
  });

  const rows: [what: string, headers: Record<string, string>, status: number][] = [
    ['from this machine', {}, 200],
    ['through a proxy', { 'x-forwarded-for': '203.0.113.9' }, 401],
    ['through a proxy that says so in the standard way', { forwarded: 'for=203.0.113.9' }, 401],
    ['through a proxy that names the client', { 'x-real-ip': '203.0.113.9' }, 401],
    ['through a proxy that names itself', { via: '1.1 edge' }, 401],
    ['through a proxy with a key', { 'x-forwarded-for': '203.0.113.9', authorization: `Bearer ${keys.viewer}` }, 200],
  ];
  for (const [what, headers, status] of rows) {
    test(`metrics asked for ${what}: ${status}`, async () => {
      await using server = await startStubServer();
      const response = await fetch(`${server.url}/metrics`, { headers });
      assert.equal(response.status, status);
      if (status === 200) assert.equal(await response.text(), 'tocsin_toys 1\n');
    });
  }
});

describe('metrics through a proxy that does not name itself', () => {
  const get = (head: string) => `GET /metrics ${head}\r\nConnection: close\r\n\r\n`;
  const rows: [what: string, publicUrl: string, request: string, status: number][] = [
    ['from this machine', '', get('HTTP/1.1\r\nHost: 127.0.0.1:8567'), 200],
    ['by the name of this machine', 'http://tocsin.internal', get('HTTP/1.1\r\nHost: localhost:8567'), 200],
    ['by another name', 'http://tocsin.internal', get('HTTP/1.1\r\nHost: tocsin.internal'), 401],
    ['in the old version that proxies speak', '', get('HTTP/1.0\r\nHost: 127.0.0.1:8567'), 401],
    ['where https is published', 'https://tocsin.example.org', get('HTTP/1.1\r\nHost: 127.0.0.1:8567'), 401],
  ];
  for (const [what, publicUrl, request, status] of rows) {
    test(`${what}: ${status}`, async () => {
      await using server = await startStubServer({ publicUrl });
      assert.match(await server.raw(request), new RegExp(`^HTTP/1.1 ${status} `));
    });
  }
});

describe('the OpenAPI document', () => {
  test('has every route with its schemas, and every push', async () => {
    await using server = await startStubServer();
    const document = JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text());
    assert.equal(document.openapi, '3.1.0');
    for (const { path } of server.options.routes) assert.ok(document.paths[path]?.post, path);
    for (const path of ['/event/push/alert/{type}', '/push/incident/comment-by-alert', '/channel/list-by-integration'])
      assert.deepEqual(Object.keys(document.paths[path]?.post.security[0] ?? {}), ['integration_key'], path);
    for (const path of ['/', '/reference', '/openapi.json', '/healthz', '/readyz', '/metrics'])
      assert.ok(document.paths[path]?.get, path);
    const { post } = document.paths['/thing/create'];
    assert.equal(post.operationId, 'thing_create');
    assert.equal(post.parameters[0].$ref, '#/components/parameters/IdempotencyKey');
    assert.deepEqual(post.requestBody.content['application/json'].schema.required, ['name']);
    assert.deepEqual(Object.keys(document.webhooks), ['incident.i_new']);
  });
});
