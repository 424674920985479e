import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../../../test/support/test-server.ts';

const settings = {
  channel_ids: [],
  endpoint: 'https://tickets.example.org/hook?a=a',
  event_types: ['i_new', 'i_rslv'],
  headers: { 'X-Token': 'canary-canary' },
};
const wanted = { name: 'Tickets', plugin_id: 302, description: 'For the desk', settings };

test('the older names make, change and show the same incident webhooks (contract 2.2)', async () => {
  await using api = await startTestServer();
  const made = (await api.data('/datasource/upsert', wanted)) as { integration_id: number };
  const { integration_id } = made;
  assert.deepEqual(made, { integration_id, integration_key: '' });
  const webhook = await api.data('/webhook/info', { integration_id });
  assert.deepEqual(
    [webhook.type, webhook.name, webhook.endpoint, webhook.event_types],
    ['incident', 'Tickets', settings.endpoint, settings.event_types],
  );

  await api.data('/datasource/upsert', { ...wanted, integration_id, name: 'Desk' });
  const shown = await api.data('/datasource/desc', { integration_id }, 'viewer');
  const { created_at, updated_at, ...rest } = shown;
  assert.ok(Number(updated_at) >= Number(created_at));
  assert.deepEqual(rest, {
    integration_id,
    team_id: 0,
    name: 'Desk',
    status: 'enabled',
    plugin_id: 302,
    plugin_type: 'webhook.incident',
    plugin_type_name: 'Incident Webhook',
    description: 'For the desk',
    integration_key: '',
    settings: { ...settings, endpoint: 'https://tickets.example.org/••••', headers: { 'X-Token': '••••nary' } },
    creator_id: api.memberIds.admin,
  });
});

test('the older list is an array, of incident webhooks alone', async () => {
  await using api = await startTestServer();
  const ids: number[] = [];
  for (const name of ['One', 'Two', 'Three']) {
    const { integration_id } = (await api.data('/datasource/upsert', { ...wanted, name })) as {
      integration_id: number;
    };
    ids.push(integration_id);
  }
  const alert = await api.data('/webhook/create', { type: 'alert', name: 'Alerts', endpoint: settings.endpoint });
  await api.data('/webhook/disable', { integration_id: ids[0] });
  const names = async (query: object) =>
    (await api.data<{ name: string }[]>('/datasource/list', query, 'viewer')).map(({ name }) => name);
  const rows: [query: object, names: string[]][] = [
    [{ orderby: 'name', asc: true }, ['One', 'Three', 'Two']],
    [{ orderby: 'name', asc: true, p: 2, limit: 2 }, ['Two']],
    [{ category: 'webhook', status: 'disabled' }, ['One']],
    [{ name: 'THR' }, ['Three']],
    [{ category: 'im' }, []],
    [{ is_my_team: true }, []],
    [{ team_ids: [7] }, []],
  ];
  for (const [query, expected] of rows) assert.deepEqual(await names(query), expected, JSON.stringify(query));
  for (const path of ['/datasource/desc', '/datasource/upsert']) {
    const { status, body } = await api.call(path, { ...wanted, integration_id: alert.integration_id });
    assert.deepEqual([status, body.error?.code], [400, 'ResourceNotFound'], path);
  }
});

test('an older name makes nothing but incident webhooks, and not for everybody', async () => {
  await using api = await startTestServer();
  const other = await api.call('/datasource/upsert', { ...wanted, plugin_id: 7, settings: { headers: {} } });
  assert.equal(other.body.error?.code, 'InvalidParameter');
  assert.match(
    other.body.error.message,
    /plugin_id: must be 302.*settings.endpoint: is required.*settings.event_types: is required/,
  );
  assert.equal((await api.call('/datasource/upsert', wanted, 'responder')).body.error?.code, 'AccessDenied');
});
