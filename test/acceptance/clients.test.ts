import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fixture } from '../../src/ingestion/formats/fixtures/fixture.ts';
import { pushOf, startTestApp, type TestApp } from '../support/test-app.ts';
import type { Json } from '../support/service.ts';

/*
 * The requests of the public clients, as they make them: the key in the query, fields left out when empty
 * and fields of later versions there, null cursors. They are Go programs: what they decode may lack a field or have more
 * of them, but a field of another type fails the whole answer.
 */

/** A Go type: of a scalar, of a list's items, or of an object's fields. */
type GoType = 'string' | 'int' | 'float' | 'bool' | 'any' | readonly [GoType] | { readonly [field: string]: GoType };

const incident: GoType = {
  incident_id: 'string',
  num: 'string',
  title: 'string',
  description: 'string',
  incident_severity: 'string',
  incident_status: 'string',
  progress: 'string',
  channel_id: 'int',
  channel_name: 'string',
  start_time: 'int',
  last_time: 'int',
  end_time: 'int',
  ack_time: 'int',
  close_time: 'int',
  snoozed_before: 'int',
  creator_id: 'int',
  closer_id: 'int',
  owner_id: 'int',
  impact: 'string',
  root_cause: 'string',
  resolution: 'string',
  alert_cnt: 'int',
  created_at: 'int',
  updated_at: 'int',
  labels: 'any',
  fields: 'any',
  responders: [{ person_id: 'int', person_name: 'string', assigned_at: 'int', acknowledged_at: 'int' }],
  assigned_to: { type: 'string', person_ids: ['int'], escalate_rule_id: 'string', layer_idx: 'int' },
};
const alert: GoType = {
  alert_id: 'string',
  title: 'string',
  alert_key: 'string',
  alert_severity: 'string',
  alert_status: 'string',
  start_time: 'int',
  last_time: 'int',
  end_time: 'int',
  event_cnt: 'int',
  labels: 'any',
  incident: { incident_id: 'string', title: 'string', progress: 'string' },
};
const filter: GoType = { key: 'string', oper: 'string', vals: ['string'] };
const channel: GoType = {
  channel_id: 'int',
  channel_name: 'string',
  description: 'string',
  team_id: 'int',
  managing_team_ids: ['int'],
  auto_resolve_timeout: 'int',
  auto_resolve_mode: 'string',
  is_private: 'bool',
  disable_outlier_detection: 'bool',
  disable_auto_close: 'bool',
  group: {
    method: 'string',
    cases: [{ if: [filter], equals: ['string'] }],
    equals: [['string']],
    all_equals_required: 'bool',
    time_window: 'int',
    i_keys: ['string'],
    i_score_threshold: 'float',
    storm_thresholds: ['int'],
  },
  flapping: { is_disabled: 'bool', max_changes: 'int', in_mins: 'int', mute_mins: 'int' },
  status: 'string',
  created_at: 'int',
  updated_at: 'int',
};
const team: GoType = {
  team_id: 'int',
  team_name: 'string',
  description: 'string',
  ref_id: 'string',
  person_ids: ['int'],
  creator_id: 'int',
  created_at: 'int',
  updated_at: 'int',
  updated_by: 'int',
  updated_by_name: 'string',
};
const field: GoType = {
  field_id: 'string',
  account_id: 'int',
  field_name: 'string',
  display_name: 'string',
  description: 'string',
  field_type: 'string',
  value_type: 'string',
  options: ['any'],
  status: 'string',
  creator_id: 'int',
  updated_by: 'int',
  created_at: 'int',
  updated_at: 'int',
};
const feedItem: GoType = {
  ref_id: 'string',
  type: 'string',
  detail: 'any',
  account_id: 'int',
  creator_id: 'int',
  created_at: 'int',
  updated_at: 'int',
};
const rule: GoType = {
  rule_id: 'string',
  rule_name: 'string',
  channel_id: 'int',
  description: 'string',
  template_id: 'string',
  aggr_window: 'int',
  priority: 'int',
  layers: [
    {
      max_times: 'int',
      notify_step: 'float',
      escalate_window: 'int',
      force_escalate: 'bool',
      target: { person_ids: ['int'], team_ids: ['int'], emails: ['string'], by: { follow_preference: 'bool' } },
    },
  ],
  time_filters: [{ start: 'string', end: 'string', repeat: ['int'], cal_id: 'string', is_off: 'bool' }],
  filters: [[filter]],
  status: 'string',
};

