import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Json } from '../support/service.ts';
import { startTestApp, type Place, type TestApp } from '../support/test-app.ts';

let scene: TestApp;
before(async () => {
  scene = await startTestApp();
});
after(() => scene.stop());

const seconds = () => Math.floor(Date.now() / 1000);

async function push(place: Pick<Place, 'sourceKey'>, body: Json, query = '') {
  return scene.call(`/event/push/change/standard?integration_key=${place.sourceKey}${query}`, body, { key: '' });
}

async function listed(body: Json): Promise<Json[]> {
  return (await scene.service.api('/change/list', body))['items'] as Json[];
}

test('a deployment is reported step by step, and listed as one change with its reports', async () => {
  const [place, now] = [await scene.place(), seconds()];
  const report = {
    change_key: 'deploy-1',
    title: 'checkout 2.14',
    labels: { service: 'checkout' },
    link: 'https://ci/1',
  };
  const first = await push(place, { ...report, change_status: 'processing', event_time: now - 60 });
  assert.deepEqual([first.status, first.data['change_key']], [200, 'deploy-1']);
  await push(place, { ...report, change_status: 'Done', description: 'all pods', event_time: now - 30 });
  const [change, ...others] = await listed({ channel_ids: [place.channelId], include_events: true });
  assert.deepEqual(others, []);
  assert.equal(change?.['change_id'], first.data['change_id']);
  assert.deepEqual(
    ['title', 'change_status', 'description', 'link', 'channel_name', 'data_source_id', 'event_cnt'].map(
      (name) => change?.[name],
    ),
    ['checkout 2.14', 'Done', 'all pods', 'https://ci/1', place.channelName, place.sourceId, 2],
  );
  assert.deepEqual(change?.['labels'], { service: 'checkout' });
  const { start_time: start, last_time: last, end_time: end } = change as Record<string, number>;
  assert.deepEqual([Number(last) - Number(start), end], [30, last]);
  const events = change?.['events'] as Json[];
  assert.deepEqual(
    events.map((one) => one['change_status']),
    ['Done', 'Processing'],
  );
  // It opened no alert.
  const window = { start_time: seconds() - 3600, end_time: seconds() + 60, channel_ids: [place.channelId] };
  assert.equal((await scene.service.api('/alert/list', window))['total'], 0);
});

test('each filter of the list has its effect, and one that is not known there is refused', async () => {
  const [here, there] = [await scene.place(), await scene.place()];
  await push(here, { change_key: 'f1', title: 'pay 1', labels: { service: 'pay' }, change_status: 'Planned' });
  await push(there, { change_key: 'f2', title: 'shop 1', labels: { service: 'shop' }, event_time: seconds() - 7200 });
  const both = { channel_ids: [here.channelId, there.channelId] };
  const one = (key: string, ...vals: string[]) => ({ key, oper: 'IN', vals });
  const keys = async (body: Json) => (await listed(body)).map((one) => one['change_key']);
  const day = { ...both, start_time: seconds() - 86_400, end_time: seconds() + 60 };
  const rows: readonly [body: Json, found: string[]][] = [
    [both, ['f1']],
    [day, ['f1', 'f2']],
    [{ ...day, asc: true }, ['f2', 'f1']],
    [{ ...day, orderby: 'last_time' }, ['f1', 'f2']],
    [{ ...day, order_by: 'last_time', asc: true }, ['f2', 'f1']],
    [{ ...day, limit: 1 }, ['f1']],
    [{ ...day, limit: 1, p: 2 }, ['f2']],
    [{ ...day, channel_ids: [there.channelId] }, ['f2']],
    [{ ...day, integration_ids: [here.sourceId] }, ['f1']],
    [{ ...day, change_status: 'planned,ready' }, ['f1']],
    [{ ...day, query: 'shop' }, ['f2']],
    [{ ...day, labels: { service: 'pay' } }, ['f1']],
    [{ ...day, end_time: seconds() - 3600 }, ['f2']],
    [{ ...day, filters: [[one('title', 'pay*')]] }, ['f1']],
    [{ ...day, filters: [[one('labels.service', 'shop')], [one('change_status', 'Planned')]] }, ['f1', 'f2']],
    [{ ...day, filters: [[one('title', 'pay*'), one('labels.service', 'shop')]] }, []],
    [{ ...day, filters: [[{ ...one('labels.service', 'shop'), oper: 'NOTIN' }]] }, ['f1']],
    [{ ...day, filters: [[one('change_key', 'f?')]], limit: 1 }, ['f1']],
    [{ ...day, filters: [] }, ['f1', 'f2']],
  ];
  for (const [body, found] of rows) assert.deepEqual(await keys(body), found, JSON.stringify(body));
  const first = await scene.service.api('/change/list', { ...day, limit: 1 });
  const next = { ...day, limit: 1, search_after_ctx: first['search_after_ctx'] };
  assert.deepEqual([first['has_next_page'], await keys(next)], [true, ['f2']]);
  for (const [body, field] of [
    [{ ...day, filters: [[one('host', 'a')]] }, 'filters[0][0].key'],
    [{ ...day, filters: [[one('title', '/pay/')]] }, 'filters[0][0].vals[0]'],
    [{ ...day, filters: [[one('labels.ip', 'cidr:10.0.0.0/8')]] }, 'filters[0][0].vals[0]'],
    [{ ...day, filters: [[]] }, 'filters[0]'],
    [{ start_time: 1, end_time: seconds() }, 'end_time'],
    [{ start_time: seconds() + 900 }, 'start_time'],
    [{ change_status: 'finished' }, 'change_status'],
  ] as const) {
    const { status, error } = await scene.call('/change/list', body);
    assert.deepEqual([status, error?.faults?.[0]?.field], [400, field], JSON.stringify(body));
  }
});

