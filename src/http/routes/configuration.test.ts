import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer, type StaffedServer } from '../../../test/support/test-server.ts';
import { openApi } from '../openapi/document.ts';
import { configurationRoutes } from './index.ts';

test('all of it can be described', async () => {
  await using api = await startTestServer();
  const routes = configurationRoutes(api.service.services);
  const description = await openApi({ version: '0', publicUrl: '', routes, pushes: [] });
  for (const { path } of routes) assert.ok(Object.hasOwn(description['paths'] ?? {}, path), path);
});

const url = 'https://example.com/hook';
const text = (length: number) => 'x'.repeat(length);
const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);
const channel = { channel_name: 'Web' };
const group = (changes: object) => ({ ...channel, group: { method: 'p', ...changes } });
const critical = { key: 'severity', oper: 'IN', vals: ['Critical'] };
const source = { name: 'prom', type: 'prometheus', channel_id: 0 };
const hook = { type: 'incident', name: 'Tickets', endpoint: url };
const team = { team_name: 'Web' };
const guest = { email: 'guest@example.org' };
const guests = (length: number) => numbers(length).map((index) => ({ email: `guest${index}@example.org` }));

/** Bodies at the edge of each limit, and just past it with the field that is then named. */
const edges: readonly {
  path: string;
  good: readonly object[];
  bad: readonly (readonly [field: string, body: object])[];
}[] = [
  {
    path: '/member/invite',
    good: [
      { members: [{ ...guest, member_name: 'Al' }] },
      { members: [{ ...guest, member_name: text(39), role_ids: [1, 2, 3], country_code: 'DE', phone: '+49 30 1234' }] },
      { members: guests(20) },
    ],
    bad: [
      ['members', { members: [] }],
      ['members', { members: guests(21) }],
      ['members[0].member_name', { members: [{ ...guest, member_name: 'A' }] }],
      ['members[0].member_name', { members: [{ ...guest, member_name: text(40) }] }],
      ['members[0].email', { members: [{ email: 'nobody' }] }],
      ['members[0].email', { members: [{}] }],
      ['members[0].role_ids[0]', { members: [{ ...guest, role_ids: [4] }] }],
    ],
  },
  {
    path: '/team/upsert',
    good: [
      { team_name: 'T' },
      { team_name: text(39), description: text(500) },
      { ...team, team_id: 0, person_ids: [] },
    ],
    bad: [
      ['team_name', {}],
      ['team_name', { team_name: '  ' }],
      ['team_name', { team_name: text(40) }],
      ['description', { ...team, description: text(501) }],
      ['person_ids[0]', { ...team, person_ids: [7] }],
    ],
  },
  {
    path: '/team/info',
    good: [],
    bad: [
      ['', {}],
      ['', { team_id: 1, team_name: 'T' }],
    ],
  },
  {
    path: '/person/app-key/create',
    good: [{ key_name: text(59) }, { key_name: 'k', is_enabled: false }],
    bad: [
      ['key_name', {}],
      ['key_name', { key_name: text(60) }],
      ['is_enabled', { key_name: 'k', is_enabled: 'no' }],
    ],
  },
  {
    path: '/channel/create',
    good: [
      { channel_name: text(59), description: text(500), team_id: 0 },
      { ...channel, auto_resolve_timeout: 2_592_000, auto_resolve_mode: 'update', escalate_rule: null, plugin_ids: [] },
      { ...channel, is_private: false, is_external_report_enabled: false, flapping: { max_changes: 2 } },
      group({
        equals: Array.from({ length: 5 }, () => ['title', 'labels.a', 'severity', 'description', 'labels.b.c']),
      }),
      group({ cases: Array.from({ length: 100 }, () => ({ if: [critical], equals: ['title'] })) }),
      group({ method: 'i', i_keys: Array.from({ length: 10 }, () => 'labels.a'), i_score_threshold: 0.5 }),
      group({ method: 'i', i_score_threshold: 1 }),
      group({ time_window: 1440, window_type: 'sliding', storm_thresholds: [2, 10_000, 3, 4, 5], cases: [] }),
    ],
    bad: [
      ['channel_name', {}],
      ['channel_name', { channel_name: text(60) }],
      ['description', { ...channel, description: text(501) }],
      ['team_id', { ...channel, team_id: 7 }],
      ['managing_team_ids', { ...channel, managing_team_ids: [1, 2, 3, 4] }],
      ['auto_resolve_timeout', { ...channel, auto_resolve_timeout: 2_592_001 }],
      ['auto_resolve_timeout', { ...channel, auto_resolve_timeout: -1 }],
      ['auto_resolve_mode', { ...channel, auto_resolve_mode: 'never' }],
      ['is_private', { ...channel, is_private: true }],
      ['is_external_report_enabled', { ...channel, is_external_report_enabled: true }],
      ['escalate_rule.target', { ...channel, escalate_rule: { aggr_window: 60 } }],
      ['plugin_ids', { ...channel, plugin_ids: [1] }],
      ['flapping.max_changes', { ...channel, flapping: { max_changes: 101 } }],
      ['group.method', group({ method: 'x' })],
      ['group.cases[0].if', group({ cases: [{ equals: ['title'] }] })],
      ['group.cases[0].if', group({ cases: [{ if: [], equals: ['title'] }] })],
      ['group.cases[0].if[0].vals[0]', group({ cases: [{ if: [{ ...critical, vals: ['/(/'] }], equals: ['title'] }] })],
      ['group.cases[0].equals', group({ cases: [{ if: [critical], equals: [] }] })],
      ['group.cases', group({ cases: Array.from({ length: 101 }, () => ({ if: [critical], equals: ['title'] })) })],
      ['group.i_keys', group({ method: 'i', i_keys: Array.from({ length: 11 }, () => 'title') })],
      ['group.i_score_threshold', group({ method: 'i', i_score_threshold: 0.49 })],
      ['group.i_score_threshold', group({ method: 'i', i_score_threshold: 1.01 })],
      ['group.equals', group({ equals: Array.from({ length: 6 }, () => ['title']) })],
      ['group.equals[0]', group({ equals: [[]] })],
      ['group.equals[0]', group({ equals: [Array.from({ length: 6 }, () => 'title')] })],
      ['group.equals[0][0]', group({ equals: [['colour']] })],
      ['group.time_window', group({ time_window: 1441 })],
      ['group.storm_thresholds', group({ storm_thresholds: [2, 3, 4, 5, 6, 7] })],
      ['group.storm_thresholds[0]', group({ storm_thresholds: [1] })],
    ],
  },
  {
    path: '/channel/list',
    good: [{ limit: 1 }, { limit: 100, p: 100 }, { is_brief: true }, { channel_ids: numbers(1000) }],
    bad: [
      ['limit', { limit: -1 }],
      ['limit', { limit: 101 }],
      ['limit', { limit: '10' }],
      ['p', { p: 101 }],
      ['orderby', { orderby: 'luck' }],
    ],
  },
  {
    path: '/channel/infos',
    good: [{ channel_ids: [] }, { channel_ids: numbers(1000) }],
    bad: [['channel_ids', { channel_ids: numbers(1001) }]],
  },
  {
    path: '/integration/create',
    good: [
      { ...source, name: text(59), description: text(500), integration_key: text(16) },
      { ...source, integration_key: text(128), ref_id: text(128) },
      {
        ...source,
        severity_mapping: { [text(64)]: 'Ok', '2': 'Critical' },
        title_rule: text(512),
        console_url: 'http://n9e/',
      },
      { ...source, severity_mapping: {}, title_rule: '', console_url: '', field_mapping: {}, value_mapping: {} },
      {
        ...source,
        type: 'standard',
        field_mapping: { title: '{{a.b}}', event_status: '{{s}}', labels: { x: '{{y}}' }, images: [{ src: '{{z}}' }] },
        value_mapping: { s: { '1': 'Critical', '0': 'Ok' } },
      },
    ],
    bad: [
      ['name', { ...source, name: '' }],
      ['name', { ...source, name: text(60) }],
      ['type', { ...source, type: 'smoke' }],
      ['channel_id', { name: 'a', type: 'n9e' }],
      ['channel_id', { ...source, channel_id: 7 }],
      ['integration_key', { ...source, integration_key: text(15) }],
      ['integration_key', { ...source, integration_key: text(129) }],
      ['integration_key', { ...source, integration_key: `${text(16)}&` }],
      ['severity_mapping.page', { ...source, severity_mapping: { page: 'Fatal' } }],
      [`severity_mapping.${text(65)}`, { ...source, severity_mapping: { [text(65)]: 'Info' } }],
      [
        'severity_mapping',
        { ...source, severity_mapping: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`w${i}`, 'Info'])) },
      ],
      ['title_rule', { ...source, title_rule: text(513) }],
      ['field_mapping', { ...source, type: 'n9e', field_mapping: { title: 't', event_status: 'Info' } }],
      ['field_mapping', { ...source, type: 'standard', field_mapping: { title: 't' } }],
      ['field_mapping', { ...source, type: 'standard', field_mapping: { event_status: 'Info' } }],
      [
        'field_mapping',
        { ...source, type: 'standard', field_mapping: { title: '{{a}}'.repeat(51), event_status: 'Info' } },
      ],
      ['field_mapping', { ...source, type: 'standard', field_mapping: { title: text(16_384), event_status: 'Info' } }],
      ['field_mapping', { ...source, type: 'standard', field_mapping: { title: '{{ }}', event_status: 'Info' } }],
      ['field_mapping.titel', { ...source, type: 'standard', field_mapping: { titel: 't' } }],
      ['value_mapping.s.a', { ...source, value_mapping: { s: { a: null } } }],
      ['console_url', { ...source, console_url: 'javascript:alert(1)' }],
      ['console_url', { ...source, console_url: `https://${text(500)}` }],
    ],
  },
  {
    path: '/webhook/create',
    good: [
      { ...hook, name: text(59), description: text(500), timeout_ms: 100, max_in_flight: 1 },
      {
        ...hook,
        timeout_ms: 30_000,
        max_in_flight: 64,
        delivery_mode: 'at_most_once',
        event_types: ['i_new', 'i_custom'],
      },
      { ...hook, type: 'alert', event_types: ['a_new', 'a_close'], filter: null, body_template: null },
      { ...hook, headers: Object.fromEntries(numbers(32).map((index) => [`X-${index}`, 'v'])) },
      { ...hook, type: 'custom_action', signing: false, tls_verify: false },
    ],
    bad: [
      ['type', { ...hook, type: 'mail' }],
      ['name', { ...hook, name: text(60) }],
      ['name', { ...hook, name: ' ' }],
      ['description', { ...hook, description: text(501) }],
      ['endpoint', { ...hook, endpoint: 'gopher://example.com' }],
      ['endpoint', { ...hook, endpoint: `${url}?${text(2048)}` }],
      ['endpoint', { ...hook, endpoint: 'https://refused.example/' }],
      ['endpoint', { ...hook, endpoint: 'https://tocsin.example.org/' }],
      ['headers', { ...hook, headers: { 'X-A': '1', 'x-a': '2' } }],
      ['headers["Host"]', { ...hook, headers: { Host: 'h' } }],
      ['headers', { ...hook, headers: Object.fromEntries(numbers(33).map((index) => [`X-${index}`, 'v'])) }],
      ['channel_ids', { ...hook, channel_ids: [7] }],
      ['team_id', { ...hook, team_id: 7 }],
      ['event_types', { ...hook, event_types: ['a_new'] }],
      ['event_types', { ...hook, type: 'alert', event_types: ['i_new'] }],
      ['event_types', { ...hook, type: 'custom_action', event_types: ['i_new'] }],
      ['timeout_ms', { ...hook, timeout_ms: 99 }],
      ['timeout_ms', { ...hook, timeout_ms: 30_001 }],
      ['max_in_flight', { ...hook, max_in_flight: 0 }],
      ['max_in_flight', { ...hook, max_in_flight: 65 }],
      ['secret', { ...hook, secret: 'whsec_dG9vIHNob3J0' }],
      ['delivery_mode', { ...hook, delivery_mode: 'exactly_once' }],
      ['filter', { ...hook, filter: [] }],
      ['body_template', { ...hook, body_template: {} }],
      ['value_mapping', { ...hook, value_mapping: {} }],
      ['order_policy', { ...hook, order_policy: 'latest' }],
      ['retry.max_attempts', { ...hook, retry: { max_attempts: 2 } }],
      ['retry.max_attempts', { ...hook, delivery_mode: 'at_least_once', retry: { max_attempts: 101 } }],
      ['retry.max_age_seconds', { ...hook, retry: { max_age_seconds: 1_209_601 } }],
      ['unsent_retry_seconds', { ...hook, unsent_retry_seconds: 61 }],
      ['unsent_retry_seconds', { ...hook, unsent_retry_seconds: -1 }],
      ['rate_limit_per_second', { ...hook, rate_limit_per_second: 10_001 }],
    ],
  },
  {
    path: '/webhook/secret/rotate',
    good: [],
    bad: [
      ['overlap_seconds', { integration_id: 1, overlap_seconds: 604_801 }],
      ['integration_id', {}],
    ],
  },
];

