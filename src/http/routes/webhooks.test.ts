import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trialReport } from '../../../test/support/test-service.ts';
import { startTestServer } from '../../../test/support/test-server.ts';
import { WebhookHealthReader } from '../../delivery/history/webhook-health.ts';
import { alertEventTypes, incidentEventTypes } from '../../events/event-types.ts';
import { samplePush } from '../../webhooks/samples.ts';
import { pushedAlert } from '../schemas/alert.ts';
import { pushedIncident } from '../schemas/incident.ts';

const endpoint = 'https://example.com/hook?a=a';

test('a secret and a header value are shown by no reply but the one that made the secret', async () => {
  await using api = await startTestServer();
  const headers = { Authorization: 'Bearer canary-canary', __proto__x: 'short' };
  const made = await api.data('/webhook/create', { type: 'incident', name: 'Tickets', endpoint, headers });
  assert.match(made.secret, /^whsec_/);
  const { integration_id } = made;
  const shown = await api.data('/webhook/info', { integration_id }, 'viewer');
  const { created_at, updated_at, secret, secrets, ...rest } = shown;
  assert.ok(created_at > 1_600_000_000 && created_at < 100_000_000_000 && updated_at >= created_at);
  assert.match(secret, /^whsec_••••.{4}$/);
  assert.deepEqual(secrets, [{ secret, expires_at: 0 }]);
  assert.deepEqual(rest, {
    integration_id,
    type: 'incident',
    name: 'Tickets',
    endpoint: 'https://example.com/••••',
    description: '',
    team_id: 0,
    status: 'enabled',
    tls_verify: true,
    headers: { Authorization: '••••nary', __proto__x: '••••' },
    channel_ids: [],
    event_types: [],
    timeout_ms: 1000,
    delivery_mode: 'at_most_once',
    order_policy: 'every',
    retry: { max_attempts: 1, max_age_seconds: 3600, on: 'any' },
    unsent_retry_seconds: 10,
    rate_limit_per_second: 0,
    max_in_flight: 32,
    signing: true,
    paused_at: 0,
    paused_by: 0,
    creator_id: api.memberIds.admin,
  });
  assert.equal((await api.data('/webhook/info', { integration_id })).endpoint, endpoint);
  const rotated = await api.data('/webhook/secret/rotate', { integration_id, overlap_seconds: 60 });
  const everything = JSON.stringify([
    await api.data('/webhook/list', {}),
    await api.data('/webhook/info', { integration_id }),
    await api.data('/webhook/update', { integration_id, name: 'Other' }),
  ]);
  for (const hidden of [made.secret, rotated.secret, 'canary-canary']) assert.ok(!everything.includes(hidden));
  assert.equal((await api.data('/webhook/info', { integration_id })).secrets.length, 2);
});

test('a list that is chosen or ordered by health reads the health of each webhook once: a second read has to wait', async (context) => {
  await using api = await startTestServer();
  for (const name of ['one', 'two']) await api.data('/webhook/create', { type: 'incident', name, endpoint });
  const reads = context.mock.method(WebhookHealthReader.prototype, 'of');
  const list = await api.data('/webhook/list', { orderby: 'trouble' });
  assert.deepEqual([list.items.length, reads.mock.callCount()], [2, 2]);
  assert.equal((await api.data('/webhook/list', { state: 'idle' })).items.length, 2);
  assert.equal(reads.mock.callCount(), 4);
  assert.equal((await api.data('/webhook/list', { state: 'failing' })).items.length, 0);
  assert.equal(reads.mock.callCount(), 4);
});

