import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefreshedAlerts, type AlertMoment } from './search-text.ts';

const at = (updated_at: number, alert_id = `alert-${updated_at}`): AlertMoment => ({ alert_id, updated_at });
const many = 250;

test('alerts that an event announced are not taken again for their time, but for the newest of them', () => {
  const refreshed = new RefreshedAlerts();
  const alerts = [at(1_000), at(1_500), at(1_950), at(2_000)];
  refreshed.takenByEvent(alerts);
  assert.deepEqual(refreshed.next(alerts, many), { fresh: [at(1_950), at(2_000)], reached: 2_000 });
});

test('an alert that changed since an event announced it is taken', () => {
  const refreshed = new RefreshedAlerts();
  refreshed.takenByEvent([at(1_000, 'one'), at(2_000, 'two')]);
  assert.deepEqual(refreshed.next([at(1_001, 'one')], many).fresh, [at(1_001, 'one')]);
});

test('the index has come as far as the last alert that it knows or takes now', () => {
  const refreshed = new RefreshedAlerts();
  const alerts = [at(1_000), at(1_100), at(1_200), at(1_300), at(9_000)];
  refreshed.takenByEvent([at(1_100), at(1_200), at(9_000)]);
  assert.deepEqual(refreshed.next(alerts, 1), { fresh: [at(1_000)], reached: 1_000 });
  refreshed.taken([at(1_000)], 1_000);
  assert.deepEqual(refreshed.next(alerts.slice(0, 3), 1), { fresh: [], reached: 1_200 });
  assert.deepEqual(refreshed.next([], 1), { fresh: [], reached: 0 });
});

test('an alert that it knows is forgotten once the index is well past it, however it was taken', () => {
  const refreshed = new RefreshedAlerts();
  refreshed.takenByEvent([at(1_000), at(2_000), at(60_000)]);
  assert.equal(refreshed.size, 2);
  refreshed.taken([], 60_000);
  assert.equal(refreshed.size, 0);
});
