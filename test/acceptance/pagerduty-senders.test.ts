import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

/*
 * PagerDuty's senders, unchanged but for the host: the paths that their clients add, the key in the body, bodies that are
 * large, chunked or called something else, and refusals that they can print.
 */

let scene: TestApp;
let place: Place;
let hook: Hook;
let key: string;

before(async () => {
  scene = await startTestApp();
  place = await scene.place();
  hook = await place.hook('alert');
  const source = { name: 'pager', type: 'pagerduty', channel_id: place.channelId };
  key = String((await scene.service.api('/integration/create', source))['integration_key']);
});
after(() => scene.stop());

const payload = { summary: 'Pump 1 stands still', source: 'plant-2', severity: 'critical' };
const event = (dedupKey: string, more: object = {}) => ({
  routing_key: key,
  event_action: 'trigger',
  dedup_key: dedupKey,
  payload,
  ...more,
});

async function send(path: string, body: unknown, headers: Record<string, string> = {}, chunked = false) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const sent = request(`${scene.service.url}${path}`, { method: 'POST', headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        resolve({ status: answer.statusCode ?? 0, body });
      });
    });
    sent.on('error', reject);
    if (chunked) sent.write(text.slice(0, 10));
    sent.end(chunked ? text.slice(10) : text);
  });
}

async function alertOf(dedupKey: string, count: number): Promise<Record<string, unknown>> {
  const alerts = (await hook.pushes(count)).map((push) => pushOf(push).alert ?? {});
  const alert = alerts.findLast((one) => one['alert_key'] === dedupKey);
  assert.ok(alert !== undefined, `no push of ${dedupKey}`);
  return alert;
}

describe('the paths that clients add to the host', () => {
  for (const path of ['/v2/enqueue', '/v2/enqueue/', '/event/push/alert/pagerduty/v2/enqueue']) {
    test(path, async () => {
      const count = hook.received().length;
      const fired = await send(path, event(path));
      const { status, message, dedup_key, result } = fired.body;
      assert.deepEqual(
        [fired.status, status, message, dedup_key, result],
        [202, 'success', 'Event processed', path, 'opened'],
      );
      await send(path, { routing_key: key, event_action: 'resolve', dedup_key: path });
      assert.equal((await alertOf(path, count + 2))['alert_status'], 'Ok');
    });
  }

  test('those of version 1', async () => {
    const body = { service_key: key, event_type: 'trigger', incident_key: 'v1', description: 'Pump 1 stands still' };
    const answer = await send('/generic/2010-04-15/create_event.json', body);
    assert.deepEqual([answer.status, answer.body['incident_key']], [200, 'v1']);
  });

  test('change events are kept as changes, and open nothing', async () => {
    const answer = await send('/v2/change/enqueue', { routing_key: key, payload: { summary: 'Build 7' } });
    assert.deepEqual([answer.status, answer.body['status']], [202, 'success']);
    const { items } = await scene.service.api('/change/list', { change_ids: [answer.body['change_id']] });
    assert.deepEqual(
      (items as { title: string }[]).map(({ title }) => title),
      ['Build 7'],
    );
    await send('/v2/enqueue', event('after the change'));
    await scene.receiver.waitFor(1, (one) => pushOf(one).alert?.['alert_key'] === 'after the change');
    const titles = hook.received().map((push) => pushOf(push).alert?.['title']);
    assert.ok(!titles.includes('Build 7'));
  });
});

test('a body over 64 KiB is found by the key in it', async () => {
  const details = { firing: 'x'.repeat(70_000) };
  const answer = await send(
    '/event/push/alert/pagerduty',
    event('large', { payload: { ...payload, custom_details: details } }),
  );
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
});

test('so is a chunked one', async () => {
  const answer = await send('/event/push/alert/pagerduty', event('chunked'), {}, true);
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
});

for (const type of ['application/x-www-form-urlencoded', undefined, 'text/plain; charset=us-ascii']) {
  test(`the body is JSON, whatever its sender calls it: ${type}`, async () => {
    const answer = await send(
      '/event/push/alert/pagerduty',
      event('typed'),
      type === undefined ? {} : { 'content-type': type },
    );
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
  });
}

describe('refusals have the form that its senders print', () => {
  const rows: readonly [what: string, body: () => unknown, error: RegExp][] = [
    [
      'a wrong key',
      () => ({ ...event('k'), routing_key: '0123456789abcdef0123456789abcdef' }),
      /integration_key is not/,
    ],
    ['no key', () => ({ event_action: 'trigger', payload }), /integration_key is not/],
    ['a wrong event', () => ({ ...event('k'), payload: {} }), /payload\.summary: must be/],
    ['no JSON', () => '{', /invalid_json/],
    ['nothing', () => '', /integration_key is not/],
  ];
  for (const [what, body, error] of rows) {
    test(what, async () => {
      const answer = await send('/v2/enqueue', body());
      const { status, message, errors } = answer.body;
      assert.deepEqual([answer.status, status, message], [400, 'invalid event', 'Event object is invalid']);
      assert.match((errors as string[]).join(), error);
    });
  }
});

test('details without a description become it, and a later trigger without details keeps them', async () => {
  const count = hook.received().length;
  const details = { 'Trigger description': 'no flow for 5 min', 'Trigger opdata': '0 l/s' };
  await send('/v2/enqueue', event('details', { payload: { ...payload, custom_details: details } }));
  const described = 'Trigger description: no flow for 5 min\nTrigger opdata: 0 l/s';
  assert.equal((await alertOf('details', count + 1))['description'], described);
  await send('/v2/enqueue', event('details', { payload: { ...payload, severity: 'warning' } }));
  const later = await alertOf('details', count + 2);
  assert.equal(later['description'], described);
  assert.equal((later['labels'] as Record<string, string>)['Trigger_opdata'], '0 l/s');
});
