import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../counterparts/program.ts';
import { startReceiver, type Receiver } from '../counterparts/receiver.ts';
import { selfSigned } from '../support/certificate.ts';
import { around, startTestApp, type TestApp } from '../support/test-app.ts';

/** Each is unique, so that any part of it that appears can only come from the secret. */
const secrets = {
  'a header value': `Bearer canary-header-${hex()}`,
  'the secret of a webhook': `whsec_${randomBytes(32).toString('base64')}`,
  'the password of the administrator': `canary-password-${hex()}`,
  'the sealing key': hex(32),
};
const adminPath = '/admin-sees';
/** For chat tools the URL is the credential. */
const credentialInUrl = `canary-endpoint-${hex()}`;

let scene: TestApp;
let tls: Receiver;
/** Answers with all that it was sent. */
const echo: Server = createServer((request, response) => {
  const { authorization = '', 'webhook-signature': signature = '' } = request.headers;
  signatures.push(
    ...String(signature)
      .split(' ')
      .map((one) => one.replace('v1,', '')),
  );
  const { url = '' } = request;
  response.writeHead(200, { 'x-echo': authorization, 'x-signature': signature, location: `http://echo${url}` });
  response.end(JSON.stringify({ ...request.headers, url, text: `no route ${url}`, parts: url.split(/[/?&=]/) }));
});
const signatures: string[] = [];
/** What the service has said, by where it said it. */
const said = new Map<string, string>();

before(async () => {
  scene = await startTestApp({
    env: {
      TOCSIN_ADMIN_PASSWORD: secrets['the password of the administrator'],
      TOCSIN_SECRET_KEY: secrets['the sealing key'],
      TOCSIN_LOG_LEVEL: 'debug',
      TOCSIN_API_RATE: '0',
    },
  });
  tls = await startReceiver({ tls: selfSigned });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  await live();
  await crawl();
});
after(async () => {
  await scene.stop();
  await tls.stop();
  echo.closeAllConnections();
  echo.close();
});

function hex(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}

const found: { integrationKey: string; rotated: string; viewerKey: string; echoing: number; viewer?: string } = {
  echoing: 0,
  integrationKey: '',
  rotated: '',
  viewerKey: '',
};

/** Everything that could make the service talk: pushes that arrive, fail, time out and are refused, and bad requests. */
async function live(): Promise<void> {
  const place = await scene.place();
  found.integrationKey = place.sourceKey;
  const settings = { headers: { Authorization: secrets['a header value'] }, timeout_ms: 200, unsent_retry_seconds: 0 };
  await place.hook('incident', { endpoint: `${scene.receiver.url}/services/${credentialInUrl}?t=${credentialInUrl}` });
  const hook = await place.hook('alert', { ...settings, secret: secrets['the secret of a webhook'] });
  const nobody = await place.hook('alert', { ...settings, endpoint: `http://127.0.0.1:${await freePort()}/` });
  const untrusted = await place.hook('alert', { ...settings, endpoint: tls.url });
  const { port } = echo.address() as AddressInfo;
  const echoing = await place.hook('alert', { ...settings, timeout_ms: 5_000, endpoint: `http://127.0.0.1:${port}/` });
  const echoed = `http://127.0.0.1:${port}/services/${credentialInUrl}?t=${credentialInUrl}`;
  found.echoing = (await place.hook('alert', { ...settings, timeout_ms: 5_000, endpoint: echoed })).id;
  scene.receiver.answer(hook.path, { status: 500, body: 'no' }, 'reset', 'hang', { status: 200 });
  for (const description of ['one', 'two', 'three', 'four']) {
    await place.report({ title: 'disk', alert_key: 'disk', description });
  }
  await hook.history(4);
  await untrusted.history(4);
  await echoing.history(4);
  keep('a test push that is echoed', (await scene.call('/webhook/test', { integration_id: echoing.id })).text);
  await nobody.history(4);
  keep('/webhook/test', (await scene.call('/webhook/test', { integration_id: hook.id })).text);
  const duplicate = {
    type: 'alert',
    name: 'x',
    endpoint: 'x',
    headers: { ...settings.headers, 'X-é': secrets['a header value'] },
  };
  keep('a refusal', (await scene.call('/webhook/create', duplicate)).text);
  const weak = { type: 'alert', name: 'x', endpoint: tls.url, secret: `${secrets['the secret of a webhook']}!` };
  keep('a refused secret', (await scene.call('/webhook/create', weak)).text);
  const rotated = await scene.service.api('/webhook/secret/rotate', { integration_id: hook.id });
  found.rotated = String(rotated['secret']);
  const made = await scene.service.api('/person/app-key/create', { key_name: 'canary' });
  found.viewerKey = String(made['key']);
  for (const key of [found.viewerKey, `${found.viewerKey}x`]) {
    keep('a key in the query', (await scene.call(`/member/info?app_key=${key}`, {}, { key: '' })).text);
    keep('a lost path', (await scene.call(`/nothing?app_key=${key}`, {}, { key: '' })).text);
  }
  keep(
    'broken JSON',
    (
      await scene.call(`/event/push/alert/standard?integration_key=${place.sourceKey}`, `{"k":${found.viewerKey}`, {
        key: '',
      })
    ).text,
  );
}

