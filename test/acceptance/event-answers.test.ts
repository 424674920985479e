import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../support/service.ts';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

interface Verdict {
  readonly integration_id: number;
  readonly name: string;
  readonly verdict: string;
  readonly rule: string;
  readonly record_id: string;
}

interface Explained {
  readonly event: { readonly event_id: string; readonly event_type: string; readonly ref_id: string };
  readonly matched: number;
  readonly items: readonly Verdict[];
}

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`which webhooks get which events, on ${database}`, () => {
    let scene: TestApp;
    let place: Place;
    let all: Hook;
    let opened: Json;
    before(async () => {
      scene = await startTestApp({ database });
      place = await scene.place();
      all = await place.hook('incident');
    });
    after(() => scene.stop());

    const explain = async (ref: Json) => (await scene.service.api('/webhook/explain', ref)) as unknown as Explained;
    const incidentPush = async (title: string) => {
      const before = all.received().length;
      await place.report({ title, alert_key: title });
      return pushOf((await all.pushes(before + 1)).at(-1) ?? assert.fail());
    };

    test('each webhook has a verdict by the settings of then, also when they changed later', async () => {
      const acks = await place.hook('incident', { event_types: ['i_ack'] });
      const elsewhere = await scene.place();
      const other = await elsewhere.hook('incident');
      const alerts = await place.hook('alert', { event_types: ['a_close'] });
      const off = await place.hook('incident');
      await scene.service.api('/webhook/disable', { integration_id: off.id });
      const push = await incidentPush('disk');
      opened = push.incident ?? {};

      await scene.service.api('/webhook/update', { integration_id: acks.id, event_types: [] });
      await scene.service.api('/webhook/enable', { integration_id: off.id });
      await scene.service.api('/webhook/update', { integration_id: all.id, event_types: ['i_ack'] });
      const late = await place.hook('incident');
      await all.history(1);
      const { event, matched, items } = await explain({ event_id: push.event_id });
      assert.deepEqual(
        [event.event_id, event.event_type, event.ref_id],
        [push.event_id, 'i_new', opened['incident_id']],
      );
      const rules = new Map(items.map((one) => [one.integration_id, `${one.verdict} ${one.rule}`]));
      assert.deepEqual(
        [all, acks, other, alerts, off, late].map((hook) => rules.get(hook.id)),
        [
          'delivered matched',
          'not_sent event_type',
          'not_sent channel',
          'not_sent kind',
          'not_sent disabled',
          'not_sent created_later',
        ],
      );
      assert.equal(matched, 1);
      const [record] = await all.history(1);
      assert.equal(items.find((one) => one.integration_id === all.id)?.record_id, record?.event_id);
      const again = await explain({ ref_id: opened['incident_id'], sequence: 1, integration_id: late.id });
      assert.deepEqual(
        again.items.map((one) => one.rule),
        ['created_later'],
      );
      await scene.service.api('/webhook/update', { integration_id: all.id, event_types: [] });
    });

    test('an event that matched nothing says so for each webhook', async () => {
      const [alert] = (await scene.service.api('/incident/alert/list', { incident_id: opened['incident_id'] }))[
        'items'
      ] as { alert_id: string }[];
      const { matched, items, event } = await explain({ ref_id: alert?.alert_id, sequence: 1 });
      assert.deepEqual([matched, event.event_type], [0, 'a_new']);
      assert.ok(items.length >= 5 && items.every((one) => one.verdict === 'not_sent'));
      const unknown = await scene.call('/webhook/explain', { event_id: '0'.repeat(32) });
      assert.deepEqual([unknown.status, unknown.error?.code], [400, 'ResourceNotFound']);
    });

    test('a deleted webhook keeps its verdict', async () => {
      const gone = await place.hook('incident', { event_types: ['i_rslv'] });
      const push = await incidentPush('swap');
      await scene.service.api('/webhook/delete', { integration_id: gone.id });
      const { items } = await explain({ event_id: push.event_id });
      assert.equal(items.find((one) => one.integration_id === gone.id)?.rule, 'event_type');
      const next = await incidentPush('swap 2');
      assert.ok((await explain({ event_id: next.event_id })).items.every((one) => one.integration_id !== gone.id));
    });

    test('a preview is the request that is then sent, and sends nothing', async () => {
      const push = await incidentPush('fan');
      const sent = all.received().at(-1);
      const shown = await scene.service.api('/webhook/preview', {
        integration_id: all.id,
        event_id: push.event_id,
        headers: { 'X-Token': 'canary-canary' },
      });
      const request = shown['request'] as {
        method: string;
        url: string;
        headers: Record<string, string>;
        body: string;
      };
      assert.deepEqual([request.method, request.url, request.body], ['POST', all.endpoint, sent?.body]);
      assert.deepEqual(
        [request.headers['webhook-id'], request.headers['X-Token'], request.headers['tocsin-sequence']],
        [push.event_id, '••••nary', '1'],
      );
      assert.ok(request.headers['webhook-signature']?.startsWith('v1,••••'));
      assert.deepEqual([shown['matches'], shown['faults']], [{ matched: true, reason: '' }, []]);
      const count = all.received().length;
      const newest = await scene.service.api('/webhook/preview', {
        type: 'incident',
        endpoint: all.endpoint,
        channel_ids: [place.channelId],
        event_types: ['i_ack'],
        ref_id: push.incident?.['incident_id'],
      });
      assert.deepEqual(newest['matches'], { matched: false, reason: 'event_type' });
      const sample = await scene.service.api('/webhook/preview', { integration_id: all.id, event_type: 'i_rslv' });
      assert.match((sample['request'] as { body: string }).body, /"event_type":"i_rslv"/);
      assert.equal(sample['event'], null);
      assert.equal(all.received().length, count);
    });

    test('a preview of a faulty draft names its faults', async () => {
      const shown = await scene.service.api('/webhook/preview', { type: 'incident', event_types: ['a_new'] });
      const paths = (shown['faults'] as { path: string; line: number }[]).map(({ path }) => path);
      assert.deepEqual([shown['request'], paths], [null, ['endpoint', 'event_types']]);
      const refused = await scene.call('/webhook/preview', { event_type: 'i_new' });
      assert.equal(refused.status, 400);
    });

    test('a rehearsal counts what the webhook would have got', async () => {
      const span = { start_time: Date.now() - 3_600_000, end_time: Date.now() + 60_000 };
      const channel_ids = [place.channelId];
      const found = await scene.service.api('/webhook/rehearse', { type: 'incident', channel_ids, ...span });
      const records = (await all.history(1)).filter((one) => one.event_type === 'i_new');
      // Three of them with a biggest body, and the fourth incident of this place.
      const bodies = all.received().map(({ body }) => Buffer.byteLength(body));
      assert.deepEqual(found['by_type'], [{ event_type: 'i_new', count: 4 }]);
      assert.deepEqual([found['matched'], records.length, found['complete']], [4, 4, true]);
      assert.equal(found['biggest_bytes'], Math.max(...bodies));
      assert.ok(Number(found['total']) >= 8 && Number(found['peak_per_minute']) >= 1);
      const alerts = await scene.service.api('/webhook/rehearse', { type: 'alert', event_types: ['a_merge'], ...span });
      assert.deepEqual(alerts['by_type'], []);
      const none = await scene.service.api('/webhook/rehearse', {
        type: 'incident',
        channel_ids: [12345678901234],
        ...span,
      });
      assert.deepEqual([none['matched'], none['peak_at']], [0, 0]);
    });

    test('a preview of a real incident is the body that a test push of it has', async () => {
      const of = { integration_id: all.id, event_type: 'i_ack', incident_id: opened['incident_id'] };
      const bodyOf = (reply: Record<string, unknown>): Record<string, unknown> => {
        const body = JSON.parse((reply['request'] as { body: string }).body) as Record<string, unknown>;
        return { ...body, event_id: '', event_time: 0 };
      };
      const shown = await scene.service.api('/webhook/preview', of);
      assert.deepEqual(bodyOf(shown), bodyOf(await scene.service.api('/webhook/test', of)));
      assert.deepEqual(shown['matches'], { matched: true, reason: '' });
      const other = await scene.call('/webhook/preview', { integration_id: all.id, alert_id: of.incident_id });
      assert.deepEqual(
        other.error?.faults?.map(({ field }) => field),
        ['alert_id'],
      );
    });
  });
}