test('webhooks are narrowed by type, status, channel and words', async () => {
  await using api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const other = await api.data('/channel/create', { channel_name: 'DB' });
  const make = (name: string, body: object) => api.data('/webhook/create', { type: 'alert', name, endpoint, ...body });
  await make('all', {});
  const web = await make('web', { channel_ids: [channel_id], type: 'incident', description: 'tickets' });
  await make('db', { channel_ids: [other.channel_id], endpoint: 'https://lake.example.com/' });
  const names = async (body: object) => (await api.data('/webhook/list', body, 'viewer')).items.map((one) => one.name);
  assert.deepEqual(await names({}), ['all', 'web', 'db']);
  assert.deepEqual(await names({ type: 'alert' }), ['all', 'db']);
  assert.deepEqual(await names({ channel_id }), ['all', 'web']);
  assert.deepEqual(await names({ query: 'TICKET' }), ['web']);
  assert.deepEqual(await names({ query: 'lake' }), ['db']);
  await api.data('/webhook/pause', { integration_id: web.integration_id }, 'responder');
  assert.deepEqual(await names({ status: 'paused' }), ['web']);
});

test('the life of a webhook: paused, resumed, disabled with its deliveries, enabled, deleted', async () => {
  await using api = await startTestServer();
  const { integration_id } = await api.data('/webhook/create', { type: 'alert', name: 'Lake', endpoint });
  const status = async () => (await api.data('/webhook/info', { integration_id })).status;
  assert.deepEqual(await api.data('/webhook/pause', { integration_id }, 'responder'), {});
  const { status: now, paused_at, paused_by } = await api.data('/webhook/info', { integration_id }, 'viewer');
  assert.equal(now, 'paused');
  assert.ok(paused_at > 1_600_000_000 && paused_at < 100_000_000_000);
  assert.equal(paused_by, api.memberIds.responder);
  assert.deepEqual(await api.data('/webhook/resume', { integration_id }, 'responder'), {});
  api.service.backlog.waiting = 4;
  assert.deepEqual(await api.data('/webhook/disable', { integration_id }), { cancelled: 4 });
  assert.equal((await api.call('/webhook/resume', { integration_id })).body.error?.code, 'BadRequest');
  assert.deepEqual(await api.data('/webhook/enable', { integration_id }), {});
  assert.equal(await status(), 'enabled');
  assert.deepEqual(await api.data('/webhook/delete', { integration_id }), { cancelled: 4 });
  for (const path of ['info', 'update', 'enable', 'disable', 'pause', 'resume', 'delete', 'test', 'secret/rotate']) {
    const { body } = await api.call(`/webhook/${path}`, { integration_id });
    assert.equal(body.error?.code, 'ResourceNotFound', path);
  }
});

test('a test sends a stored webhook, a change that is not stored, or a draft', async () => {
  await using api = await startTestServer();
  const { integration_id } = await api.data('/webhook/create', { type: 'incident', name: 'Tickets', endpoint });
  const reply = await api.data('/webhook/test', { integration_id });
  assert.deepEqual(reply, {
    request: {
      endpoint: trialReport.endpoint,
      headers: { 'content-type': 'application/json' },
      body: trialReport.requestBody,
    },
    response: { status_code: 204, headers: {}, body: '' },
    outcome: 'delivered',
    reason: '',
    error_message: '',
    duration_ms: 12,
  });
  await api.data('/webhook/test', { integration_id, event_type: 'i_ack', timeout_ms: 300 });
  await api.data('/webhook/test', { type: 'alert', endpoint: 'https://example.com/draft' });
  assert.deepEqual(
    api.service.tried.map(([webhook, type]) => [webhook.webhookId, webhook.endpoint, webhook.timeoutMs, type]),
    [
      [integration_id, endpoint, 1000, 'i_new'],
      [integration_id, endpoint, 300, 'i_ack'],
      [0, 'https://example.com/draft', 1000, 'a_new'],
    ],
  );
  assert.equal((await api.data('/webhook/info', { integration_id })).timeout_ms, 1000);
  assert.equal((await api.data('/webhook/list')).total, 1);
  for (const wrong of [
    {},
    { type: 'alert' },
    { integration_id, event_type: 'a_new' },
    { type: 'alert', endpoint: 'x' },
  ]) {
    const { body } = await api.call('/webhook/test', wrong);
    assert.equal(body.error?.code, 'InvalidParameter', JSON.stringify(wrong));
  }
  assert.equal(api.service.tried.length, 3);
});

