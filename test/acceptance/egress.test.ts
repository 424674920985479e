import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { startReceiver } from '../counterparts/receiver.ts';
import { startTestApp, withAndWithoutThreads, type TestApp } from '../support/test-app.ts';

for (const { where, env } of withAndWithoutThreads) {
  describe(`where pushes may go, when the operator allows nothing${where}`, () => {
    let scene: TestApp;
    before(async () => {
      scene = await startTestApp({ env: { ...env, TOCSIN_EGRESS_ALLOW: '' } });
    });
    after(() => scene.stop());

    test('a loopback endpoint is refused when it is saved, and the message names the setting', async () => {
      const place = await scene.place();
      const { status, error } = await scene.call('/webhook/create', {
        type: 'alert',
        name: 'loopback',
        endpoint: `${scene.receiver.url}/hook`,
      });
      assert.deepEqual([status, error?.code, error?.faults?.[0]?.field], [400, 'InvalidParameter', 'endpoint']);
      assert.match(
        error?.message ?? '',
        /127\.0\.0\.1 is a loopback address; .*the operator can add \S+ to TOCSIN_EGRESS_ALLOW/,
      );
      const hook = await place.hook('alert', { endpoint: 'https://example.com/hook' });
      const changed = await scene.call('/webhook/update', { integration_id: hook.id, endpoint: scene.receiver.url });
      assert.match(changed.error?.message ?? '', /TOCSIN_EGRESS_ALLOW/);
      const tried = await scene.call('/webhook/test', { type: 'alert', endpoint: scene.receiver.url });
      assert.match(tried.error?.message ?? '', /TOCSIN_EGRESS_ALLOW/);
      assert.equal(scene.receiver.connections, 0);
    });

    test('names that lead inside are refused when they are saved', async () => {
      for (const host of [
        'localhost',
        'x.localhost',
        'printer.local',
        'tickets.internal',
        'metadata.google.internal',
      ]) {
        const made = await scene.call('/webhook/create', { type: 'alert', name: host, endpoint: `http://${host}/` });
        assert.equal(made.error?.code, 'InvalidParameter', host);
      }
    });

    test('a name that resolves to a private address can be saved, and is refused when it is dialled', async (t) => {
      const name = await privateName();
      if (name === undefined) return t.skip('the hosts file of this machine gives no private address to a plain name');
      const place = await scene.place();
      const { port } = new URL(scene.receiver.url);
      const hook = await place.hook('alert', { endpoint: `http://${name}:${port}/hook` });
      await place.report({ title: 'disk', alert_key: 'disk' });
      const [record] = await hook.history(1);
      assert.deepEqual([record?.status, record?.status_code, record?.attempt], ['failed', 0, 1]);
      assert.match(record?.error_message ?? '', /is a (?:loopback|private) address/);
      assert.equal(scene.receiver.connections, 0);
    });

    test('what the guard allows is said', async () => {
      const { guard } = await scene.service.api('/egress/info');
      assert.deepEqual(guard, { private_addresses: 'refused', allowed: [] });
    });
  });

  test(`a redirect is not followed: where it points to sees no connection${where}`, async (t) => {
    const scene = await startTestApp({ env });
    t.after(() => scene.stop());
    const trap = await startReceiver();
    t.after(() => trap.stop());
    const place = await scene.place();
    const hook = await place.hook('alert');
    const codes = [301, 302, 303, 307, 308];
    const answers = codes.map((status) => ({ status, headers: { location: `${trap.url}/trap` } }));
    scene.receiver.answer(hook.path, ...answers);
    for (const code of codes) await place.report({ title: 'disk', alert_key: 'disk', description: `before ${code}` });
    const records = await hook.history(codes.length);
    assert.deepEqual(
      records.map((record) => [record.status, record.status_code]),
      codes.map((code) => ['failed', code]),
    );
    for (const record of records) assert.match(record.error_message ?? '', /redirects are not followed/);
    const detail = await hook.detail(records[0] ?? assert.fail());
    assert.match(detail.response_headers ?? '', /\/trap/);
    assert.equal(hook.received().length, codes.length);
    assert.equal(trap.connections, 0);
  });
}

/** A name whose look needs no guard, and whose address does: most machines give one to themselves. */
async function privateName(): Promise<string | undefined> {
  const hosts = await readFile('/etc/hosts', 'utf8').catch(() => '');
  for (const line of hosts.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (!/^(?:127|10|172\.(?:1[6-9]|2\d|3[01])|192\.168)\./.test(address)) continue;
    const plain = names.find((name) => !/local|internal|^ip6|metadata/i.test(name) && /^[a-z][\w.-]*$/.test(name));
    if (plain !== undefined) return plain;
  }
  return undefined;
}
