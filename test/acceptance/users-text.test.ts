import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { seeded } from '../counterparts/receiver-process.ts';
import { startReceiver, verifySignature, type Answer, type Received } from '../counterparts/receiver.ts';
import { selfSigned } from '../support/certificate.ts';
import { databasesAndThreads, pushOf, startTestApp, type Hook, type Push, type TestApp } from '../support/test-app.ts';

/** What the user's text says, a sentence at a time. */

const published = ['47.94.95.118', '123.56.8.183', '47.94.193.81', '1.13.19.96'];

for (const { database, where, env } of databasesAndThreads) {
  describe(`the user's text, on ${database}${where}`, () => {
    let scene: TestApp;
    before(async () => {
      scene = await startTestApp({ database, env: { ...env, TOCSIN_EGRESS_PUBLISHED: published.join(',') } });
    });
    after(() => scene.stop());

    test('there are incident webhooks and alert webhooks, and each gets what is its own', async () => {
      const place = await scene.place();
      const alerts = await place.hook('alert');
      const incidents = await place.hook('incident');
      await place.report({ title: 'disk', alert_key: 'disk' });
      const [alertPush] = (await alerts.pushes(1)).map(pushOf);
      const [incidentPush] = (await incidents.pushes(1)).map(pushOf);
      assert.deepEqual([alertPush?.event_type, alertPush?.incident], ['a_new', undefined]);
      assert.deepEqual([incidentPush?.event_type, incidentPush?.alert], ['i_new', undefined]);
    });

    test('a push is a POST of JSON, and the URL is kept as it was given with its query', async () => {
      const place = await scene.place();
      const target = '/kept//as/./it/is?a=a&b=%2f%20&c=1&c=2&empty=&~';
      const hook = await place.hook('alert', { endpoint: scene.receiver.url + target });
      await place.report({ title: 'Größe', alert_key: 'k' });
      const [push] = await scene.receiver.waitFor(1, (one) => one.target === target);
      assert.deepEqual([push?.method, push?.headers['content-type']], ['POST', 'application/json']);
      assert.equal((JSON.parse(push?.body ?? '') as Push).alert?.['title'], 'Größe');
      const [record] = await hook.history(1);
      assert.equal(record?.endpoint, scene.receiver.url + target);
    });

    test('a push goes over https too: a self-signed certificate is refused, unless verification is off', async (t) => {
      const receiver = await startReceiver({ tls: selfSigned });
      t.after(() => receiver.stop());
      const place = await scene.place();
      const strict = await place.hook('alert', { endpoint: `${receiver.url}/strict` });
      const lenient = await place.hook('alert', { endpoint: `${receiver.url}/lenient`, tls_verify: false });
      await place.report({ title: 'disk', alert_key: 'disk' });
      const [refused] = await strict.history(1);
      const [taken] = await lenient.history(1);
      assert.deepEqual([refused?.status, refused?.status_code], ['failed', 0]);
      assert.match(refused?.error_message ?? '', /certificate of the receiver is self-signed/);
      assert.deepEqual([taken?.status, taken?.status_code], ['success', 200]);
      assert.deepEqual(
        receiver.received.map((push) => push.path),
        ['/lenient'],
      );
    });

    test('headers of one’s own are sent, and their names are unique within a webhook whatever their case', async () => {
      const place = await scene.place();
      const headers = { 'X-Team': 'web', Authorization: 'Bearer of-good-news-0123456789' };
      const hook = await place.hook('alert', { headers });
      await place.report({ title: 'disk', alert_key: 'disk' });
      const [push] = await hook.pushes(1);
      assert.deepEqual([push?.headers['x-team'], push?.headers['authorization']], ['web', headers.Authorization]);
      await assert.rejects(
        place.hook('alert', { headers: { 'X-Team': 'web', 'x-team': 'db' } }),
        /400 InvalidParameter: .*"X-Team" and "x-team" are the same header/,
      );
      const changed = { integration_id: hook.id, headers: { 'X-Team': 'a', 'X-TEAM': 'b' } };
      await assert.rejects(scene.service.api('/webhook/update', changed), /are the same header/);
    });

    test('a webhook subscribes to certain channels', async () => {
      const [here, there] = [await scene.place(), await scene.place()];
      const both = { channel_ids: [here.channelId, there.channelId] };
      const one = await here.hook('alert');
      const two = await here.hook('alert', both);
      await there.report({ title: 'there', alert_key: 'k' });
      await here.report({ title: 'here', alert_key: 'k' });
      assert.deepEqual(titlesOf(await two.pushes(2)).toSorted(), ['here', 'there']);
      assert.deepEqual(titlesOf(await one.pushes(1)), ['here']);
      // An event that matches no webhook has no record, so waiting longer changes nothing.
      assert.equal((await one.history(1)).length, 1);
    });

    test('a webhook subscribes to certain event types, and those of incidents and of alerts differ', async () => {
      const place = await scene.place();
      const ends = await place.hook('incident', { event_types: ['i_rslv'] });
      const updates = await place.hook('alert', { event_types: ['a_update'] });
      await place.report({ title: 'disk', alert_key: 'disk' });
      await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Ok' });
      assert.deepEqual(typesOf(await ends.pushes(1)), ['i_rslv']);
      assert.deepEqual(typesOf(await updates.pushes(1)), ['a_update']);
      assert.equal((await ends.history(1)).length, 1);
      await assert.rejects(
        place.hook('alert', { event_types: ['i_new'] }),
        /InvalidParameter: .*event_types.*a_new, a_update, a_merge, a_close/,
      );
      await assert.rejects(place.hook('incident', { event_types: ['a_new'] }), /event_types.*i_new/);
    });

    test('the receiver has 1 second to answer; later it has failed, and is not sent to again', async () => {
      const place = await scene.place();
      const late = await place.hook('alert', { timeout_ms: undefined });
      const punctual = await place.hook('alert', { timeout_ms: undefined });
      scene.receiver.answer(late.path, { status: 200, delayMs: 1200 }, { status: 200 });
      scene.receiver.answer(punctual.path, { status: 200, delayMs: 500 }, { status: 200 });
      await place.report({ title: 'disk', alert_key: 'disk' });
      await place.report({ title: 'disk', alert_key: 'disk', description: 'fuller' });
      const [failed, next] = await late.history(2);
      assert.deepEqual([failed?.event_type, failed?.status, failed?.status_code], ['a_new', 'failed', 0]);
      assert.match(failed?.error_message ?? '', /no complete response headers within 1000 ms/);
      assert.ok(failed !== undefined && failed.duration >= 1000, `${failed?.duration} ms`);
      assert.equal(failed.attempt, 1);
      assert.deepEqual([next?.event_type, next?.status], ['a_update', 'success']);
      assert.deepEqual(typesOf(late.received()), ['a_new', 'a_update']);
      const inTime = await punctual.history(2);
      assert.deepEqual(
        inTime.map((record) => record.status),
        ['success', 'success'],
      );
    });

    test('whatever a receiver answers, an event is pushed once', async () => {
      const place = await scene.place();
      const hook = await place.hook('alert', { timeout_ms: 300 });
      const answers: Answer[] = [{ status: 500 }, { status: 421 }, { status: 429 }, 'reset', 'hang', { status: 503 }];
      scene.receiver.answer(hook.path, ...answers, { status: 204 });
      for (let number = 0; number <= answers.length; number += 1) {
        await place.report({ title: 'disk', alert_key: 'disk', description: `change ${number}` });
      }
      const records = await hook.history(7);
      assert.deepEqual(
        records.map((record) => [record.status, record.status_code, record.attempt]),
        [500, 421, 429, 0, 0, 503, 204].map((code) => [code === 204 ? 'success' : 'failed', code, 1]),
      );
      assert.deepEqual(sequencesOf(hook), ['1', '2', '3', '4', '5', '6', '7']);
    });

    test('events of one alert come in chronological order, however long the receiver takes, and event_time rises', async () => {
      const place = await scene.place();
      const hook = await place.hook('alert');
      const incidents = await place.hook('incident');
      const random = seeded(7);
      const delays = Array.from({ length: 80 }, () => ({ status: 200, delayMs: Math.floor(random() * 40) }));
      scene.receiver.answer(hook.path, ...delays);
      const keys = ['a', 'b', 'c', 'd'];
      await Promise.all(
        keys.map(async (key) => {
          for (let number = 0; number < 10; number += 1) {
            await place.report({ title: key, alert_key: key, description: `change ${number}` });
          }
        }),
      );
      await place.report({ title: 'a', alert_key: 'a', event_status: 'Ok' });
      const pushes = (await hook.pushes(41)).map(pushOf);
      for (const [key, lane] of Map.groupBy(pushes, (push) => String(push.alert?.['alert_key']))) {
        const expected = Array.from({ length: 10 }, (_, number) => `change ${number}`);
        const told = lane.map((push) => String(push.alert?.['description']));
        assert.deepEqual(told.slice(0, 10), expected, key);
        assertRises(lane.map((push) => push.event_time));
      }
      const ofA = (await incidents.pushes(5)).map(pushOf).filter((push) => push.incident?.['title'] === 'a');
      assert.deepEqual(
        ofA.map((push) => push.event_type),
        ['i_new', 'i_rslv'],
      );
      assertRises(ofA.map((push) => push.event_time));
    });

    test('every push carries the latest complete information: the newest equals the object of the API', async () => {
      const place = await scene.place();
      const hook = await place.hook('incident');
      await place.report({ title: 'disk', alert_key: 'disk', labels: { host: 'db-3' } });
      const [first] = (await hook.pushes(1)).map(pushOf);
      const id = String(first?.incident?.['incident_id']);
      await scene.service.api('/incident/ack', { incident_ids: [id] });
      await scene.service.api('/incident/resolve', { incident_ids: [id], root_cause: 'logs', resolution: 'rotated' });
      const pushes = (await hook.pushes(3)).map(pushOf);
      const newest = pushes.toSorted((a, b) => a.event_time - b.event_time).at(-1)?.incident ?? {};
      assert.deepEqual([newest['progress'], newest['root_cause'], newest['ack_time']].map(Boolean), [true, true, true]);
      const shown = await scene.service.api('/incident/info', { incident_id: id });
      for (const [name, value] of Object.entries(newest)) assert.deepEqual(shown[name], value, name);
    });

    test('a push is signed, and carries one event_id for all webhooks', async () => {
      const place = await scene.place();
      const [one, two] = [await place.hook('alert'), await place.hook('alert')];
      const unsigned = await place.hook('alert', { signing: false });
      await place.report({ title: 'disk', alert_key: 'disk' });
      const pushes = [...(await one.pushes(1)), ...(await two.pushes(1)), ...(await unsigned.pushes(1))];
      const ids = pushes.map((push) => [pushOf(push).event_id, push.headers['webhook-id']]);
      assert.equal(new Set(ids.flat()).size, 1);
      assert.match(String(ids[0]?.[0]), /^[0-9a-f]{32}$/);
      const [first, second, third] = pushes;
      assert.ok(first !== undefined && second !== undefined);
      verifySignature(first, one.secret);
      verifySignature(second, two.secret);
      assert.throws(() => verifySignature(first, two.secret));
      assert.equal(third?.headers['webhook-signature'], undefined);
    });

    test('the addresses that pushes come from are published', async () => {
      const info = await scene.service.api('/egress/info');
      assert.deepEqual(info['source_addresses'], published);
      assert.match(String(info['user_agent']), /^Tocsin\/\d/);
    });

    test('at most one push per event: in all of the above none came twice', () => {
      const seen = scene.receiver.received.map((push) => `${push.path} ${String(push.headers['webhook-id'])}`);
      assert.ok(seen.length > 70);
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(scene.receiver.torn, 0);
    });
  });
}

function titlesOf(received: readonly Received[]): string[] {
  return received.map((one) => String(pushOf(one).alert?.['title']));
}

function typesOf(received: readonly Received[]): string[] {
  return received.map((one) => pushOf(one).event_type);
}

function sequencesOf(hook: Hook): unknown[] {
  return hook.received().map((one) => one.headers['tocsin-sequence']);
}

function assertRises(times: readonly number[]): void {
  assert.ok(
    times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0)),
    times.join(', '),
  );
}