test('an incident has the changes of its labels, before it and while it is open', async () => {
  const [here, there] = [await scene.place(), await scene.place()];
  const labels = { service: 'pay', env: 'prod' };
  await push(here, {
    change_key: 'why',
    title: 'pay 2',
    labels: { ...labels, commit: 'abc' },
    event_time: seconds() - 600,
  });
  await push(here, { change_key: 'staging', title: 'pay 2', labels: { service: 'pay', env: 'staging' } });
  await push(here, { change_key: 'other', title: 'shop', labels: { service: 'shop' } });
  await push(here, { change_key: 'long ago', title: 'pay 1', labels, event_time: seconds() - 2 * 86_400 });
  await push(there, { change_key: 'elsewhere', title: 'pay 2', labels });
  await here.report({ title: 'pay is slow', labels: { ...labels, host: 'db-1' } });
  const window = { start_time: seconds() - 3600, end_time: seconds() + 60, channel_ids: [here.channelId] };
  const [incident] = (await scene.service.api('/incident/list', window))['items'] as Json[];
  const ask = { incident_id: incident?.['incident_id'] };
  const found = await scene.service.api('/incident/change/list', ask);
  const items = found['items'] as Json[];
  assert.deepEqual([found['total'], items.map((one) => one['change_key'])], [1, ['why']]);
  assert.deepEqual(items[0]?.['shared_labels'], ['service', 'env']);
  const further = await scene.service.api('/incident/change/list', { ...ask, hours: 72 });
  assert.deepEqual(
    (further['items'] as Json[]).map((one) => one['change_key']),
    ['why', 'long ago'],
  );
  assert.equal(
    ((await scene.service.api('/incident/change/list', { ...ask, hours: 72, limit: 1 }))['items'] as Json[]).length,
    1,
  );
  const unknown = await scene.call('/incident/change/list', { ...ask, colour: 1 });
  assert.deepEqual([unknown.status, unknown.error?.faults?.[0]?.field], [400, 'colour'], 'it is ours, and strict');
});

test('a change that is wrong, or of a wrong key, is refused with all its faults', async () => {
  const place = await scene.place();
  const wrong = await push(place, { change_status: 'Finished', change_key: 7, labels: [], title: ' ' });
  assert.equal(wrong.status, 400);
  assert.deepEqual(wrong.error?.faults?.map(({ field }) => field).toSorted(), [
    'change_key',
    'change_status',
    'labels',
    'title',
  ]);
  assert.equal((await push({ sourceKey: 'x'.repeat(35) }, { title: 'x' })).error?.code, 'InvalidParameter');
  for (const body of [[], 'x', 7]) assert.equal((await push(place, body as unknown as Json)).status, 400);
  const other = await scene.call(`/event/push/change/jenkins?integration_key=${place.sourceKey}`, {}, { key: '' });
  assert.deepEqual([other.status, other.error?.code], [404, 'RouteNotFound']);
  await scene.service.api('/integration/update', { integration_id: place.sourceId, status: 'disabled' });
  assert.match((await push(place, { title: 'x' })).error?.message ?? '', /disabled/);
});

test('a shared integration names the channel, and otherwise its changes concern every channel', async () => {
  const place = await scene.place();
  const shared = await scene.service.api('/integration/create', { name: 'pipeline', type: 'standard', channel_id: 0 });
  const source = { sourceKey: String(shared['integration_key']) };
  const labels = { app: 'mail' };
  await push(source, { change_key: 'named', title: 'x', labels }, `&channel_id=${place.channelId}`);
  await push(source, { change_key: 'of none', title: 'x', labels });
  const all = await listed({ integration_ids: [shared['integration_id']], asc: true });
  assert.deepEqual(new Set(all.map((one) => one['channel_id'])), new Set([place.channelId, 0]));
  await place.report({ title: 'mail is down', labels });
  const window = { start_time: seconds() - 3600, end_time: seconds() + 60, channel_ids: [place.channelId] };
  const [incident] = (await scene.service.api('/incident/list', window))['items'] as Json[];
  const found = await scene.service.api('/incident/change/list', { incident_id: incident?.['incident_id'] });
  assert.equal(found['total'], 2);
});
