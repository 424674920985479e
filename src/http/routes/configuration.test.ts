import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConfiguredServer, type ConfiguredServer } from '../../../test/support/configured-server.ts';
import { openApi } from '../openapi.ts';
import { configurationRoutes } from './index.ts';

test('all of it can be described', async () => {
  await using api = await startConfiguredServer();
  const routes = configurationRoutes(api.node.services);
  const description = openApi({ version: '0', publicUrl: '', routes, pushes: [] });
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
      ['escalate_rule', { ...channel, escalate_rule: {} }],
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
      ['limit', { limit: 0 }],
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
  test(`${path} takes what is at its limits and names the field that is past one`, async () => {
    for (const body of good) {
      await using api = await startConfiguredServer();
      const answer = await api.call(path, body);
      assert.equal(answer.status, 200, `${JSON.stringify(body).slice(0, 200)}: ${answer.body.error?.message}`);
    }
    await using api = await startConfiguredServer();
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
  await using api = await startConfiguredServer();
  assert.match(
    await refusal(api, { filter: [[]], body_template: {} }),
    /filter: .*not supported yet.*; body_template: .*not supported yet/,
  );
});

async function refusal(api: ConfiguredServer, changes: object): Promise<string> {
  return (await api.call('/webhook/create', { ...hook, ...changes })).body.error?.message ?? '';
}
