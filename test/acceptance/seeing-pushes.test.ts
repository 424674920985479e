import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../counterparts/program.ts';
import { startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

interface Detail {
  readonly error_message?: string;
  readonly attempts: readonly {
    readonly reason: string;
    readonly error_message: string;
    readonly timing?: Readonly<Record<string, unknown>>;
  }[];
}

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`seeing what became of pushes, on ${database}`, () => {
    let scene: TestApp;
    let place: Place;
    let good: Hook;
    let broken: Hook;
    let viewerKey: string;
    before(async () => {
      scene = await startTestApp({ database });
      place = await scene.place();
      good = await place.hook('incident');
      broken = await place.hook('incident', {
        endpoint: `http://127.0.0.1:${await freePort()}/nobody`,
        unsent_retry_seconds: 0,
      });
      await place.report({ event_status: 'Critical', title: 'disk', alert_key: 'k' });
      await Promise.all([good.history(1), broken.history(1)]);
      const invited = await scene.service.api('/member/invite', { members: [{ email: 'vera@example.org' }] });
      const [member] = invited['items'] as { member_id: number }[];
      const made = await scene.service.api('/person/app-key/create', { key_name: 'v', person_id: member?.member_id });
      viewerKey = String(made['key']);
    });
    after(() => scene.stop());

    const detailOf = async (hook: Hook, key: string) => {
      const [record] = await hook.history(1);
      const ref = { integration_id: hook.id, event_id: record?.event_id };
      return (await scene.call('/webhook/history/detail', ref, { key })).data as unknown as Detail;
    };

    test('each attempt says why it ended and where its time went', async () => {
      const sent = await detailOf(good, scene.service.appKey);
      assert.equal(sent.attempts.length, 1);
      assert.deepEqual(Object.keys(sent.attempts[0]?.timing ?? {}).slice(0, 3), ['dns', 'connect', 'wait']);
      const failed = await detailOf(broken, scene.service.appKey);
      assert.deepEqual([failed.attempts[0]?.reason, failed.attempts[0]?.timing?.['address']], ['connect', '']);
      assert.match(failed.error_message ?? '', /nothing listens at that address and port/);
    });

    test('a viewer learns that it failed, and nothing of what stands at the address', async () => {
      const failed = await detailOf(broken, viewerKey);
      const words = 'the receiver could not be reached; nothing was sent';
      assert.deepEqual([failed.error_message, failed.attempts[0]?.error_message], [words, words]);
      assert.ok(failed.attempts.every((attempt) => !('timing' in attempt)));
    });

    test('a record is found by the id that the push carried', async () => {
      const [push] = good.received();
      const [record] = await good.history(1);
      const id = push?.headers['webhook-id'];
      const found = await scene.service.api('/webhook/history/detail', { integration_id: good.id, event_id: id });
      assert.deepEqual([found['event_id'], found['push_event_id']], [record?.event_id, id]);
    });

    test('a paused webhook shows what waits', async () => {
      await scene.service.api('/webhook/pause', { integration_id: good.id });
      await place.report({ event_status: 'Critical', title: 'cpu', alert_key: 'k2' });
      const now = Date.now();
      const around = { start_time: now - 3_600_000, end_time: now + 3_600_000, limit: 10 };
      const list = { ...around, integration_id: good.id, states: ['pending'] };
      const { items } = (await scene.service.api('/webhook/history/list', list)) as {
        items: { state: string; finished_at: number }[];
      };
      assert.deepEqual(
        items.map(({ state, finished_at }) => [state, finished_at]),
        [['pending', 0]],
      );
      const { items: webhooks } = (await scene.service.api('/webhook/list', { orderby: 'trouble' })) as {
        items: {
          integration_id: number;
          health: { state: string; waiting: number; last_failure: { reason: string } | null };
        }[];
      };
      const healthOf = (hook: Hook) => webhooks.find((one) => one.integration_id === hook.id)?.health;
      assert.deepEqual([healthOf(good)?.state, healthOf(good)?.waiting], ['paused', 1]);
      assert.equal(healthOf(broken)?.last_failure?.reason, 'connect');
      const stats = (await scene.service.api('/webhook/stats', {
        start_time: around.start_time,
        end_time: around.end_time,
      })) as {
        buckets: unknown[];
        totals: { delivered: number; failed: number };
        by_reason: { reason: string }[];
        waiting: number;
      };
      assert.ok(stats.buckets.length > 100 && stats.buckets.length <= 180);
      assert.deepEqual(
        [stats.totals.delivered, stats.totals.failed >= 1, stats.by_reason[0]?.reason],
        [1, true, 'connect'],
      );
      assert.ok(stats.waiting >= 1);
      const many = await scene.call('/webhook/stats', {
        start_time: around.start_time,
        end_time: around.end_time,
        step_seconds: 1,
      });
      assert.match(many.error?.message ?? '', /^step_seconds: must be at least 40 for this span/);
    });

    test('a waiting push names the one before it, and a superseded one the one after it', async () => {
      const hook = await place.hook('incident', { delivery_mode: 'at_least_once', order_policy: 'latest' });
      await scene.service.api('/webhook/pause', { integration_id: hook.id });
      await place.report({ event_status: 'Critical', title: 'swap', alert_key: 'k3' });
      const open = ['pending', 'retry_wait'];
      const [first] = await hook.history(1, { states: open });
      const incident_ids = [first?.ref_id];
      await scene.service.api('/incident/ack', { incident_ids });
      await scene.service.api('/incident/comment', { incident_ids, comment: 'on it' });
      const placesOf = (items: readonly object[]) =>
        items.map((one) => {
          const {
            sequence,
            behind,
            superseded_by: by,
          } = one as Record<'sequence' | 'behind' | 'superseded_by', number>;
          return [sequence, behind, by];
        });
      assert.deepEqual(placesOf(await hook.history(3, { states: open })), [
        [1, 0, 0],
        [2, 1, 0],
        [3, 1, 0],
      ]);
      await scene.service.api('/webhook/resume', { integration_id: hook.id });
      await hook.history(1, { states: ['delivered'] });
      const ended = await hook.history(3);
      assert.deepEqual(placesOf(ended), [
        [1, 0, 3],
        [2, 0, 3],
        [3, 0, 0],
      ]);
      const [oldest] = ended;
      assert.deepEqual(placesOf(oldest === undefined ? [] : [await hook.detail(oldest)]), [[1, 0, 3]]);
    });

    test('the system page says how it is, without a secret', async () => {
      const info = await scene.service.api('/system/info');
      const { kind, bytes } = info['database'] as { kind: string; bytes: number };
      assert.deepEqual([kind, bytes > 10_000, info['ready'], info['reasons']], [database, true, true, []]);
      assert.equal((info['nodes'] as unknown[]).length, database === 'postgres' ? 1 : 0);
      const settings = info['settings'] as Record<string, string>;
      assert.equal(settings['TOCSIN_APP_KEY'], '(set, hidden)');
      assert.ok(!JSON.stringify(info).includes(scene.service.appKey));
    });
  });
}
