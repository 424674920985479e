import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pushOf, startTestApp, type Hook, type TestApp } from '../support/test-app.ts';
import type { Json } from '../support/service.ts';

let scene: TestApp;

before(async () => {
  scene = await startTestApp();
});
after(() => scene.stop());

function api(path: string, body: object = {}): Promise<Json> {
  return scene.service.api(path, body);
}

async function itemsOf(path: string, body: object = {}): Promise<Json[]> {
  return (await api(path, body))['items'] as Json[];
}

async function assertGone(path: string, body: object): Promise<void> {
  const { status, error } = await scene.call(path, body);
  assert.deepEqual([status, error?.code], [400, 'ResourceNotFound'], path);
}

async function invite(email: string): Promise<number> {
  const [member] = (await api('/member/invite', { members: [{ email }] }))['items'] as { member_id: number }[];
  return member?.member_id ?? 0;
}

describe('what a user configures is made, read, listed, changed and deleted', () => {
  test('members, with the role that their key has', async () => {
    const member_id = await invite('ada@example.org');
    const listed = () => itemsOf('/member/list', { query: 'ada@' });
    assert.deepEqual(
      (await listed()).map((one) => [one['member_id'], one['member_name'], one['status']]),
      [[member_id, 'ada', 'pending']],
    );
    const key = String((await api('/person/app-key/create', { key_name: 'laptop', person_id: member_id }))['key']);
    const creates = async () => (await scene.call('/channel/create', { channel_name: 'of Ada' }, { key })).status;
    assert.equal(await creates(), 403);
    await api('/member/update', { member_id, role: 'admin' });
    assert.equal(await creates(), 200);
    assert.equal((await scene.call('/member/info', {}, { key })).data['role'], 'admin');
    await api('/member/delete', { member_id });
    assert.equal((await scene.call('/member/info', {}, { key })).status, 401);
    assert.deepEqual(await listed(), []);
  });

  test('app keys, of which each is shown once and works until it is disabled or deleted', async () => {
    const made = await api('/person/app-key/create', { key_name: 'ci' });
    const key = String(made['key']);
    const key_id = made['key_id'];
    const status = async () => (await scene.call('/member/info', {}, { key })).status;
    assert.equal(await status(), 200);
    await api('/person/app-key/name/reset', { key_id, key_name: 'build' });
    const mine = async () => (await itemsOf('/person/app-key/list')).find((one) => one['key_id'] === key_id);
    assert.deepEqual([(await mine())?.['key_name'], (await mine())?.['is_enabled']], ['build', true]);
    await api('/person/app-key/disable', { key_id });
    assert.equal(await status(), 401);
    await api('/person/app-key/enable', { key_id });
    assert.equal(await status(), 200);
    await api('/person/app-key/delete', { key_id });
    assert.equal(await status(), 401);
    assert.equal(await mine(), undefined);
  });

  test('teams', async () => {
    const person = await invite('grace@example.org');
    const { team_id } = await api('/team/upsert', { team_name: 'Web', person_ids: [person] });
    assert.deepEqual((await api('/team/info', { team_id }))['person_ids'], [person]);
    await api('/team/upsert', { team_id, team_name: 'Web and shop' });
    const listed = await itemsOf('/team/list', { query: 'shop' });
    assert.deepEqual(
      listed.map((one) => [one['team_id'], one['team_name']]),
      [[team_id, 'Web and shop']],
    );
    await api('/team/delete', { team_id });
    await assertGone('/team/info', { team_id });
  });

  test('channels, of which none is deleted while something sends into it', async () => {
    const { channel_id } = await api('/channel/create', { channel_name: 'Shop', description: 'the shop' });
    await api('/channel/update', { channel_id, channel_name: 'Web shop', auto_resolve_timeout: 600 });
    const shown = await api('/channel/info', { channel_id });
    assert.deepEqual(
      ['channel_name', 'description', 'auto_resolve_timeout', 'status'].map((name) => shown[name]),
      ['Web shop', 'the shop', 600, 'enabled'],
    );
    assert.equal((await itemsOf('/channel/list', { query: 'web shop' })).length, 1);
    const source = await api('/integration/create', { name: 'shop', type: 'standard', channel_id });
    const refused = await scene.call('/channel/delete', { channel_id });
    assert.deepEqual([refused.status, refused.error?.code], [400, 'ReferenceExist']);
    await api('/integration/delete', { integration_id: source['integration_id'] });
    await api('/channel/delete', { channel_id });
    await assertGone('/channel/info', { channel_id });
  });

  test('integrations, whose URL is all that a source needs, until they are deleted', async () => {
    const { channelId } = await scene.place();
    const made = await api('/integration/create', { name: 'nightly', type: 'standard', channel_id: channelId });
    const { integration_id, push_url } = made;
    const send = async () => {
      const body = JSON.stringify({ event_status: 'Info', title: 'hello', alert_key: 'hello' });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(String(push_url), { method: 'POST', headers, body });
      return [answer.status, ((await answer.json()) as { error?: { message: string } }).error?.message];
    };
    assert.deepEqual(await send(), [200, undefined]);
    await api('/integration/update', { integration_id, name: 'hourly' });
    const shown = await api('/integration/info', { integration_id });
    assert.deepEqual([shown['name'], shown['push_url'], shown['status']], ['hourly', push_url, 'enabled']);
    assert.ok(Number(shown['last_event_at']) > Date.now() / 1000 - 600);
    assert.equal((await itemsOf('/integration/list', { channel_id: channelId, query: 'hourly' })).length, 1);
    await api('/integration/delete', { integration_id });
    await assertGone('/integration/info', { integration_id });
    assert.deepEqual(await send(), [400, 'integration_key is not a valid one']);
  });

  test('webhooks, whose next push goes where they now point', async () => {
    const place = await scene.place();
    const hook = await place.hook('alert', { description: 'tickets', timeout_ms: undefined });
    const shown = await api('/webhook/info', { integration_id: hook.id });
    assert.deepEqual(
      ['type', 'description', 'endpoint', 'status', 'timeout_ms', 'delivery_mode', 'signing', 'tls_verify'].map(
        (name) => shown[name],
      ),
      ['alert', 'tickets', hook.endpoint, 'enabled', 1000, 'at_most_once', true, true],
    );
    await place.report({ title: 'disk', alert_key: 'disk' });
    await hook.pushes(1);
    const moved = `${hook.path}/moved`;
    await api('/webhook/update', { integration_id: hook.id, endpoint: scene.receiver.url + moved });
    await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Ok' });
    await scene.receiver.waitFor(1, (one) => one.path === moved);
    assert.equal(hook.received().length, 1);
    const listed = await itemsOf('/webhook/list', { channel_id: place.channelId });
    assert.ok(listed.some((one) => one['integration_id'] === hook.id && one['endpoint'] === hook.endpoint + '/moved'));
    await api('/webhook/delete', { integration_id: hook.id });
    await assertGone('/webhook/info', { integration_id: hook.id });
  });
});