for (const { path, good, bad } of edges) {
  test(`${path} accepts its limits and names the field beyond one`, async () => {
    for (const body of good) {
      await using api = await startTestServer();
      const answer = await api.call(path, body);
      assert.equal(answer.status, 200, `${JSON.stringify(body).slice(0, 200)}: ${answer.body.error?.message}`);
    }
    await using api = await startTestServer();
    for (const [field, body] of bad) {
      const shown = JSON.stringify(body).slice(0, 200);
      const { status, body: answer } = await api.call(path, body);
      assert.deepEqual([status, answer.error?.code], [400, 'InvalidParameter'], shown);
      const faults = (answer.error?.faults ?? []) as { field: string; message: string }[];
      assert.ok(
        faults.some((fault) => fault.field === field),
        `${shown}: ${JSON.stringify(faults)}`,
      );
    }
  });
}

test('a field that is not honoured yet is refused in words that say so', async () => {
  await using api = await startTestServer();
  assert.match(
    await refusal(api, { filter: [[]], body_template: {} }),
    /filter: .*not supported yet.*; body_template: .*not supported yet/,
  );
});

async function refusal(api: StaffedServer, changes: object): Promise<string> {
  return (await api.call('/webhook/create', { ...hook, ...changes })).body.error?.message ?? '';
}

