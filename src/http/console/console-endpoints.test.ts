import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { browserClient } from '../../../test/support/browser-client.ts';
import { startStubServer, type StubServer } from '../../../test/support/stub-server.ts';
import { readConsoleFiles } from './console-files.ts';

const script = 'console.log("tocsin")';
const html = '<!doctype html><title>Tocsin</title>';

describe('the console', () => {
  let folder: string;
  let server: StubServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-console-'));
    await mkdir(join(folder, 'assets'));
    const files = {
      'index.html': html,
      'assets/main-3fA_1.js': script,
      'favicon.svg': '<svg/>',
      '.stamp': 'x',
      'a b.js': '',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await writeFile(join(folder, 'assets/main-3fA_1.js.br'), brotliCompressSync(script));
    server = await startStubServer({ console: readConsoleFiles(folder), limits: { strangersPerSecond: 0 } });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('every page has its address, and what is below the pages and is none says so with 404', async () => {
    const browser = browserClient(server.url);
    const known = [
      '/',
      '/sign-in',
      '/sign-in?next=%2Fincident',
      '/sign-in/link',
      '/welcome',
      '/incident',
      '/incident?severity=Critical',
      '/incident/detail/6a1f00c2d4e5f60718293a4b',
      '/incident/',
      '/alert',
      '/alert/detail/6a1f00c2d4e5f60718293a4b',
      '/delivery',
      '/delivery/4001/20261129abc',
      '/integration-center/webhook',
      '/integration-center/webhook/new',
      '/integration-center/source/3001',
      '/integration-center/action',
      '/channel',
      '/channel/2001',
      '/people/5001',
      '/people/team/1001',
      '/settings/profile',
      '/settings/system',
    ];
    for (const path of known) {
      const { status, text, headers } = await browser.get(path);
      assert.deepEqual([status, text, headers['content-type']], [200, html, 'text/html; charset=utf-8'], path);
    }
    for (const path of [
      '/incident/nowhere',
      '/settings/nowhere',
      '/people/team',
      '/delivery/1/2/3',
      '/channel/..%2f..',
    ]) {
      const { status, text } = await browser.get(path);
      assert.deepEqual([status, text], [404, html], path);
    }
  });

  test('programs are answered as ever at the same addresses', async () => {
    const browser = browserClient(server.url);
    for (const accept of ['*/*', 'application/json', '', 'text/*', 'application/xhtml+xml']) {
      const welcome = await browser.get('/', { accept });
      assert.deepEqual([welcome.status, welcome.headers['content-type']], [200, 'text/plain; charset=utf-8'], accept);
      const { status, error } = await browser.get('/incident/detail/1', { accept });
      assert.deepEqual([status, error.code], [404, 'RouteNotFound'], accept);
    }
    const { status, error } = await browser.get('/elsewhere');
    assert.deepEqual([status, error.code], [404, 'RouteNotFound'], 'no page, even for a browser');
    const posted = await browser.call('/incident');
    assert.deepEqual([posted.status, posted.error.code], [404, 'RouteNotFound']);
  });

  test('the page is asked for again each time, and sent only when it has changed', async () => {
    const browser = browserClient(server.url);
    const first = await browser.get('/incident');
    assert.equal(first.headers['cache-control'], 'no-cache');
    assert.equal(first.headers['vary'], 'accept, accept-encoding');
    const tag = String(first.headers['etag']);
    const again = await browser.get('/alert', { 'if-none-match': tag });
    assert.deepEqual([again.status, again.text], [304, '']);
    assert.equal((await browser.get('/alert', { 'if-none-match': '"other"' })).status, 200);
    assert.equal((await browser.get('/incident/nowhere', { 'if-none-match': tag })).status, 404);
    const head = await fetch(`${server.url}/incident`, { method: 'HEAD', headers: { accept: 'text/html' } });
    assert.deepEqual([head.status, head.headers.get('etag'), await head.text()], [200, tag, '']);
  });

  test('assets are kept for ever, compressed for those who take it', async () => {
    const plain = await fetch(`${server.url}/assets/main-3fA_1.js`, { headers: { 'accept-encoding': 'gzip, br;q=0' } });
    assert.equal(await plain.text(), script);
    assert.equal(plain.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(plain.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(plain.headers.get('content-encoding'), null);
    const raw = await server.raw(
      'GET /assets/main-3fA_1.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n',
    );
    assert.match(raw, /content-encoding: br/i);
    assert.match(raw, /vary: accept-encoding/i);
    const body = Buffer.from(raw.slice(raw.indexOf('\r\n\r\n') + 4), 'latin1');
    assert.equal(brotliDecompressSync(body).toString(), script);
    const icon = await fetch(`${server.url}/favicon.svg`);
    assert.deepEqual(
      [icon.headers.get('content-type'), icon.headers.get('cache-control')],
      ['image/svg+xml', 'no-cache'],
    );
  });

  test('no path leads out of what the build made', async () => {
    const paths = [
      '/assets/',
      '/assets/nothing.js',
      '/assets/../index.html',
      '/assets/..%2f..%2fpackage.json',
      '/.stamp',
      '/index.html',
      '/a%20b.js',
      '/assets/main-3fA_1.js.br',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/main-3fA_1.js/',
    ];
    for (const path of paths) {
      const answer = await server.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 404 /, path);
    }
  });

  test('pages and assets may do nothing but speak to this server', async () => {
    const browser = browserClient(server.url);
    for (const path of ['/', '/incident', '/incident/nowhere', '/assets/main-3fA_1.js']) {
      const { headers } = await browser.get(path);
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        path,
      );
      assert.deepEqual(
        ['cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy'].map(
          (name) => headers[name],
        ),
        ['same-origin', 'same-origin', 'camera=(), geolocation=(), microphone=()'],
        path,
      );
      assert.deepEqual(
        ['x-content-type-options', 'referrer-policy', 'x-frame-options'].map((name) => headers[name]),
        ['nosniff', 'no-referrer', 'DENY'],
        path,
      );
    }
  });

  test('a page under a foreign name is refused', async () => {
    const { status } = await browserClient(server.url).get('/incident', { host: 'evil.example' });
    assert.equal(status, 403);
  });

  test('without a build each page says what to run', async () => {
    assert.equal(readConsoleFiles(join(folder, 'not-there')), undefined);
    assert.equal(readConsoleFiles(join(folder, 'assets')), undefined);
    await using bare = await startStubServer();
    for (const path of ['/', '/incident/detail/1']) {
      const { status, text, headers } = await browserClient(bare.url).get(path);
      assert.equal(status, 503);
      assert.equal(headers['content-type'], 'text/html; charset=utf-8');
      assert.match(text, /node console\/build\.ts/);
    }
    assert.equal((await browserClient(bare.url).get('/', { accept: '*/*' })).status, 200);
  });
});
