import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  around,
  pushOf,
  startTestApp,
  type HistoryItem,
  type Hook,
  type Place,
  type TestApp,
} from '../support/test-app.ts';

const alertsCount = 20;
const inFlightMax = 8;

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`a webhook that hangs, on ${database}`, () => {
    let scene: TestApp;
    let place: Place;
    let hanging: Hook;
    let healthy: Hook;

    before(async () => {
      scene = await startTestApp({ database });
      place = await scene.place();
      // So long that nothing of this test can be explained by a timeout.
      hanging = await place.hook('alert', { timeout_ms: 30_000, max_in_flight: inFlightMax });
      healthy = await place.hook('alert');
    });
    after(async () => {
      scene.receiver.answer(hanging.path, { status: 200 });
      scene.receiver.release();
      await scene.stop();
    });

    test('a webhook that hangs delays no other webhook’s pushes', async () => {
      scene.receiver.answer(hanging.path, 'hang');
      for (const description of ['first', 'second', 'third']) {
        await Promise.all(Array.from({ length: alertsCount }, (_, index) => fire(place, index, description)));
      }
      await healthy.pushes(alertsCount * 3);
      // All of it has arrived there, and here not one request has an answer yet, nor more than its own share was begun.
      assert.equal((await healthy.history(alertsCount * 3)).length, alertsCount * 3);
      assert.deepEqual(await hanging.history(0), []);
      const begun = hanging.received().length;
      assert.ok(begun >= 1 && begun <= inFlightMax, `${begun} requests were begun`);
      assert.equal(scene.receiver.inFlight, begun);
      const lanes = Map.groupBy(healthy.received(), (push) => pushOf(push).alert?.['alert_id']);
      for (const lane of lanes.values()) {
        assert.deepEqual(
          lane.map((push) => push.headers['tocsin-sequence']),
          ['1', '2', '3'],
        );
      }
    });

    test('its deliveries arrive as soon as it answers, each lane in order', async () => {
      scene.receiver.answer(hanging.path, { status: 503 }, { status: 200 });
      scene.receiver.release(200);
      const pushes = await hanging.pushes(alertsCount * 3);
      for (const lane of Map.groupBy(pushes, (push) => pushOf(push).alert?.['alert_id']).values()) {
        assert.deepEqual(
          lane.map((push) => pushOf(push).alert?.['description']),
          ['first', 'second', 'third'],
        );
      }
      await hanging.history(alertsCount * 3);
    });

    test('both are in the history, each record with every field of the list and no other', async () => {
      const records = [...(await hanging.history(1)), ...(await healthy.history(1))];
      const names =
        'attempt, attempts_left, behind, channel_id, created_at, due_at, duration, endpoint, event_id, event_time, event_type, finished_at, ' +
        'generation, integration_id, mode, push_event_id, reason, ref_id, ref_title, sequence, state, status, status_code, superseded_by, webhook_type';
      for (const record of records) {
        const given = Object.keys(record).filter((name) => name !== 'error_message');
        assert.equal(given.toSorted().join(', '), names);
        assert.match(record.event_id, /^\d{8}[2-9A-HJ-NP-Za-km-z]{22}$/);
        assert.match(record.event_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/);
        assert.match(record.ref_id ?? '', /^[0-9a-f]{24}$/);
        const { ref_title } = await (record.integration_id === hanging.id ? hanging : healthy).detail(record);
        assert.ok(ref_title !== '' && record.ref_title === ref_title);
        assert.deepEqual([record.webhook_type, record.channel_id, record.attempt], ['alert', place.channelId, 1]);
        assert.equal('error_message' in record, record.status === 'failed');
      }
      assert.equal(new Set(records.map((record) => record.event_id)).size, alertsCount * 6);
      assert.equal(new Set(records.map((record) => record.event_time + record.ref_id)).size, alertsCount * 3);
      const failed = records.filter((record) => record.status === 'failed');
      assert.deepEqual(
        failed.map((record) => [record.integration_id, record.status_code, record.error_message]),
        [[hanging.id, 503, 'the receiver answered 503']],
      );
    });

    test('the history is filtered by webhook, status, type, object and time', async () => {
      const [one] = await healthy.history(1);
      const rows: readonly (readonly [filter: Record<string, unknown>, count: number])[] = [
        [{}, alertsCount * 6],
        [{ integration_id: healthy.id }, alertsCount * 3],
        [{ status: 'failed' }, 1],
        [{ status: 'success', integration_id: hanging.id }, alertsCount * 3 - 1],
        [{ event_types: ['a_new'] }, alertsCount * 2],
        [{ event_types: ['a_new', 'a_update'] }, alertsCount * 6],
        [{ event_types: ['i_new'] }, 0],
        [{ ref_id: one?.ref_id }, 6],
        [{ ref_id: '0'.repeat(24) }, 0],
        [{ end_time: Date.parse(one?.event_time ?? '') - 1 }, 0],
        [{ start_time: Date.now() + 60_000 }, 0],
      ];
      for (const [filter, count] of rows) {
        const { total } = await listed(filter);
        assert.equal(total, count, JSON.stringify(filter));
      }
    });

    test('a cursor leads through all of the history, in either direction, and nothing comes twice', async () => {
      for (const asc of [true, false]) {
        const seen: HistoryItem[] = [];
        let cursor = '';
        do {
          const page = await listed({ asc, limit: 7, search_after_ctx: cursor });
          assert.ok(page.items.length > 0 && page.items.length <= 7);
          seen.push(...page.items);
          cursor = page.search_after_ctx;
        } while (cursor !== '');
        assert.equal(new Set(seen.map((item) => `${item.integration_id} ${item.event_id}`)).size, alertsCount * 6);
        assert.equal(seen.length, alertsCount * 6);
        const times = seen.map((item) => item.event_time);
        const sorted = times.toSorted();
        assert.deepEqual(times, asc ? sorted : sorted.toReversed());
      }
    });

    test('the detail shows the request as it was sent, the answer, and the object’s names', async () => {
      scene.receiver.answer(healthy.path, { status: 202, headers: { 'x-ticket': 'T-1' }, body: 'taken' });
      await place.report({ title: 'the last one', alert_key: 'last' });
      const [push] = await scene.receiver.waitFor(1, (one) => one.path === healthy.path && /last one/.test(one.body));
      const records = await healthy.history(alertsCount * 3 + 1);
      const detail = await healthy.detail(records.at(-1) ?? assert.fail());
      assert.equal(detail.request_body, push?.body);
      const requestHeaders = JSON.parse(detail.request_headers ?? '') as Record<string, string>;
      assert.equal(requestHeaders['webhook-id'], push?.headers['webhook-id']);
      assert.equal(requestHeaders['Content-Type'], 'application/json');
      const responseHeaders = JSON.parse(detail.response_headers ?? '') as Record<string, string>;
      assert.equal(responseHeaders['x-ticket'], 'T-1');
      assert.deepEqual(
        [detail.response_body, detail.status, detail.status_code, detail.ref_title, detail.channel_name],
        ['taken', 'success', 202, 'the last one', place.channelName],
      );
    });

    async function listed(filter: object) {
      const page = await scene.service.api('/webhook/history/list', { ...around(), limit: 1, ...filter });
      return page as unknown as { items: HistoryItem[]; total: number; search_after_ctx: string };
    }
  });
}

function fire(place: Place, index: number, description: string): Promise<string> {
  return place.report({ title: `alert ${index}`, alert_key: `key-${index}`, description });
}
