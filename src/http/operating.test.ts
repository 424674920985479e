import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keys, startToyServer } from '../../test/support/toy-server.ts';

describe('what operators ask for', () => {
  test('the first page says what is there and how to begin', async () => {
    await using server = await startToyServer();
    const response = await fetch(`${server.url}/`);
    const page = await response.text();
    assert.equal(response.status, 200);
    for (const words of ['0.0.0-test', '/healthz', '/reference', '/openapi.json', 'curl -X POST'])
      assert.ok(page.includes(words), words);
  });

  test('health is of the process alone', async () => {
    await using server = await startToyServer();
    server.toys.notReady = ['the database is not reachable'];
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status, 200);
  });

  test('readiness says why not', async () => {
    await using server = await startToyServer();
    assert.deepEqual(await (await fetch(`${server.url}/readyz`)).json(), { ready: true, reasons: [] });
    server.toys.notReady = ['2 migrations are pending'];
    const response = await fetch(`${server.url}/readyz`);
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { ready: false, reasons: ['2 migrations are pending'] });
  });

  const rows: [what: string, headers: Record<string, string>, status: number][] = [
    ['from this machine', {}, 200],
    ['through a proxy', { 'x-forwarded-for': '203.0.113.9' }, 401],
    ['through a proxy that says so in the standard way', { forwarded: 'for=203.0.113.9' }, 401],
    ['through a proxy with a key', { 'x-forwarded-for': '203.0.113.9', authorization: `Bearer ${keys.viewer}` }, 200],
  ];
  for (const [what, headers, status] of rows) {
    test(`metrics asked for ${what}: ${status}`, async () => {
      await using server = await startToyServer();
      const response = await fetch(`${server.url}/metrics`, { headers });
      assert.equal(response.status, status);
      if (status === 200) assert.equal(await response.text(), 'tocsin_toys 1\n');
    });
  }
});

describe('the OpenAPI document', () => {
  test('has every route with its schemas, and every push', async () => {
    await using server = await startToyServer();
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