describe('a repeated request is done once', () => {
  const body = { channel_name: 'made once' };
  const headers = (key: string) => ({ 'idempotency-key': key });

  test('with the same Idempotency-Key and body, the answer of the first comes again', async () => {
    const first = await scene.call('/channel/create', body, { headers: headers('k-1') });
    const again = await scene.call('/channel/create', body, { headers: headers('k-1') });
    assert.deepEqual(again.data, first.data);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal((await itemsOf('/channel/list', { query: 'made once' })).length, 1);
  });

  test('with another body it is refused, and nothing is done', async () => {
    const other = await scene.call('/channel/create', { channel_name: 'another' }, { headers: headers('k-1') });
    assert.equal(other.error?.code, 'BadRequest');
    assert.match(other.error?.message ?? '', /idempotency/i);
    assert.deepEqual(await itemsOf('/channel/list', { query: 'another' }), []);
  });

  test('at the same moment, one is done and the others get its answer or are asked to come again', async () => {
    const made = { type: 'alert', name: 'once', endpoint: 'https://example.com/' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => scene.call('/webhook/create', made, { headers: headers('k-2') })),
    );
    const ids = answers.filter(({ status }) => status === 200).map(({ data }) => data['integration_id']);
    assert.ok(ids.length >= 1 && new Set(ids).size === 1);
    assert.ok(
      answers.every(({ status }) => [200, 409, 423].includes(status)),
      answers.map(({ text }) => text).join('\n'),
    );
    assert.equal((await itemsOf('/webhook/list', { query: 'once' })).length, 1);
  });
});