/** Every operation that reads, with bodies that reach what there is, as the administrator. */
async function crawl(): Promise<void> {
  const document = await scene.call('/openapi.json', {}, { method: 'GET', key: '' });
  const { paths } = JSON.parse(document.text) as { paths: Record<string, { post?: { parameters?: unknown[] } }> };
  const seconds = { start_time: Math.floor(Date.now() / 1000) - 3600, end_time: Math.floor(Date.now() / 1000) + 3600 };
  const webhooks = (await scene.service.api('/webhook/list'))['items'] as { integration_id: number }[];
  const records = await scene.service.api('/webhook/history/list', { ...around(), limit: 100 });
  const history = records['items'] as { integration_id: number; event_id: string }[];
  const bodies: Record<string, readonly object[]> = {
    '/webhook/info': webhooks.map(({ integration_id }) => ({ integration_id })),
    '/webhook/history/list': [{ ...around(), limit: 100 }],
    '/webhook/history/detail': history.map(({ integration_id, event_id }) => ({ integration_id, event_id })),
    '/alert/list': [seconds],
    '/incident/list': [seconds],
  };
  for (const [path, { post }] of Object.entries(paths)) {
    // GET pages come below; operations with parameters write.
    if (post === undefined || (post.parameters ?? []).length > 0) continue;
    for (const body of bodies[path] ?? [{}]) {
      const where = path.startsWith('/integration/') ? adminPath : path;
      keep(where, (await scene.call(path, body)).text);
    }
  }
  assert.ok(history.length >= 12);
  for (const path of ['/', '/readyz', '/metrics', '/openapi.json', '/reference']) {
    keep(path, (await scene.call(path, {}, { method: 'GET', key: '' })).text);
  }
}

function keep(where: string, text: string): void {
  said.set(where, (said.get(where) ?? '') + text);
}

/** Where a text stands that is long enough to be no chance. */
function placesOf(secret: string, texts: Iterable<readonly [string, string]>): string[] {
  const telling = secret.replace(/^(?:whsec_|Bearer )/, '').slice(0, 20);
  assert.equal(telling.length, 20);
  return [...texts].filter(([, text]) => text.includes(telling)).map(([where]) => where);
}

/** Of the only viewer. */
async function viewersKey(): Promise<string> {
  return (found.viewer ??= await scene.keyOf('viewer'));
}

