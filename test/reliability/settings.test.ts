import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasPostgres } from '../support/databases.ts';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

for (const database of ['sqlite', 'postgres'] as const) {
  const skip = database === 'sqlite' || hasPostgres ? false : 'needs PostgreSQL';
  describe(`a webhook that is changed while it has something to do, on ${database}`, { skip }, () => {
    let scene: TestApp;
    let place: Place;

    before(async () => {
      scene = await startTestApp({ database });
    });
    after(() => scene.stop());

    const set = (hook: Hook, path: 'pause' | 'resume' | 'update', change: object = {}) =>
      scene.service.api(`/webhook/${path}`, { integration_id: hook.id, ...change });

    test('a push that is in flight ends where it began, and its next attempt goes where the webhook points now, as it was', async () => {
      place = await scene.place();
      const hook = await place.hook('alert', { delivery_mode: 'at_least_once', timeout_ms: 30_000 });
      const moved = await place.hook('alert', { event_types: ['a_close'] });
      scene.receiver.answer(hook.path, 'hang');
      await place.report({ title: 'disk', alert_key: 'disk' });
      await hook.pushes(1);
      await set(hook, 'update', { endpoint: moved.endpoint, headers: { 'X-Moved': 'yes' } });
      // A lost connection is not an answer, so a retry at once is allowed.
      scene.receiver.release('reset');
      const [again] = await moved.pushes(1);
      const [first] = hook.received();
      assert.deepEqual(
        [hook.received().length, first?.headers['x-moved'], again?.headers['x-moved']],
        [1, undefined, 'yes'],
      );
      assert.deepEqual([again?.headers['tocsin-attempt'], again?.body], ['2', first?.body]);
      const [record] = await hook.history(1, { status: 'success' });
      assert.deepEqual([record?.endpoint, record?.attempt], [moved.endpoint, 2]);
    });

    test('at least once applies to later deliveries, and after a change back nothing is tried again', async () => {
      place = await scene.place();
      const [toRepeated, toOnce] = [
        await place.hook('alert', { delivery_mode: 'at_most_once' }),
        await place.hook('alert', { delivery_mode: 'at_least_once' }),
      ];
      for (const hook of [toRepeated, toOnce]) {
        await set(hook, 'pause');
        scene.receiver.answer(hook.path, 'reset', 'reset', { status: 200 });
      }
      await place.report({ title: 'before', alert_key: 'before' });
      await set(toRepeated, 'update', { delivery_mode: 'at_least_once' });
      await set(toOnce, 'update', { delivery_mode: 'at_most_once' });
      await place.report({ title: 'after', alert_key: 'after' });
      for (const hook of [toRepeated, toOnce]) await set(hook, 'resume');
      await toRepeated.pushes(3);
      assert.deepEqual((await triesOf(toRepeated)).toSorted(), ['after success 2', 'before failed 1']);
      assert.deepEqual((await triesOf(toOnce)).toSorted(), ['after failed 1', 'before failed 1']);
      assert.deepEqual([toRepeated.received().length, toOnce.received().length], [3, 2]);
    });

    test('another choice of events is for those that happen after it', async () => {
      place = await scene.place();
      const hook = await place.hook('alert');
      await set(hook, 'pause');
      await place.report({ title: 'wanted', alert_key: 'wanted' });
      await set(hook, 'update', { event_types: ['a_update'] });
      await place.report({ title: 'unwanted', alert_key: 'unwanted' });
      await set(hook, 'resume');
      await place.report({ title: 'unwanted', alert_key: 'unwanted', event_status: 'Warning' });
      const pushes = await hook.pushes(2);
      const seen = pushes.map((push) => [pushOf(push).event_type, String(pushOf(push).alert?.['alert_key'])].join(' '));
      assert.deepEqual(seen.toSorted(), ['a_new wanted', 'a_update unwanted']);
    });
  });
}

/** What became of its two pushes, and at which attempt. */
async function triesOf(hook: Hook): Promise<string[]> {
  const records = await hook.history(2);
  return Promise.all(
    records.map(async (record) => {
      const { ref_title = '', status, attempt } = await hook.detail(record);
      return `${ref_title} ${status} ${attempt}`;
    }),
  );
}
