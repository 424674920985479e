import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../../../test/support/test-server.ts';

test('a channel is shown as it was made, and an update changes only what is sent', async () => {
  await using api = await startTestServer();
  const { team_id } = await api.data('/team/upsert', { team_name: 'Web team' });
  const { channel_id } = await api.data('/channel/create', {
    channel_name: ' Web ',
    description: 'the web',
    team_id,
    managing_team_ids: [team_id],
    group: { method: 'p', equals: [['labels.service'], ['title', 'severity']], time_window: 30, storm_threshold: 9 },
    auto_resolve_timeout: 3600,
    disable_auto_close: true,
  });
  const { created_at = 0, updated_at = 0, ...channel } = await api.data('/channel/info', { channel_id }, 'viewer');
  assert.ok(created_at > 1_600_000_000 && created_at < 100_000_000_000 && updated_at >= created_at);
  assert.deepEqual(channel, {
    channel_id,
    channel_name: 'Web',
    description: 'the web',
    status: 'enabled',
    account_id: 10_000_000_000_001,
    team_id,
    team_name: 'Web team',
    managing_team_ids: [team_id],
    creator_id: api.memberIds.admin,
    creator_name: 'Ada',
    group: {
      method: 'p',
      equals: [['labels.service'], ['title', 'severity']],
      cases: [],
      all_equals_required: false,
      time_window: 30,
      window_type: 'tumbling',
      storm_threshold: 9,
      storm_thresholds: [9],
    },
    flapping: { is_disabled: false, max_changes: 4, in_mins: 60, mute_mins: 120 },
    auto_resolve_timeout: 3600,
    auto_resolve_mode: 'trigger',
    is_private: false,
    disable_outlier_detection: false,
    disable_auto_close: true,
    is_external_report_enabled: false,
    is_starred: false,
    progress_to_incident_cnts: { Triggered: 0, Processing: 0 },
    active_incident_highest_severity: '',
    last_incident_at: 0,
    deleted_at: 0,
  });
  await api.data('/channel/update', { channel_id, auto_resolve_timeout: 0, team_id: 0 });
  const { created_at: _made, updated_at: _changed, ...after } = await api.data('/channel/info', { channel_id });
  assert.deepEqual(after, { ...channel, auto_resolve_timeout: 0, team_id: 0, team_name: '' });
});

test('what a channel shows can be sent back', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const shown = await api.data('/channel/info', { channel_id });
  await api.data('/channel/update', shown);
  const { updated_at: _before, ...before } = shown;
  const { updated_at: _after, ...after } = await api.data('/channel/info', { channel_id });
  assert.deepEqual(after, before);
});

test('channels are searched, ordered, narrowed and paged', async () => {
  await using api = await startTestServer();
  const { team_id } = await api.data('/team/upsert', { team_name: 'Mine', person_ids: [api.memberIds.viewer] });
  const ids = new Map<string, number>();
  for (const name of ['Web', 'DB', 'Net']) {
    const team = name === 'DB' ? { team_id, managing_team_ids: [team_id] } : {};
    ids.set(
      name,
      (await api.data('/channel/create', { channel_name: name, description: `of ${name}`, ...team })).channel_id,
    );
  }
  const names = async (body: object) =>
    (await api.data('/channel/list', body, 'viewer')).items.map((one) => one.channel_name);
  assert.deepEqual(await names({}), ['Web', 'DB', 'Net']);
  assert.deepEqual(await names({ orderby: 'channel_name', asc: true }), ['DB', 'Net', 'Web']);
  assert.deepEqual(await names({ query: 'OF d' }), ['DB']);
  assert.deepEqual(await names({ channel_name: 'Net' }), ['Net']);
  assert.deepEqual(await names({ channel_ids: [ids.get('Web'), 7] }), ['Web']);
  assert.deepEqual(await names({ team_ids: [team_id] }), ['DB']);
  assert.deepEqual(await names({ is_my_team: true }), ['DB']);
  assert.deepEqual(await names({ is_my_managed: true }), ['DB']);
  assert.deepEqual(await names({ is_my_starred: true }), []);
  const page = await api.data('/channel/list', { p: 1, limit: 2 });
  assert.deepEqual([page.total, page.has_next_page, page.items.length], [3, true, 2]);
  assert.equal((await api.data('/channel/list', { p: 2, limit: 2 })).has_next_page, false);
  const brief = await api.data('/channel/list', { is_brief: true, limit: 1, query: 'Web' });
  assert.deepEqual(brief.items, [
    { channel_id: ids.get('Web'), channel_name: 'Web', description: 'of Web', status: 'enabled' },
  ]);
});

