import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { pushOf, startTestApp } from '../support/test-app.ts';

test('a custom action is called while its button is pressed, and who subscribes hears of it under the same id', async () => {
  const scene = await startTestApp();
  await using _ = { [Symbol.asyncDispose]: () => scene.stop() };
  const place = await scene.place();
  const tickets = await place.hook('incident', { event_types: ['i_new', 'i_custom'] });
  const path = '/restart';
  const made = await scene.service.api('/webhook/create', {
    type: 'custom_action',
    name: 'Restart',
    endpoint: `${scene.receiver.url}${path}`,
    channel_ids: [place.channelId],
  });
  await place.report({ title_rule: 'disk', alert_key: 'disk' });
  const [opened] = await tickets.pushes(1);
  assert.ok(opened);
  const incident_id = pushOf(opened).incident?.['incident_id'];
  const press = () =>
    scene.service.api('/incident/custom-action/do', { incident_id, integration_id: made['integration_id'] });

  scene.receiver.answer(path, { status: 500 }, { status: 200 });
  assert.deepEqual(await press(), { message: 'the receiver answered 500' });
  assert.deepEqual(await press(), { message: '' });

  const calls = scene.receiver.received.filter((one) => one.path === path);
  assert.equal(calls.length, 2);
  const [, taken] = calls;
  const told = (await tickets.pushes(2))[1];
  assert.ok(taken && told);
  new Webhook(String(made['secret'])).verify(taken.body, taken.headers as Record<string, string>);
  assert.deepEqual([pushOf(told).event_type, pushOf(told).event_id], ['i_custom', pushOf(taken).event_id]);
  const alerts = pushOf(taken).incident?.['alerts'];
  assert.equal(Array.isArray(alerts) && alerts.length, 1);
  const feed = await scene.service.api('/incident/feed', { incident_id, types: ['i_custom'] });
  assert.equal((feed['items'] as unknown[]).length, 1);
  const now = Date.now();
  const window = { start_time: now - 60_000, end_time: now + 60_000, limit: 10, asc: true };
  const history = await scene.service.api('/webhook/history/list', {
    ...window,
    integration_id: made['integration_id'],
  });
  assert.deepEqual(
    (history['items'] as { status: string; webhook_type: string }[]).map((one) => [one.status, one.webhook_type]),
    [
      ['failed', 'custom_action'],
      ['success', 'custom_action'],
    ],
  );
});
