import assert from 'node:assert/strict';
import type { Json } from '../../support/service.ts';
import { seconds, window, type ClientFields } from './fields.ts';

/** Alerts, their reports, and the invocation history. */
export async function alerts(client: ClientFields): Promise<void> {
  const [one, two] = [await client.scene.place(), await client.scene.place()];
  const hook = await one.hook('alert');
  await one.report({ title: 'disk a', alert_key: 'a', labels: { host: 'db-1' } });
  await two.report({ title: 'disk b', alert_key: 'b', event_status: 'Warning', labels: { host: 'web-1' } });
  await one.report({ title: 'disk c', alert_key: 'c', event_status: 'Info' });
  await one.report({ title: 'disk c', alert_key: 'c', event_status: 'Ok' });
  const base = { ...window(), channel_ids: [one.channelId, two.channelId] };
  const key = (item: Json) => item['alert_key'];
  const all = await client.items('/alert/list', base);
  const idOf = (name: string) => all.find((item) => item['alert_key'] === name)?.['alert_id'];
  await client.finds('/alert/list', base, key, [
    ['alert_ids', [idOf('b')], ['b']],
    ['alert_keys', ['a'], ['a']],
    ['alert_severity', 'warning', ['b']],
    ['asc', true, ['a', 'b', 'c']],
    ['channel_ids', [two.channelId], ['b']],
    ['ever_muted', true, []],
    ['integration_ids', [two.sourceId], ['b']],
    ['is_active', true, ['b', 'a']],
    ['labels', { host: 'db-1' }, ['a']],
    ['limit', 1, ['c']],
    ['start_time', seconds() + 200, []],
  ]);
  assert.deepEqual((await client.items('/alert/list', { ...base, title: 'sk b' })).map(key), ['b']);
  assert.deepEqual(
    await client.items('/alert/list', { ...base, start_time: seconds() - 7200, end_time: seconds() - 3600 }),
    [],
  );
  const early = await one.report({ title: 'early', alert_key: 'early', event_time: seconds() - 5000 });
  const lately = { ...base, start_time: seconds() - 60 };
  const keys = async (more: Json) => (await client.items('/alert/list', { ...lately, ...more })).map(key);
  assert.ok(!(await keys({})).includes(early), 'by its own times it is older');
  assert.ok((await keys({ by_updated_at: true })).includes(early), 'it was updated just now');
  await client.ask('/alert/close', { alert_ids: [idOf('a')] });
  const updated = await keys({ orderby: 'updated_at' });
  assert.equal(updated[0], 'a', 'it was the last one that changed');
  const page = { ...base, limit: 1 };
  const { search_after_ctx, items } = await client.ask('/alert/list', page);
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    const [second] = await client.items('/alert/list', { ...page, ...further });
    assert.notEqual(second?.['alert_id'], (items as Json[])[0]?.['alert_id']);
    client.note('/alert/list', ...Object.keys(further));
  }
  client.note('/alert/list', 'end_time', 'by_updated_at', 'orderby', 'title');
  await client.does('/alert/info', { alert_id: idOf('b') }, (item) => assert.equal(item['alert_key'], 'b'));
  await client.does('/alert/list-by-ids', { alert_ids: [idOf('c')] }, (data) =>
    assert.deepEqual((data['items'] as Json[]).map(key), ['c']),
  );
  await timelines(client, idOf('c'));
  await reports(client, base, [one.sourceId, two.channelId]);
  await merge(client, idOf('b'));
  await history(client, hook.id, await hook.history(3));
}

async function timelines(client: ClientFields, alert_id: unknown): Promise<void> {
  const type = (item: Json) => item['type'];
  const all = (await client.items('/alert/feed', { alert_id })).map(type);
  assert.deepEqual(all, ['a_update', 'a_new']);
  await client.finds('/alert/feed', { alert_id }, type, [
    ['asc', true, ['a_new', 'a_update']],
    ['limit', 1, ['a_update']],
    ['types', ['a_new'], ['a_new']],
  ]);
  const { search_after_ctx } = await client.ask('/alert/feed', { alert_id, limit: 1 });
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    assert.deepEqual((await client.items('/alert/feed', { alert_id, limit: 1, ...further })).map(type), ['a_new']);
    client.note('/alert/feed', 'alert_id', ...Object.keys(further));
  }
  const status = (item: Json) => item['event_status'];
  await client.finds('/alert/event/list', { alert_id }, status, [
    ['asc', true, ['Info', 'Ok']],
    ['limit', 1, ['Ok']],
  ]);
  const first = await client.ask('/alert/event/list', { alert_id, limit: 1 });
  for (const further of [{ p: 2 }, { search_after_ctx: first['search_after_ctx'] }]) {
    assert.deepEqual((await client.items('/alert/event/list', { alert_id, limit: 1, ...further })).map(status), [
      'Info',
    ]);
    client.note('/alert/event/list', 'alert_id', ...Object.keys(further));
  }
}

