import type { Json } from './schemas.ts';

/** A small valid body of an operation: its required fields, and those that only a person would think of. */
export function exampleOf(path: string, request: Json): Json {
  return { ...required(request), ...additions[path] };
}

const incidentId = '6a1f00c2d4e5f60718293a4b';
const window = { start_time: 1_780_000_000, end_time: 1_780_086_400 };
const milliseconds = { start_time: 1_780_000_000_000, end_time: 1_780_086_400_000 };
const isWeb = { key: 'labels.service', oper: 'IN', vals: ['web'] };
const responderIds = { assigned_to: { person_ids: [5001], type: 'assign' } };

/** For operations that need one of several fields, or fields that fit each other. */
const additions: Readonly<Record<string, Json>> = {
  '/incident/info': { incident_id: incidentId },
  '/incident/reset': { title: 'Web tier out of CPU', impact: 'Pages load slowly.' },
  '/incident/assign': { incident_ids: [incidentId], ...responderIds },
  '/incident/list': { ...window, progress: 'Triggered,Processing' },
  '/incident/create': { title: 'Checkout is down', channel_id: 2001, ...responderIds },
  '/incident/field/reset': { field_name: 'priority', field_value: 'P1' },
  '/incident/stats': { progress: 'Triggered,Processing' },
  '/alert/list': { ...window, is_active: true },
  '/audit/search': window,
  '/webhook/history/list': { ...milliseconds, status: 'failed' },
  '/webhook/history/summary': { ref_ids: [incidentId] },
  '/webhook/stats': { ...milliseconds, step_seconds: 3600 },
  '/webhook/create': { name: 'Tickets', headers: { 'X-Team': 'web' }, event_types: ['i_new', 'i_rslv'] },
  '/webhook/update': { timeout_ms: 2000 },
  '/webhook/test': { integration_id: 4001, event_type: 'i_new' },
  '/webhook/explain': { event_id: '3f0c1d5e8a7b4c2990aa11bb22cc33dd' },
  '/webhook/preview': { integration_id: 4001, event_type: 'i_new' },
  '/webhook/rehearse': { type: 'incident', channel_ids: [2001], ...milliseconds },
  '/webhook/replay': { ...milliseconds, states: ['failed', 'unknown'], order_policy: 'latest', dry_run: true },
  '/channel/update': { description: 'Everything that serves pages.' },
  '/field/create': { field_name: 'priority', field_type: 'single_select', options: ['P1', 'P2'] },
  '/team/info': { team_id: 1001 },
  '/team/delete': { team_id: 1001 },
  '/route/upsert': { cases: [{ if: [isWeb], channel_ids: [2001] }], default: { channel_ids: [2002] } },
  '/session/create': { email: 'ada@example.org', password: 'four pears and a bicycle' },
  '/session/revoke': { all_others: true },
  '/member/delete': { member_id: 5001 },
  '/member/info/reset': { member_name: 'Ada Lovelace', locale: 'en-GB', time_zone: 'Europe/London' },
  '/member/invite': { members: [{ email: 'grace@example.org', role_ids: [2] }] },
};

/** Example values by field name; names mean the same all over the API. */
const values: Readonly<Record<string, unknown>> = {
  name: 'Web',
  title: 'Web tier out of CPU',
  endpoint: 'https://tickets.example.org/hook',
  comment: 'the cleanup job runs',
  email: 'grace@example.org',
  channel_name: 'Web',
  team_name: 'Web',
  key_name: 'automation',
  rule_name: 'At night',
  field_name: 'priority',
  key: 'labels.service',
  channel_id: 2001,
  integration_id: 3001,
  member_id: 5001,
  team_id: 1001,
  person_ids: [5001],
  minutes: 120,
  equals: ['labels.service'],
  event_id: '3f0c1d5e8a7b4c2990aa11bb22cc33dd',
  filters: [[isWeb]],
  source_filters: [[isWeb]],
  target_filters: [[isWeb]],
  target: { person_ids: [5001] },
  field_mapping: { title: '{{name}}', event_status: '{{state}}' },
};

function required(schema: Json): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const names = (schema['required'] ?? []) as string[];
  return Object.fromEntries(names.map((name) => [name, valueOf(name, properties[name] ?? {})]));
}

function valueOf(name: string, schema: Json): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (schema['const'] !== undefined) return schema['const'];
  if (values[name] !== undefined) return values[name];
  if (Array.isArray(schema['anyOf'])) return valueOf(name, schema['anyOf'][0] as Json);
  if (schema['type'] === 'array') return [valueOf(name, (schema['items'] ?? {}) as Json)];
  if (schema['type'] === 'object') return required(schema);
  if (schema['type'] === 'boolean') return true;
  if (schema['type'] === 'string') return /24/.test(String(schema['pattern'])) ? incidentId : 'text';
  return schema['minimum'] ?? 1;
}
