import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../counterparts/program.ts';
import { startReceiver } from '../counterparts/receiver.ts';
import type { Receiver } from '../counterparts/receiver.ts';
import { selfSigned } from '../support/certificate.ts';
import { around, startScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';

/** Each is unique, so that wherever a part of it turns up, it can only be the secret itself (C2 33, C5 63, C6 74). */
const secrets = {
  'a header value': `Bearer canary-header-${hex()}`,
  'the secret of a webhook': `whsec_${randomBytes(32).toString('base64')}`,
  'the password of the administrator': `canary-password-${hex()}`,
  'the sealing key': hex(32),
};
const adminPath = '/admin-sees';

let scene: Scene;
let tls: Receiver;
/** What the service has said, by where it said it. */
const said = new Map<string, string>();

before(async () => {
  scene = await startScene({
    env: {
      TOCSIN_ADMIN_PASSWORD: secrets['the password of the administrator'],
      TOCSIN_SECRET_KEY: secrets['the sealing key'],
      TOCSIN_LOG_LEVEL: 'debug',
      TOCSIN_API_RATE: '0',
    },
  });
  tls = await startReceiver({ tls: selfSigned });
  await live();
  await crawl();
});
after(async () => {
  await scene.stop();
  await tls.stop();
});

function hex(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}

const found: { integrationKey: string; rotated: string; viewerKey: string } = {
  integrationKey: '',
  rotated: '',
  viewerKey: '',
};

/** Everything that could make the service talk: pushes that arrive, fail, time out and are refused, and bad requests. */
async function live(): Promise<void> {
  const place = await scene.place();
  found.integrationKey = place.sourceKey;
  const settings = { headers: { Authorization: secrets['a header value'] }, timeout_ms: 200 };
  const hook = await place.hook('alert', { ...settings, secret: secrets['the secret of a webhook'] });
  const nobody = await place.hook('alert', { ...settings, endpoint: `http://127.0.0.1:${await freePort()}/` });
  const untrusted = await place.hook('alert', { ...settings, endpoint: tls.url });
  scene.receiver.answer(hook.path, { status: 500, body: 'no' }, 'reset', 'hang', { status: 200 });
  for (const description of ['one', 'two', 'three', 'four']) {
    await place.report({ title: 'disk', alert_key: 'disk', description });
  }
  await hook.history(4);
  await untrusted.history(4);
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
    '/webhook/info': webhooks,
    '/webhook/history/list': [{ ...around(), limit: 100 }],
    '/webhook/history/detail': history.map(({ integration_id, event_id }) => ({ integration_id, event_id })),
    '/alert/list': [seconds],
    '/incident/list': [seconds],
  };
  for (const [path, { post }] of Object.entries(paths)) {
    // What is asked for with GET comes below, and what has parameters writes.
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

  test('what is masked shows four characters of something long', () => {
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