describe('no secret is in an answer, a log line, a metric or the database', () => {
  const all = () =>
    Object.entries({
      ...secrets,
      'a rotated secret': found.rotated,
      'an app key': found.viewerKey,
      'the first app key': scene.service.appKey,
      'the key of a source': found.integrationKey,
    });

  test('answers', () => {
    assert.ok(said.size > 30);
    for (const [name, secret] of all()) {
      const places = placesOf(secret, said);
      // An administrator may see the key of a source again, since it is part of the URL that the source needs.
      const allowed = name === 'the key of a source' ? [adminPath] : [];
      assert.deepEqual(places, allowed, name);
    }
  });

  test('what a receiver repeats of its request', async () => {
    assert.ok(signatures.length >= 5);
    const detail = said.get('/webhook/history/detail') ?? '';
    const tried = said.get('a test push that is echoed') ?? '';
    for (const text of [detail, tried]) assert.match(text, /x-echo[^,]*••••/);
    for (const signature of signatures) assert.deepEqual(placesOf(signature, said), [], 'a signature');
  });

  test('the path and query of an endpoint, in what a viewer reads', async () => {
    const key = await viewersKey();
    const webhooks = (await scene.service.api('/webhook/list'))['items'] as {
      integration_id: number;
      endpoint: string;
    }[];
    const secret = webhooks.find(({ endpoint }) => endpoint.includes(credentialInUrl));
    assert.ok(secret !== undefined, 'an administrator sees it whole');
    const records = (await scene.service.api('/webhook/history/list', { ...around(), limit: 100 }))['items'];
    const sent = (records as { integration_id: number; event_id: string; endpoint: string }[]).filter(
      ({ integration_id }) => integration_id === secret.integration_id,
    );
    assert.ok(sent.length > 0 && sent.every(({ endpoint }) => endpoint === secret.endpoint));
    const { integration_id } = secret;
    const reads: [string, object][] = [
      ['/webhook/list', {}],
      ['/webhook/info', { integration_id }],
      ['/datasource/list', {}],
      ['/datasource/desc', { integration_id }],
      ['/webhook/history/list', { ...around(), limit: 100 }],
      ...sent.map(({ event_id }) => ['/webhook/history/detail', { integration_id, event_id }] as [string, object]),
    ];
    for (const [path, body] of reads) {
      const { status, text } = await scene.call(path, body, { key });
      assert.deepEqual([status, placesOf(credentialInUrl, [[path, text]])], [200, []]);
      assert.ok(text.includes(`${scene.receiver.url}/••••`), path);
    }
    const guessed = await scene.call('/webhook/list', { query: credentialInUrl.slice(0, 20) }, { key });
    assert.match(guessed.text, /"items":\[\]/, 'a search finds only what is shown');
  });

  test('the path and query of an endpoint, repeated by its receiver, in what a viewer and a responder read', async () => {
    const records = (await scene.service.api('/webhook/history/list', { ...around(), limit: 100 }))['items'];
    const { integration_id, event_id } =
      (records as { integration_id: number; event_id: string }[]).find((one) => one.integration_id === found.echoing) ??
      assert.fail('nothing was sent to the receiver that echoes');
    const whole = await scene.call('/webhook/history/detail', { integration_id, event_id });
    assert.ok(
      whole.text.includes(`no route /services/${credentialInUrl}?t=${credentialInUrl}`),
      'an administrator sees it',
    );
    for (const role of ['viewer', 'responder'] as const) {
      const key = role === 'viewer' ? await viewersKey() : await scene.keyOf(role);
      const { status, text } = await scene.call('/webhook/history/detail', { integration_id, event_id }, { key });
      assert.deepEqual([status, placesOf(credentialInUrl, [[role, text]])], [200, []]);
      assert.match(text, /no route ••••/);
    }
  });

  test('a stored header value, sent by a test push to another origin', async () => {
    const webhooks = (await scene.service.api('/webhook/list'))['items'] as {
      integration_id: number;
      headers: object;
    }[];
    const stored = webhooks.find(({ headers }) => Object.keys(headers).length > 0);
    const { integration_id } = stored ?? { integration_id: 0 };
    const elsewhere = { integration_id, endpoint: `http://127.0.0.1:${await freePort()}/` };
    const refused = await scene.call('/webhook/test', elsewhere);
    assert.equal(refused.status, 400);
    assert.match(refused.text, /"field":"headers".*the stored value of Authorization is not sent to another origin/);
    for (const headers of [{}, { Authorization: 'Bearer another' }]) {
      assert.equal((await scene.call('/webhook/test', { ...elsewhere, headers })).status, 200);
    }
  });

  test('a mask shows four characters of a long value', () => {
    const ending = secrets['a header value'].slice(-4);
    assert.match(said.get('/webhook/info') ?? '', new RegExp(`"Authorization":"••••${ending}"`));
    assert.match(said.get('/webhook/history/detail') ?? '', new RegExp(`••••${ending}`));
  });

  test('log lines, also at level debug', () => {
    assert.ok(scene.service.logs.length > 0);
    for (const [name, secret] of all())
      assert.deepEqual(placesOf(secret, [['logs', scene.service.logs.join('\n')]]), [], name);
  });

  test('a key that the operator chose, also in what the first start says', () => {
    assert.ok(scene.service.logs.some((line) => line.startsWith('listening on ')));
    assert.ok(!scene.service.logs.some((line) => line.includes(scene.service.appKey)));
  });

  test('the database on disk', async () => {
    const names = await readdir(scene.folder);
    assert.ok(
      names.some((name) => name.endsWith('.db') || name.includes('sqlite') || name.includes('-wal')),
      names.join(),
    );
    for (const name of names) {
      const bytes = (await readFile(join(scene.folder, name)).catch(() => Buffer.alloc(0))).toString('latin1');
      for (const [what, secret] of all()) assert.deepEqual(placesOf(secret, [[name, bytes]]), [], what);
    }
  });
});