async function reports(
  client: ClientFields,
  base: Json,
  [sourceId, channelId]: readonly [number, number],
): Promise<void> {
  const path = '/alert-event/list';
  const list = async (more: Json) => client.items(path, { ...base, limit: 100, ...more });
  const all = await list({});
  const key = (item: Json) => `${String(item['alert_key'])} ${String(item['event_status'])}`;
  assert.equal(all.length, 4);
  assert.deepEqual((await list({ channel_ids: [channelId] })).map(key), ['b Warning']);
  assert.ok((await list({ integration_ids: [sourceId] })).every((item) => item['integration_id'] === sourceId));
  assert.equal((await list({ integration_ids: [sourceId] })).length, all.length - 1);
  assert.deepEqual(await list({ integration_types: ['grafana'] }), []);
  assert.deepEqual((await list({ severities: 'ok' })).map(key), ['c Ok']);
  assert.deepEqual(
    (await list({ asc: true })).map((item) => item['event_id']).toReversed(),
    all.map((item) => item['event_id']),
  );
  assert.deepEqual((await list({ orderby: 'event_time' })).length, all.length);
  await client.refuses(path, { ...base, orderby: 'title' }, 'orderby');
  assert.deepEqual(await list({ start_time: seconds() + 200 }), []);
  assert.deepEqual(await list({ start_time: seconds() - 90_000, end_time: seconds() - 80_000 }), []);
  const { search_after_ctx } = await client.ask(path, { ...base, limit: 1 });
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    assert.deepEqual(
      (await list({ limit: 1, ...further })).map((item) => item['event_id']),
      [all[1]?.['event_id']],
    );
    client.note(path, 'limit', ...Object.keys(further));
  }
  client.note(
    path,
    'channel_ids',
    'integration_ids',
    'integration_types',
    'severities',
    'asc',
    'start_time',
    'end_time',
  );
}

async function merge(client: ClientFields, alertId: unknown): Promise<void> {
  const ownerId = (await client.ask('/member/info', {}))['member_id'];
  const { incident_id } = await client.ask('/incident/create', { title: 'collects', incident_severity: 'Info' });
  const body = { alert_ids: [alertId], incident_id, comment: 'belongs here', title: 'collected', owner_id: ownerId };
  await client.does('/alert/merge', body, async () => {
    const shown = await client.ask('/incident/info', { incident_id });
    assert.deepEqual([shown['title'], shown['owner_id'], shown['alert_cnt']], ['collected', ownerId, 1]);
    const feed = await client.items('/incident/feed', { incident_id, types: ['a_merge'] });
    assert.match(JSON.stringify(feed), /"comment":"belongs here"/);
  });
}

async function history(client: ClientFields, integration_id: number, records: readonly object[]): Promise<void> {
  const path = '/webhook/history/list';
  const window = { start_time: Date.now() - 3_600_000, end_time: Date.now() + 60_000 };
  const base = { ...window, integration_id, limit: 100 };
  const list = async (more: Json) => client.items(path, { ...base, ...more });
  const id = (item: Json) => item['event_id'];
  const all = await list({});
  assert.ok(all.length >= records.length);
  const [newest] = all;
  assert.deepEqual((await list({ asc: true, orderby: 'event_time' })).map(id), all.map(id).toReversed());
  assert.ok((await list({ event_types: ['a_new'] })).every((item) => item['event_type'] === 'a_new'));
  assert.notEqual((await list({ event_types: ['a_new'] })).length, all.length);
  assert.deepEqual(await list({ integration_id: integration_id + 1 }), []);
  assert.ok((await list({ ref_id: newest?.['ref_id'] })).every((item) => item['ref_id'] === newest?.['ref_id']));
  assert.notEqual((await list({ ref_id: newest?.['ref_id'] })).length, all.length);
  assert.deepEqual(await list({ status: 'failed' }), []);
  assert.deepEqual(await list({ start_time: Date.now() - 90_000_000, end_time: Date.now() - 80_000_000 }), []);
  assert.deepEqual(await list({ start_time: Date.now() + 30_000 }), []);
  const first = await client.ask(path, { ...base, limit: 1 });
  const next = await list({ limit: 1, search_after_ctx: first['search_after_ctx'] });
  assert.deepEqual([(first['items'] as Json[]).map(id), next.map(id)], [[id(all[0] ?? {})], [id(all[1] ?? {})]]);
  const fields = ['asc', 'orderby', 'event_types', 'integration_id', 'ref_id', 'status', 'start_time', 'end_time'];
  client.note(path, ...fields, 'limit', 'search_after_ctx');
  const detail = { event_id: newest?.['event_id'], integration_id };
  await client.does('/webhook/history/detail', detail, (data) => assert.equal(data['event_id'], newest?.['event_id']));
}
