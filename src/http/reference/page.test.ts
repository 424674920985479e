import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { startStubServer } from '../../../test/support/stub-server.ts';
import { element } from './html.ts';
import { referencePage } from './page.ts';

test('the page shows every operation and push, and loads and runs nothing', async () => {
  await using server = await startStubServer();
  const response = await fetch(`${server.url}/reference`);
  const page = await response.text();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  for (const { path } of server.options.routes) assert.ok(page.includes(`<code>${path}</code>`), path);
  for (const { name } of server.options.pushes) assert.ok(page.includes(`<code>${name}</code>`), name);
  assert.doesNotMatch(page, /<(?:script|link|img|iframe|object|embed|form|base)\b|\bstyle=|\bon\w+=|url\(|@import/);
  assert.equal([...page.matchAll(/<style>/g)].length, 1);
});

test('the policy lets in the style of the page by its hash, and nothing else', async () => {
  await using server = await startStubServer();
  const response = await fetch(`${server.url}/reference`);
  const style = /<style>([^]*?)<\/style>/.exec(await response.text())?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  assert.equal(
    response.headers.get('content-security-policy'),
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
});

test('every link within the page leads somewhere', async () => {
  await using server = await startStubServer();
  const page = await (await fetch(`${server.url}/reference`)).text();
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(
    targets.filter((target) => !ids.has(target)),
    [],
  );
  assert.equal(ids.size, [...page.matchAll(/ id="/g)].length);
});

test('what the document says is text, whatever is in it', async () => {
  const evil = '<img src=x onerror="alert(1)">&';
  assert.equal(element('p', { title: evil }, [evil]).html.includes('<img'), false);
  const page = await referencePage({
    info: { title: evil, version: evil, summary: evil, description: evil },
    tags: [{ name: 'push', description: evil }],
    paths: {},
    webhooks: { [evil]: { post: { operationId: 'evil', tags: ['push'], summary: evil, responses: {} } } },
    components: { schemas: { [evil]: { type: 'object', properties: { [evil]: { description: evil } } } } },
  });
  assert.equal(page.includes('<img'), false);
});