/** What keeps a Go program from decoding the value; null and what is absent become the type's zero. */
function undecodable(value: unknown, type: GoType, path = 'data'): string[] {
  if (value === undefined || value === null || type === 'any') return [];
  if (type === 'int') return Number.isSafeInteger(value) ? [] : [`${path} is no integer`];
  if (type === 'float') return typeof value === 'number' ? [] : [`${path} is no number`];
  if (type === 'bool') return typeof value === 'boolean' ? [] : [`${path} is no bool`];
  if (type === 'string') return typeof value === 'string' ? [] : [`${path} is no string`];
  if (isList(type)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, index) => undecodable(item, type[0], `${path}[${index}]`));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return [`${path} is no object`];
  return Object.entries(type).flatMap(([name, of]) => undecodable((value as Json)[name], of, `${path}.${name}`));
}

function isList(type: GoType): type is readonly [GoType] {
  return Array.isArray(type);
}

let scene: TestApp;

before(async () => {
  scene = await startTestApp();
});
after(() => scene.stop());

async function send(path: string, body: unknown) {
  const answer = await fetch(`${scene.service.url}${path}?app_key=${scene.service.appKey}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'client/1.0' },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    requestId: answer.headers.get('flashcat-request-id'),
    body: (await answer.json()) as Json,
  };
}

/** @returns the data, of which these fields must be there and be decodable. */
async function call(
  path: string,
  body: unknown,
  type: Readonly<Record<string, GoType>> = {},
  ...required: string[]
): Promise<Json> {
  const answer = await send(path, body);
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
  assert.ok(!('error' in answer.body), path);
  assert.ok(typeof answer.body['request_id'] === 'string' && answer.body['request_id'] === answer.requestId, path);
  const data = (answer.body['data'] ?? {}) as Json;
  assert.deepEqual(undecodable(data, type), [], path);
  for (const name of required) assert.ok(name in data, `${path} lacks ${name}`);
  return data;
}

const items = (data: Json) => data['items'] as Json[];
const window = () => {
  const now = Math.floor(Date.now() / 1000);
  return { start_time: now - 3600, end_time: now + 60 };
};

test('the Go SDK, and with it the MCP server, works an incident from its opening to its end', async () => {
  const place = await scene.place();
  const me = await call(
    '/member/info',
    {},
    { member_id: 'int', member_name: 'string', account_id: 'int', email: 'string' },
    'member_id',
  );
  const created = await call(
    '/incident/create',
    {
      title: 'checkout is slow',
      incident_severity: 'Warning',
      channel_id: place.channelId,
      description: 'since the release',
      assigned_to: { type: 'assign', person_ids: [me['member_id']] },
    },
    { incident_id: 'string', title: 'string' },
    'incident_id',
    'title',
  );
  const incident_id = String(created['incident_id']);
  const incident_ids = [incident_id];
  const steps: readonly (readonly [path: string, body: Json])[] = [
    ['/incident/ack', { incident_ids }],
    ['/incident/unack', { incident_ids }],
    ['/incident/snooze', { incident_ids, minutes: 60 }],
    ['/incident/wake', { incident_ids }],
    ['/incident/assign', { incident_ids, assigned_to: { type: 'assign', person_ids: [me['member_id']] } }],
    ['/incident/responder/add', { incident_id, person_ids: [me['member_id']], notify: { follow_preference: true } }],
    ['/incident/comment', { incident_ids, comment: 'looking', mute_reply: true, notify: { template_id: 't' } }],
    ['/incident/reset', { incident_id, title: 'checkout fails', impact: 'no orders', incident_severity: 'Critical' }],
    ['/incident/disable-merge', { incident_ids }],
    ['/incident/resolve', { incident_ids }],
    ['/incident/reopen', { incident_ids }],
  ];
  for (const [path, body] of steps) await call(path, body);

  const shown = await call('/incident/info', { incident_id }, incident, 'progress', 'responders', 'channel_name');
  assert.deepEqual(
    [shown['title'], shown['incident_severity'], shown['progress']],
    ['checkout fails', 'Critical', 'Triggered'],
  );
  const listing = { items: [incident], total: 'int', has_next_page: 'bool', search_after_ctx: 'string' } as const;
  const listed = await call(
    '/incident/list',
    {
      p: 1,
      limit: 20,
      ...window(),
      progress: 'Triggered,Processing',
      channel_ids: [place.channelId],
      search_after_ctx: null,
    },
    listing,
    'items',
    'total',
    'has_next_page',
  );
  assert.deepEqual([items(listed).map((one) => one['incident_id']), listed['total']], [[incident_id], 1]);
  const byIds = await call('/incident/list-by-ids', { incident_ids }, listing, 'items');
  assert.equal(items(byIds).length, 1);
  const feed = await call(
    '/incident/feed',
    { incident_id, limit: 20, p: 1, asc: false },
    { items: [feedItem], has_next_page: 'bool' },
    'items',
    'has_next_page',
  );
  const comment = items(feed).find((item) => item['type'] === 'i_comm');
  assert.equal(
    (comment?.['detail'] as Json | undefined)?.['comment'],
    'looking',
    'the command line reads its comment back',
  );
  const past = await call(
    '/incident/past/list',
    { incident_id, p: 1, limit: 5 },
    { items: [incident], total: 'int' },
    'items',
  );
  assert.deepEqual(items(past), []);
  const names = await call(
    '/person/infos',
    { person_ids: [me['member_id'], 1] },
    { items: [{ person_id: 'int', person_name: 'string', email: 'string', as: 'string' }] },
    'items',
  );
  assert.equal(items(names).length, 1, 'ids that are not known are passed over');
  await call('/incident/remove', { incident_ids });
  const gone = await send('/incident/info', { incident_id });
  assert.deepEqual([gone.status, (gone.body['error'] as Json)['code']], [400, 'ResourceNotFound']);
});

test('the Go SDK merges incidents and reads alerts, page by page', async () => {
  const place = await scene.place();
  for (const name of ['one', 'two', 'three']) await place.report({ title: name, alert_key: name });
  const open = { ...window(), channel_ids: [place.channelId], limit: 2, asc: true };
  const page = { items: [incident], total: 'int', has_next_page: 'bool', search_after_ctx: 'string' } as const;
  const first = await call('/incident/list', { ...open, p: 1 }, page, 'search_after_ctx');
  const second = await call('/incident/list', { ...open, search_after_ctx: first['search_after_ctx'] }, page);
  assert.deepEqual([first['has_next_page'], second['has_next_page'], first['total']], [true, false, 3]);
  const [target, ...sources] = [...items(first), ...items(second)].map((one) => one['incident_id']);
  await call('/incident/merge', { source_incident_ids: sources, target_incident_id: target });
  const merged = await call(
    '/incident/alert/list',
    { incident_id: target, p: 1, limit: 20 },
    { items: [alert], total: 'int' },
    'items',
    'total',
  );
  assert.equal(merged['total'], 3);
  const all = await call(
    '/alert/list',
    { ...window(), p: 1, limit: 2, channel_ids: [place.channelId], is_active: true, search_after_ctx: null },
    { items: [alert], total: 'int', has_next_page: 'bool', search_after_ctx: 'string' },
    'items',
    'total',
    'has_next_page',
  );
  assert.deepEqual([items(all).length, all['total'], all['has_next_page']], [2, 3, true]);
  const alert_id = items(all)[0]?.['alert_id'];
  await call('/alert/info', { alert_id }, alert, 'alert_id', 'incident');
  await call(
    '/alert/feed',
    { alert_id, p: 1, limit: 20, asc: false },
    { items: [feedItem], has_next_page: 'bool' },
    'items',
  );
  await call(
    '/alert/event/list',
    { alert_id },
    { items: [{ event_id: 'string', alert_id: 'string', event_severity: 'string', event_time: 'int' }] },
    'items',
  );
});

test('the Terraform provider makes, reads back, changes and deletes what it manages', async () => {
  const name = 'by terraform';
  const { team_id } = await call(
    '/team/upsert',
    { team_name: name, description: '', ref_id: 'tf-1' },
    { team_id: 'int' },
    'team_id',
  );
  assert.equal((await call('/team/info', { team_id }, team))['ref_id'], 'tf-1');
  const teams = { items: [team], p: 'int', limit: 'int', total: 'int' } as const;
  const listed = await call('/team/list', { p: 1, limit: 100, query: name }, teams, 'items', 'p', 'limit', 'total');
  assert.deepEqual([listed['p'], listed['limit'], listed['total']], [1, 100, 1]);

  const made = await call(
    '/channel/create',
    {
      channel_name: name,
      team_id,
      auto_resolve_timeout: 3600,
      auto_resolve_mode: 'trigger',
      is_private: false,
      disable_outlier_detection: false,
      disable_auto_close: false,
      group: { method: 'p', equals: [['labels.service']], time_window: 60, storm_thresholds: [10] },
      flapping: { is_disabled: false, max_changes: 4, in_mins: 60, mute_mins: 120 },
    },
    { channel_id: 'int', channel_name: 'string' },
    'channel_id',
    'channel_name',
  );
  const { channel_id } = made;
  await call('/channel/update', { channel_id, description: 'changed', auto_resolve_timeout: 0, is_private: false });
  const read = await call('/channel/info', { channel_id }, channel);
  assert.deepEqual([read['description'], read['auto_resolve_timeout'], read['team_id']], ['changed', 0, team_id]);
  assert.deepEqual((read['group'] as Json)['equals'], [['labels.service']]);
  await call('/channel/disable', { channel_id });
  await call('/channel/enable', { channel_id });
  const channels = { items: [channel], has_next_page: 'bool', total: 'int' } as const;
  await call('/channel/list', { p: 1, limit: 100, query: name }, channels, 'items', 'has_next_page', 'total');

  const layers = [
    {
      max_times: 1,
      notify_step: 10,
      escalate_window: 30,
      target: { team_ids: [team_id], by: { follow_preference: true } },
    },
  ];
  const escalation = await call(
    '/channel/escalate/rule/create',
    { channel_id, rule_name: name, template_id: '6321aad26c12104586a88916', aggr_window: 0, layers },
    { rule_id: 'string', rule_name: 'string' },
    'rule_id',
  );
  const one = { channel_id, rule_id: escalation['rule_id'] };
  await call('/channel/escalate/rule/info', one, rule, 'layers');
  await call('/channel/escalate/rule/list', { channel_id }, { items: [rule] }, 'items');
  await call('/channel/escalate/rule/disable', one);
  await call('/channel/escalate/rule/delete', one);

  const definition = { field_name: 'tf_env', display_name: 'Env', field_type: 'single_select', value_type: 'string' };
  const { field_id } = await call(
    '/field/create',
    { ...definition, options: ['prod', 'dev'], default_value: 'dev' },
    { field_id: 'string', field_name: 'string' },
    'field_id',
  );
  await call('/field/info', { field_id }, field, 'field_name', 'options');
  await call('/field/update', { field_id, display_name: 'Environment' });
  await call('/field/list', {}, { items: [field] }, 'items');
  await call('/field/delete', { field_id });

  await call('/channel/delete', { channel_id });
  await call('/team/delete', { team_id });
  const gone = await send('/team/info', { team_id });
  assert.deepEqual([gone.status, (gone.body['error'] as Json)['code']], [400, 'ResourceNotFound']);
});

test('a client with a wrong key, and one with a wrong field, learn it from the status and the error', async () => {
  const refused = await fetch(`${scene.service.url}/member/info?app_key=wrong`, { method: 'POST', body: '{}' });
  assert.equal(refused.status, 401);
  const wrong = await send('/incident/snooze', { incident_ids: ['6a1f00c2d4e5f60718293a4b'], minutes: 'sixty' });
  const error = wrong.body['error'] as Json;
  assert.deepEqual([wrong.status, error['code'], typeof error['message']], [400, 'InvalidParameter', 'string']);
});

test('Uptime Kuma, Grafana and Nightingale open their alerts and let them recover', async () => {
  const kuma = fixture('uptime-kuma');
  const grafana = fixture('grafana-unified');
  const [firing] = fixture('n9e-v8') as unknown as Json[];
  const fired = (grafana['alerts'] as Json[]).slice(0, 1);
  const senders: readonly (readonly [type: string, opens: Json | Json[], ends: Json | Json[]])[] = [
    ['standard', kuma['down'] as Json, kuma['up'] as Json],
    [
      'grafana',
      { ...grafana, alerts: fired },
      {
        ...grafana,
        status: 'resolved',
        alerts: fired.map((one) => ({ ...one, status: 'resolved', endsAt: new Date().toISOString() })),
      },
    ],
    ['n9e', [firing ?? {}], [{ ...firing, is_recovered: true }]],
  ];
  for (const [type, opens, ends] of senders) {
    const place = await scene.place();
    const source = { name: type, type, channel_id: place.channelId };
    const key = String((await scene.service.api('/integration/create', source))['integration_key']);
    const [alerts, incidents] = [await place.hook('alert'), await place.hook('incident')];
    for (const body of [opens, ends]) {
      const answer = await scene.service.push(type, key, body);
      assert.equal(answer.status, 200, `${type}: ${answer.body}`);
    }
    const [opened, ended] = (await alerts.pushes(2)).map(pushOf);
    const [begun, resolved] = (await incidents.pushes(2)).map(pushOf);
    const types = [opened, ended, begun, resolved].map((push) => push?.event_type);
    assert.deepEqual(types, ['a_new', 'a_update', 'i_new', 'i_rslv'], type);
    assert.equal(opened?.alert?.['alert_key'], ended?.alert?.['alert_key'], type);
    assert.deepEqual([ended?.alert?.['alert_status'], resolved?.incident?.['progress']], ['Ok', 'Closed'], type);
  }
});
