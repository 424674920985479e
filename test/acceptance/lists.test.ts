import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestApp, type TestApp } from '../support/test-app.ts';
import type { Json } from '../support/service.ts';

let scene: TestApp;
before(async () => {
  scene = await startTestApp();
});
after(() => scene.stop());

const seconds = () => Math.floor(Date.now() / 1000);
const lastHour = () => ({ start_time: seconds() - 3600, end_time: seconds() + 60 });

async function listed(path: string, body: Json): Promise<{ items: Json[]; total: number; next: string }> {
  const data = await scene.service.api(path, body);
  return {
    items: data['items'] as Json[],
    total: Number(data['total']),
    next: (data['search_after_ctx'] as string | undefined) ?? '',
  };
}

test('the reports of all alerts are listed as they came, by window, severity and channel, page by page', async () => {
  const place = await scene.place();
  await scene.place().then((other) => other.report({ title: 'elsewhere' }));
  for (const [index, status] of ['Critical', 'Warning', 'Info', 'Ok'].entries()) {
    await place.report({ alert_key: 'a', title: 'disk', event_status: status, description: String(index) });
  }
  const here = { ...lastHour(), channel_ids: [place.channelId] };
  const all = await listed('/alert-event/list', { ...here, asc: true });
  assert.deepEqual(
    [all.total, all.items.map((one) => one['event_status'])],
    [4, ['Critical', 'Warning', 'Info', 'Ok']],
  );
  const worst = await listed('/alert-event/list', { ...here, severities: 'Critical,Ok' });
  assert.deepEqual(new Set(worst.items.map((one) => one['event_severity'])), new Set(['Critical', 'Ok']));
  const first = await listed('/alert-event/list', { ...here, limit: 3, asc: true });
  const second = await listed('/alert-event/list', { ...here, limit: 3, asc: true, search_after_ctx: first.next });
  const ids = [...first.items, ...second.items].map((one) => one['event_id']);
  assert.deepEqual([ids, second.next], [all.items.map((one) => one['event_id']), '']);
  assert.equal((await listed('/alert-event/list', { ...here, integration_types: ['grafana'] })).total, 0);
});

test('incidents are found by a part of their title and with wildcards; a list takes no regular expression', async () => {
  const place = await scene.place();
  for (const title of ['db-1 disk', 'db-2 disk', 'web disk']) await place.report({ alert_key: title, title });
  const titled = async (title: string) => {
    const { items } = await listed('/incident/list', { ...lastHour(), channel_ids: [place.channelId], title });
    return items.map((one) => String(one['title'])).toSorted((a, b) => a.localeCompare(b));
  };
  assert.deepEqual(await titled('db-1 disk'), ['db-1 disk']);
  assert.deepEqual(await titled('DISK'), ['db-1 disk', 'db-2 disk', 'web disk']);
  assert.deepEqual(await titled('tape'), []);
  assert.deepEqual(await titled('db-* disk'), ['db-1 disk', 'db-2 disk']);
  assert.deepEqual(await titled('/^(web|db-2) /'), []);
});