test('faults of form and of rule come in one answer', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', channel);
  await api.data('/team/upsert', team);
  await api.data('/field/create', { field_name: 'env', field_type: 'text' });
  const layers = [{ target: { emails: ['a@example.org'] } }];
  const rule = { channel_id, rule_name: 'first', layers };
  const { rule_id } = await api.data('/channel/escalate/rule/create', rule);
  await api.data('/channel/escalate/rule/create', { ...rule, rule_name: 'second' });
  const other = await api.data('/channel/create', { channel_name: 'Mail' });
  const rows: readonly [path: string, body: object, fields: string[]][] = [
    ['/channel/create', { ...channel, team_id: 7, description: 7 }, ['channel_name', 'description', 'team_id']],
    [
      '/channel/update',
      { channel_id: other['channel_id'], ...channel, auto_resolve_timeout: -1 },
      ['auto_resolve_timeout', 'channel_name'],
    ],
    ['/team/upsert', { ...team, person_ids: [7], description: 7 }, ['description', 'person_ids[0]', 'team_name']],
    ['/team/upsert', { team_id: 0, team_name: 'Other', emails: ['x@example.org'], ref_id: 7 }, ['emails[0]', 'ref_id']],
    [
      '/field/create',
      { field_name: 'env', field_type: 'text', options: ['a'], description: 7 },
      ['description', 'field_name', 'options'],
    ],
    ['/channel/escalate/rule/create', { ...rule, aggr_window: 'soon' }, ['aggr_window', 'rule_name']],
    [
      '/channel/escalate/rule/update',
      { channel_id, rule_id, rule_name: 'second', time_zone: 'Mars', priority: -1 },
      ['priority', 'rule_name', 'time_zone'],
    ],
  ];
  for (const [path, body, fields] of rows) {
    const { body: answer } = await api.call(path, body);
    const named = ((answer.error?.faults ?? []) as { field: string }[]).map(({ field }) => field);
    assert.deepEqual(named.toSorted(), fields, `${path} ${JSON.stringify(answer.error)}`);
  }
});

