import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pushOf, startTestApp, type Push, type TestApp } from '../support/test-app.ts';

let scene: TestApp;
before(async () => {
  scene = await startTestApp();
});
after(() => scene.stop());

test('a test push is marked, and each has its own id', async () => {
  const place = await scene.place();
  const hook = await place.hook('incident');
  for (const type of ['i_new', 'i_ack']) {
    const { data } = await scene.call('/webhook/test', { integration_id: hook.id, event_type: type });
    assert.equal(data['outcome'], 'delivered');
  }
  const pushes = await hook.pushes(2);
  assert.deepEqual(
    pushes.map(({ headers }) => [headers['tocsin-test'], headers['tocsin-sequence']]),
    [
      ['1', '1'],
      ['1', '1'],
    ],
  );
  const ids = pushes.map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual(
    ids,
    pushes.map((one) => pushOf(one).event_id),
  );
});

test('a test push can be of a real incident or alert, which it does not change', async () => {
  const place = await scene.place();
  const [incidents, alerts] = [await place.hook('incident'), await place.hook('alert')];
  await place.report({ title: 'disk full on db-3', alert_key: 'disk', labels: { host: 'db-3' } });
  const [opened] = (await incidents.pushes(1)).map(pushOf);
  const [fired] = (await alerts.pushes(1)).map(pushOf);
  const incidentId = idOf(opened, 'incident');
  const alertId = idOf(fired, 'alert');
  await scene.call('/webhook/test', { integration_id: incidents.id, event_type: 'i_ack', incident_id: incidentId });
  await scene.call('/webhook/test', { integration_id: alerts.id, event_type: 'a_update', alert_id: alertId });
  const [, ofIncident] = await incidents.pushes(2);
  const [, ofAlert] = await alerts.pushes(2);
  assert.ok(ofIncident !== undefined && ofAlert !== undefined);
  assert.deepEqual(pushOf(ofIncident).incident, opened?.incident);
  assert.deepEqual(
    [pushOf(ofIncident).event_type, pushOf(ofIncident).person?.['email']],
    ['i_ack', 'admin@example.org'],
  );
  assert.deepEqual(pushOf(ofAlert).alert, fired?.alert);
  assert.equal(pushOf(ofAlert).person, undefined);
  // The sequence of the last event: a receiver that keeps the newest keeps what it has.
  assert.deepEqual([ofIncident.headers['tocsin-sequence'], ofIncident.headers['tocsin-test']], ['1', '1']);
  assert.notEqual(pushOf(ofIncident).event_id, opened?.event_id);
  const { data } = await scene.call('/incident/info', { incident_id: incidentId });
  assert.equal(data['progress'], 'Triggered');
  assert.equal((await incidents.history(1)).length, 1, 'it is not in the history');
});

test('the action of a button is tested with the alerts of the incident', async () => {
  const place = await scene.place();
  const incidents = await place.hook('incident');
  await place.report({ title: 'restart me', alert_key: 'restart' });
  const [opened] = (await incidents.pushes(1)).map(pushOf);
  const endpoint = `${scene.receiver.url}/action`;
  const draft = { type: 'custom_action', name: 'Restart', endpoint, incident_id: idOf(opened, 'incident') };
  assert.equal((await scene.call('/webhook/test', draft)).data['outcome'], 'delivered');
  const [push] = (await scene.receiver.waitFor(1, (one) => one.path === '/action')).map(pushOf);
  const shown = (push?.incident?.['alerts'] ?? []) as { title: string }[];
  assert.deepEqual(
    shown.map(({ title }) => title),
    ['restart me'],
  );
});

test('what does not fit is refused by name', async () => {
  const place = await scene.place();
  const [incidents, alerts] = [await place.hook('incident'), await place.hook('alert')];
  const nowhere = '0'.repeat(24);
  const refusal = async (body: object) => {
    const { status, error } = await scene.call('/webhook/test', body);
    return [status, error?.code, error?.faults?.map(({ field }) => field) ?? []];
  };
  assert.deepEqual(await refusal({ integration_id: alerts.id, incident_id: nowhere }), [
    400,
    'InvalidParameter',
    ['incident_id'],
  ]);
  assert.deepEqual(await refusal({ integration_id: incidents.id, alert_id: nowhere }), [
    400,
    'InvalidParameter',
    ['alert_id'],
  ]);
  const [, code] = await refusal({ integration_id: incidents.id, incident_id: nowhere });
  assert.equal(code, 'ResourceNotFound');
});

function idOf(push: Push | undefined, kind: 'incident' | 'alert'): string {
  return String(push?.[kind]?.[`${kind}_id`]);
}
