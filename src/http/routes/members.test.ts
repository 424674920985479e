import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../../../test/support/test-server.ts';

test('the caller, the account and the members are shown in seconds and with role ids', async () => {
  await using api = await startTestServer();
  const me = await api.data('/member/info', {}, 'responder');
  const { created_at, updated_at, ...rest } = me;
  assert.ok(created_at > 1_600_000_000 && created_at < 100_000_000_000 && updated_at >= created_at);
  assert.deepEqual(rest, {
    account_id: 10_000_000_000_001,
    account_name: 'Demo',
    account_email: 'ada@example.org',
    account_locale: 'en-US',
    account_time_zone: 'UTC',
    domain: 'tocsin.example.org',
    member_id: api.memberIds.responder,
    member_name: 'Rita',
    country_code: '',
    phone: '',
    email: 'rita@example.org',
    locale: 'en-US',
    time_zone: 'UTC',
    phone_verified: false,
    email_verified: false,
    avatar: '',
    status: 'enabled',
    account_role_ids: [2],
    role: 'responder',
    is_external: false,
    ref_id: '',
  });
  const account = await api.data('/account/info', {}, 'viewer');
  assert.deepEqual([account.account_name, account.email], ['Demo', 'ada@example.org']);
  const infos = await api.data('/person/infos', { person_ids: [api.memberIds.viewer, 7, api.memberIds.viewer] });
  assert.deepEqual(
    infos.items.map((one) => [one.person_name, one.as]),
    [['Vera', 'member']],
  );
});

test('members are searched, narrowed by role and paged in the shape of their list', async () => {
  await using api = await startTestServer();
  const invited = { email: 'Grace@Example.org', phone: '555 1234', role_ids: [3, 2] };
  const { items } = await api.data('/member/invite', { members: [invited] });
  assert.equal(items[0]?.member_name, 'grace');
  const names = async (body: object) => (await api.data('/member/list', body)).items.map((one) => one.member_name);
  assert.deepEqual(await names({ query: 'RITA@' }), ['Rita']);
  assert.deepEqual(await names({ query: '555 1234' }), ['grace']);
  assert.deepEqual((await names({ role_id: 2 })).sort(), ['Rita', 'grace']);
  const page = await api.data('/member/list', { p: 2, limit: 3, asc: true });
  assert.equal(page.items[0]?.last_seen_at, 0);
  assert.deepEqual([page.p, page.limit, page.total, page.items.length, page.items[0]?.phone], [2, 3, 4, 1, '****1234']);
});

test('a role takes effect with the next request, and a deleted member is refused', async () => {
  await using api = await startTestServer();
  const member_id = api.memberIds.viewer;
  await api.data('/member/update', { member_id, role: 'admin' });
  await api.data('/channel/create', { channel_name: 'Web' }, 'viewer');
  await api.data('/member/update', { member_id, role: 'viewer' });
  assert.equal((await api.call('/channel/create', { channel_name: 'DB' }, 'viewer')).body.error?.code, 'AccessDenied');
  await api.data('/member/delete', { member_id });
  assert.equal((await api.call('/member/info', {}, 'viewer')).body.error?.code, 'Unauthorized');
  const last = await api.call('/member/delete', { member_id: api.memberIds.admin });
  assert.match(last.body.error?.message ?? '', /last administrator/);
});

test('everybody manages their own keys, and only administrators those of others', async () => {
  await using api = await startTestServer();
  const made = await api.data('/person/app-key/create', { key_name: 'mine' }, 'viewer');
  assert.match(made.key, /^[0-9a-f]{32}\d{3}$/);
  const listed = await api.data('/person/app-key/list', {}, 'viewer');
  assert.equal(listed.total, 2);
  assert.ok(!JSON.stringify(listed).includes(made.key));
  const { key_id } = made;
  for (const path of ['enable', 'disable', 'delete'].map((verb) => `/person/app-key/${verb}`)) {
    assert.equal((await api.call(path, { key_id }, 'responder')).body.error?.code, 'ResourceNotFound', path);
  }
  const person_id = api.memberIds.viewer;
  assert.equal((await api.call('/person/app-key/list', { person_id }, 'responder')).body.error?.code, 'AccessDenied');
  assert.equal((await api.data('/person/app-key/list', { person_id })).total, 2);
  await api.data('/person/app-key/name/reset', { key_id, key_name: 'renamed' }, 'viewer');
  await api.data('/person/app-key/disable', { key_id });
  const after = (await api.data('/person/app-key/list', {}, 'viewer')).items.find((one) => one.key_id === key_id);
  assert.deepEqual(
    [after?.key_name, after?.is_enabled, after?.key_hint],
    ['renamed', false, `••••${made.key.slice(-4)}`],
  );
  await api.data('/person/app-key/delete', { key_id }, 'viewer');
  assert.equal((await api.data('/person/app-key/list', {}, 'viewer')).total, 1);
});

test('a team is made, found by each of its names, listed and deleted', async () => {
  await using api = await startTestServer();
  const person = api.memberIds.viewer;
  const made = await api.data('/team/upsert', { team_name: 'Web', ref_id: 'r-1', person_ids: [person] });
  for (const name of [{ team_id: made.team_id }, { team_name: 'Web' }, { ref_id: 'r-1' }]) {
    const team = await api.data('/team/info', name, 'viewer');
    assert.deepEqual([team.team_id, team.person_ids, team.creator_name], [made.team_id, [person], 'Ada']);
  }
  await api.data('/team/upsert', { team_name: 'DB' });
  const names = async (body: object) => (await api.data('/team/list', body)).items.map((one) => one.team_name);
  assert.deepEqual(await names({ orderby: 'team_name', asc: true }), ['DB', 'Web']);
  assert.deepEqual(await names({ person_id: person }), ['Web']);
  const infos = await api.data('/team/infos', { team_ids: [made.team_id, 7] });
  assert.deepEqual(infos.items, [{ team_id: made.team_id, team_name: 'Web', person_ids: [person] }]);
  await api.data('/team/delete', { ref_id: 'r-1' });
  assert.equal((await api.call('/team/info', { team_name: 'Web' })).body.error?.code, 'ResourceNotFound');
});