test('a channel is disabled, enabled and deleted, once nothing sends into it', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const { integration_id } = await api.data('/integration/create', { name: 'prom', type: 'prometheus', channel_id });
  await api.data('/channel/disable', { channel_id });
  const infos = await api.data('/channel/infos', { channel_ids: [channel_id, 7] });
  assert.deepEqual(infos.items, [{ channel_id, channel_name: 'Web', status: 'disabled' }]);
  await api.data('/channel/enable', { channel_id });
  const refused = await api.call('/channel/delete', { channel_id });
  assert.deepEqual([refused.status, refused.body.error?.code], [400, 'ReferenceExist']);
  await api.data('/integration/delete', { integration_id });
  await api.data('/channel/delete', { channel_id });
  assert.equal((await api.call('/channel/info', { channel_id })).body.error?.code, 'ResourceNotFound');
  assert.deepEqual((await api.data('/channel/list')).items, []);
});

test('the key of an integration is shown to administrators, and masked for everybody else', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const made = await api.data('/integration/create', { name: 'prom', type: 'prometheus', channel_id });
  const { integration_id, integration_key } = made;
  const path = 'https://tocsin.example.org/event/push/alert/prometheus?integration_key=';
  assert.equal(made.push_url, path + integration_key);
  const open = await api.data('/integration/info', { integration_id });
  assert.deepEqual([open.integration_key, open.push_url], [integration_key, path + integration_key]);
  assert.deepEqual([open.channel_name, open.last_event_at, open.status], ['Web', 0, 'enabled']);
  for (const role of ['viewer', 'responder'] as const) {
    const listed = await api.data('/integration/list', {}, role);
    const info = await api.data('/integration/info', { integration_id }, role);
    assert.ok(!JSON.stringify([listed, info]).includes(integration_key), role);
    assert.equal(info.push_url, `${path}••••${integration_key.slice(-4)}`);
  }
});

test('integrations are narrowed, and an update changes only what is sent', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const { integration_id } = await api.data('/integration/create', { name: 'prom', type: 'prometheus', channel_id });
  await api.data('/integration/create', { name: 'any', type: 'standard', channel_id: 0 });
  const names = async (body: object) => (await api.data('/integration/list', body)).items.map((one) => one.name);
  assert.deepEqual(await names({}), ['prom', 'any']);
  assert.deepEqual(await names({ type: 'standard' }), ['any']);
  assert.deepEqual(await names({ channel_id }), ['prom']);
  assert.deepEqual(await names({ query: 'PRO' }), ['prom']);
  await api.data('/integration/update', { integration_id, status: 'disabled', description: 'off' });
  assert.deepEqual(await names({ status: 'disabled' }), ['prom']);
  const after = await api.data('/integration/info', { integration_id });
  assert.deepEqual([after.name, after.channel_id, after.description], ['prom', channel_id, 'off']);
});

test('a channel is made with its first escalation rule, or not at all', async () => {
  await using api = await startTestServer();
  const target = { person_ids: [api.memberIds.responder], by: {}, webhooks: [] };
  const made = await api.data('/channel/create', { channel_name: 'Night', escalate_rule: { target, aggr_window: 30 } });
  const { items } = (await api.data('/channel/escalate/rule/list', { channel_id: made.channel_id })) as unknown as {
    items: { rule_name: string; aggr_window: number; layers: { target: { person_ids: number[] } }[] }[];
  };
  assert.deepEqual(
    items.map((rule) => [rule.rule_name, rule.aggr_window, rule.layers.map((layer) => layer.target.person_ids)]),
    [['Night', 30, [[api.memberIds.responder]]]],
  );
  const nobody = { target: { person_ids: [1] } };
  assert.equal((await api.call('/channel/create', { channel_name: 'Void', escalate_rule: nobody })).status, 400);
  const { items: channels } = (await api.data('/channel/list', { query: 'Void' })) as unknown as { items: unknown[] };
  assert.deepEqual(channels, []);
  await api.data('/channel/create', {
    channel_name: 'Shells',
    group: {},
    flapping: {},
    escalate_rule: { target: { by: {} } },
  });
});