test('lists that are held in memory page by a cursor too', async () => {
  await using api = await startTestServer();
  for (const name of ['a', 'b', 'c']) {
    await api.data('/team/upsert', { team_name: name });
    await api.data('/channel/create', { channel_name: name });
    await api.data('/member/invite', { members: [{ email: `${name}${name}@example.org` }] });
    await api.data('/integration/create', { ...source, name });
    await api.data('/webhook/create', { ...hook, name });
  }
  for (const path of ['/team/list', '/channel/list', '/member/list', '/integration/list', '/webhook/list']) {
    const seen: unknown[] = [];
    let search_after_ctx: unknown = null;
    do {
      const page = await api.data<{ items: object[]; search_after_ctx?: string }>(path, { limit: 2, search_after_ctx });
      seen.push(...page.items.map((one) => JSON.stringify(one)));
      search_after_ctx = page.search_after_ctx;
    } while (search_after_ctx !== undefined);
    const whole = await api.data<{ items: object[] }>(path, { limit: 100 });
    assert.deepEqual(
      seen,
      whole.items.map((one) => JSON.stringify(one)),
      path,
    );
    const { body } = await api.call(path, { search_after_ctx: 'x' });
    assert.match(body.error?.message ?? '', /^search_after_ctx: invalid cursor/);
  }
});