describe('the deliveries of a webhook that is paused, disabled or deleted', () => {
  /** One push in flight that hangs, and two that wait behind it. */
  async function owed(): Promise<Hook & { fire(key: string): Promise<string> }> {
    const place = await scene.place();
    const hook = await place.hook('alert', { timeout_ms: 30_000, max_in_flight: 1 });
    const fire = (key: string) => place.report({ title: key, alert_key: key });
    scene.receiver.answer(hook.path, 'hang');
    for (const key of ['a', 'b', 'c']) await fire(key);
    await hook.pushes(1);
    return { ...hook, fire };
  }

  const titles = (hook: Hook) => hook.received().map((push) => pushOf(push).alert?.['title']);

  test('paused: it waits, and goes out in order when the webhook is resumed', async () => {
    const place = await scene.place();
    const paused = await place.hook('alert');
    const other = await place.hook('alert');
    await api('/webhook/pause', { integration_id: paused.id });
    for (const description of ['one', 'two', 'three']) {
      await place.report({ title: 'disk', alert_key: 'disk', description });
    }
    await other.history(3);
    assert.deepEqual(paused.received(), []);
    assert.deepEqual(await paused.history(0), []);
    await api('/webhook/resume', { integration_id: paused.id });
    const pushes = (await paused.pushes(3)).map(pushOf);
    assert.deepEqual(
      pushes.map((push) => push.alert?.['description']),
      ['one', 'two', 'three'],
    );
  });

  test('disabled: attempts in flight end, the rest is cancelled for good, and the history says so', async () => {
    const hook = await owed();
    assert.deepEqual(await api('/webhook/disable', { integration_id: hook.id }), { cancelled: 2 });
    await hook.fire('d');
    scene.receiver.answer(hook.path, { status: 200 });
    scene.receiver.release(200);
    const records = await hook.history(3);
    assert.deepEqual(
      records.map((record) => [record.status, record.status_code, record.attempt]),
      [
        ['success', 200, 1],
        ['failed', 0, 0],
        ['failed', 0, 0],
      ],
    );
    for (const record of records.slice(1)) assert.match(record.error_message ?? '', /disabled|cancel/i);
    await api('/webhook/enable', { integration_id: hook.id });
    await hook.fire('e');
    await hook.pushes(2);
    assert.deepEqual(titles(hook), ['a', 'e']);
    assert.equal((await hook.history(4)).length, 4);
  });

  test('deleted: the same, and the history stays', async () => {
    const hook = await owed();
    assert.deepEqual(await api('/webhook/delete', { integration_id: hook.id }), { cancelled: 2 });
    scene.receiver.answer(hook.path, { status: 200 });
    scene.receiver.release(200);
    await hook.fire('d');
    const records = await hook.history(3);
    assert.deepEqual(
      records.map((record) => record.status),
      ['success', 'failed', 'failed'],
    );
    assert.deepEqual(titles(hook), ['a']);
    await assertGone('/webhook/enable', { integration_id: hook.id });
  });
});