test('the addresses that pushes come from are published', async () => {
  await using api = await startTestServer();
  const info = await api.data('/egress/info', {}, 'viewer');
  assert.deepEqual(info.source_addresses, ['192.0.2.7']);
});

test('the sample of each event type has every key that a real push has, and no other', () => {
  for (const type of incidentEventTypes) {
    const { incident, ...envelope } = samplePush('incident', type);
    assert.deepEqual(pushedIncident.strict().safeParse(incident).error?.issues, undefined, type);
    assert.equal(envelope['event_type'], type);
  }
  for (const type of alertEventTypes) {
    const { alert } = samplePush('alert', type);
    assert.deepEqual(pushedAlert.strict().safeParse(alert).error?.issues, undefined, type);
  }
  const action = samplePush('custom_action', 'i_custom') as { person?: unknown; incident: { alerts: unknown[] } };
  assert.deepEqual(pushedAlert.strict().safeParse(action.incident.alerts[0]).error?.issues, undefined);
  assert.ok(action.person !== undefined);
  assert.ok(!('person' in samplePush('incident', 'i_new')));
});

test('faults of form and of rule come in one answer, each with a code that never changes', async () => {
  await using api = await startTestServer();
  await api.data('/webhook/create', { type: 'incident', name: 'Tickets', endpoint });
  const faultsOf = async (path: string, body: object) => {
    const { error } = (await api.call(path, body)).body;
    const faults = (error?.faults ?? []) as { field: string; code: string }[];
    return faults.map(({ field, code }) => `${field} ${code}`);
  };
  const wrong = { endpoint: 'ftp://x', timeout_ms: 5, headers: { Host: 'x' }, channel_ids: [7], team_id: 'one' };
  assert.deepEqual(await faultsOf('/webhook/create', { type: 'incident', name: '', ...wrong }), [
    'name too_short',
    'team_id type',
    'timeout_ms too_small',
    'endpoint invalid',
    'headers["Host"] invalid',
    'channel_ids not_found',
  ]);
  // With every form right the rules are asked by the operation itself, and all of them too.
  assert.deepEqual(
    await faultsOf('/webhook/create', { type: 'incident', name: 'Tickets', ...wrong, timeout_ms: 100, team_id: 9 }),
    ['endpoint invalid', 'headers["Host"] invalid', 'name taken', 'channel_ids not_found', 'team_id not_found'],
  );
  assert.deepEqual(
    await faultsOf('/webhook/test', { type: 'alert', endpoint: 'ftp://x', timeout_ms: 1, event_types: ['i_new'] }),
    ['timeout_ms too_small', 'endpoint invalid', 'event_types not_allowed'],
  );
  assert.deepEqual(await faultsOf('/integration/create', { name: 'Prometheus', type: 'netscape', channel_id: 7 }), [
    'type not_allowed',
    'channel_id not_found',
  ]);
  assert.deepEqual(await faultsOf('/webhook/create', {}), ['type required', 'name required', 'endpoint required']);
});

test('our own endpoints refuse a field that they do not know, with the nearest one and every other fault', async () => {
  await using api = await startTestServer();
  const body = { type: 'incident', name: '', endpoint, delivery_mod: 'at_least_once', quite_other: 1 };
  const { status, body: reply } = await api.call('/webhook/create', body);
  assert.equal(status, 400);
  assert.match(reply.error?.message ?? '', /delivery_mod: is no field of this call: did you mean delivery_mode\?/);
  assert.match(reply.error?.message ?? '', /quite_other: is no field of this call; /);
  const faults = (reply.error?.faults ?? []) as { field: string; code: string }[];
  const unknown = faults.filter(({ field }) => field !== 'name').map(({ field, code }) => `${field} ${code}`);
  assert.deepEqual(unknown, ['delivery_mod unknown_field', 'quite_other unknown_field']);
  assert.match(reply.error?.message ?? '', /name: /);
});
