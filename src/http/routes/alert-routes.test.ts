import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer, type StaffedServer } from '../../../test/support/test-server.ts';

const critical = { key: 'severity', oper: 'IN', vals: ['Critical'] };

async function withShared(): Promise<StaffedServer & { integration_id: number; channel_id: number }> {
  const api = await startTestServer();
  const { channel_id } = await api.data('/channel/create', { channel_name: 'Web' });
  const { integration_id } = await api.data('/integration/create', { name: 'all', type: 'standard', channel_id: 0 });
  return Object.assign(api, { integration_id, channel_id });
}

test('an integration without a route has an empty one', async () => {
  await using api = await withShared();
  const empty = await api.data('/route/info', { integration_id: api.integration_id });
  assert.deepEqual([empty.integration_id, empty.cases, empty.version], [api.integration_id, [], 0]);
  assert.deepEqual(await api.data('/route/list', { integration_ids: [api.integration_id] }), { items: [] });
});

test('a route is shown as it was made, and what is shown can be sent back', async () => {
  await using api = await withShared();
  const { integration_id, channel_id } = api;
  const cases = [
    { if: [critical], channel_ids: [channel_id], fallthrough: true },
    { if: [], routing_mode: 'name_mapping', name_mapping_label: 'labels.team' },
  ];
  const sections = [{ name: 'Base', position: 1 }];
  await api.data('/route/upsert', {
    integration_id,
    cases,
    default: { channel_ids: [channel_id] },
    sections,
    version: 0,
  });
  const shown = await api.data('/route/info', { integration_id });
  assert.deepEqual(shown?.cases, [
    { if: [critical], channel_ids: [channel_id], fallthrough: true, routing_mode: '', name_mapping_label: '' },
    { if: [], channel_ids: [], fallthrough: false, routing_mode: 'name_mapping', name_mapping_label: 'labels.team' },
  ]);
  assert.deepEqual([shown?.default, shown?.sections, shown?.version], [{ channel_ids: [channel_id] }, sections, 1]);
  await api.data('/route/upsert', shown ?? {});
  assert.deepEqual(
    (await api.data('/route/list', { integration_ids: [integration_id, integration_id, 5] })).items.map(
      (one) => one.version,
    ),
    [2],
  );
});

test('a stale version is refused in words that say what to do', async () => {
  await using api = await withShared();
  const { integration_id, channel_id } = api;
  const body = { integration_id, default: { channel_ids: [channel_id] } };
  await api.data('/route/upsert', body);
  const answer = await api.call('/route/upsert', { ...body, version: 7 });
  assert.equal(answer.status, 400);
  assert.match(answer.body.error?.message ?? '', /version 1 and not 7: read it again/);
});

test('a route accepts its limits and names the field beyond one', async () => {
  await using api = await withShared();
  const { integration_id, channel_id } = api;
  const one = { channel_ids: [channel_id] };
  const many = (length: number, of: unknown) => Array.from({ length }, () => of);
  const good = [
    { cases: many(100, one), sections: many(100, { name: 's', position: 1 }) },
    { cases: [{ channel_ids: many(50, channel_id) }] },
    { cases: null, default: one },
  ];
  const bad: [string, object][] = [
    ['cases', {}],
    ['cases', { cases: [], default: { channel_ids: [] } }],
    ['cases', { cases: many(101, one) }],
    ['cases[0].channel_ids', { cases: [{}] }],
    ['cases[0].channel_ids', { cases: [{ channel_ids: many(51, channel_id) }] }],
    ['cases[0].if[0].key', { cases: [{ ...one, if: [{ ...critical, key: 'dedup_key' }] }] }],
    ['cases[0].if', { cases: [{ ...one, if: many(21, critical) }] }],
    ['cases[0].name_mapping_label', { cases: [{ routing_mode: 'name_mapping' }] }],
    ['cases[0].routing_mode', { cases: [{ ...one, routing_mode: 'random' }] }],
    ['channel_ids', { cases: [{ channel_ids: [5] }] }],
    ['sections', { cases: [one], sections: many(101, {}) }],
  ];
  for (const body of good) {
    const answer = await api.call('/route/upsert', { integration_id, ...body });
    assert.equal(answer.body.error, undefined, JSON.stringify(answer.body.error));
  }
  for (const [field, body] of bad) {
    const answer = await api.call('/route/upsert', { integration_id, ...body });
    assert.ok(answer.body.error?.message.startsWith(`${field}: `), `${field} in ${answer.body.error?.message}`);
  }
});
