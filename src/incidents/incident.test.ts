import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyReport, closeAlert, worse, type Alert, type Status } from '../alerts/alert.ts';
import {
  alertChanged,
  alertJoined,
  alertLeft,
  alertsMax,
  closeIncident,
  hasRunOut,
  incidentByHand,
  incidentFromAlert,
  numOf,
  takesAlerts,
  type Incident,
} from './incident.ts';
import { acknowledge, unacknowledge } from './transitions.ts';

const now = 1_780_000_000_000;
const grouping = { method: 'n', equalsMd5: '', until: 0 } as const;

function alert(id: string, status: Exclude<Status, 'Ok'>): Alert {
  const outcome = applyReport(
    undefined,
    { alertKey: id, title: id, titleRule: '', description: '', status, labels: {}, images: [], eventTime: now },
    { alertId: () => id, integrationId: 1, channelId: 2, now, mergeWindowMs: 1000 },
  );
  assert.ok(outcome.kind === 'opened');
  return outcome.alert;
}

function recovered(before: Alert): Alert {
  return { ...before, status: 'Ok', progress: 'Closed', endTime: now + 1000, closeTime: now + 1000 };
}

function byHand(): Incident {
  return incidentByHand(
    '6a1f00c2d4e5f60718293a4b',
    { title: 't', description: '', severity: 'Info', channelId: 0, fields: {} },
    7,
    now,
  );
}

test('num is the last six digits of the id in upper case', () => {
  assert.equal(numOf('64b1352e376e32c85c56e25b'), '56E25B');
});

test('an incident by hand has the status of its severity and nothing to recover', () => {
  const incident = byHand();
  assert.deepEqual([incident.status, incident.alertCnt, hasRunOut(incident)], ['Info', 0, false]);
});

test('it runs out when its last alert recovers, and keeps its severity', () => {
  const first = alert('a', 'Critical');
  const second = alert('b', 'Warning');
  let incident = alertJoined(incidentFromAlert('i', first, grouping, now), second, now);
  incident = alertChanged(incident, first, recovered(first), now + 1000);
  assert.deepEqual([incident.status, incident.severity, hasRunOut(incident)], ['Warning', 'Critical', false]);
  incident = alertChanged(incident, second, recovered(second), now + 1000);
  assert.deepEqual(
    [incident.status, incident.severity, incident.endTime, hasRunOut(incident)],
    ['Ok', 'Critical', now + 1000, true],
  );
});

test('an alert closed by hand does not recover, but nothing more can come from it', () => {
  const only = alert('a', 'Critical');
  const incident = alertChanged(incidentFromAlert('i', only, grouping, now), only, closeAlert(only, now), now);
  assert.deepEqual([incident.status, hasRunOut(incident)], ['Critical', true]);
});

test('acknowledging makes a responder and is a no-op the second time and on a closed incident', () => {
  const acked = acknowledge(byHand(), 9, now + 5);
  assert.deepEqual([acked.progress, acked.ackTime], ['Processing', now + 5]);
  assert.deepEqual(acked.responders, [{ personId: 9, assignedAt: now + 5, acknowledgedAt: now + 5 }]);
  assert.equal(acknowledge(acked, 9, now + 6), acked);
  const closed = closeIncident(acked, 9, now + 7);
  assert.equal(acknowledge(closed, 8, now + 8), closed);
});

test('it is Triggered again only when nobody is left who acknowledged it', () => {
  const both = acknowledge(acknowledge(byHand(), 8, now + 1), 9, now + 2);
  const one = unacknowledge(both, 8, now + 3);
  assert.deepEqual([one.progress, one.ackTime], ['Processing', now + 2]);
  const none = unacknowledge(one, 9, now + 4);
  assert.deepEqual([none.progress, none.ackTime], ['Triggered', 0]);
  assert.equal(unacknowledge(none, 9, now + 5), none);
});

test('it takes alerts up to its limit, its window and its closing', () => {
  const incident = incidentFromAlert('i', alert('a', 'Info'), { ...grouping, until: now + 10 }, now);
  assert.equal(takesAlerts(incident, now + 10), true);
  assert.equal(takesAlerts(incident, now + 11), false);
  assert.equal(takesAlerts({ ...incident, alertCnt: alertsMax }, now), false);
  assert.equal(takesAlerts({ ...incident, mergeDisabled: true }, now), false);
  assert.equal(takesAlerts(closeIncident(incident, 0, now), now), false);
});

test('a severity set by hand no longer follows the alerts', () => {
  const edited = { ...incidentFromAlert('i', alert('a', 'Info'), grouping, now), manualOverrides: ['severity'] };
  assert.equal(alertJoined(edited, alert('b', 'Critical'), now).severity, 'Info');
});

test('counts and status always are what its alerts say', () => {
  const statuses = fc.constantFrom('Critical' as const, 'Warning' as const, 'Info' as const);
  const step = fc.record({ op: fc.constantFrom('join', 'recover', 'close', 'leave'), at: fc.nat(), status: statuses });
  fc.assert(
    fc.property(statuses, fc.array(step, { maxLength: 40 }), (status, steps) => {
      const first = alert('first', status);
      let inside = [first];
      let incident = incidentFromAlert('i', first, grouping, now);
      for (const [index, { op, at, status }] of steps.entries()) {
        const chosen = inside[at % Math.max(inside.length, 1)];
        if (op === 'join') {
          const joiner = alert(`a${index}`, status);
          inside.push(joiner);
          incident = alertJoined(incident, joiner, now);
        } else if (chosen !== undefined && op === 'leave') {
          inside = inside.filter((one) => one !== chosen);
          incident = alertLeft(incident, chosen, now);
        } else if (chosen !== undefined && chosen.progress === 'Triggered') {
          const after = op === 'recover' ? recovered(chosen) : closeAlert(chosen, now);
          inside = inside.map((one) => (one === chosen ? after : one));
          incident = alertChanged(incident, chosen, after, now);
        }
        assert.equal(incident.alertCnt, inside.length);
        assert.equal(incident.statusCounts.open, inside.filter((one) => one.progress === 'Triggered').length);
        if (inside.length > 0)
          assert.equal(
            incident.status,
            inside.map((one) => one.status).reduce((a, b) => worse(a, b), 'Ok'),
          );
      }
    }),
  );
});

test('an incident whose last alert that has not recovered is moved away has recovered at that moment', () => {
  const gone = closeAlert(alert('a', 'Critical'), now);
  const incident = alertJoined(alertJoined(byHand(), gone, now), recovered(alert('b', 'Warning')), now);
  const left = alertLeft(incident, gone, now + 5000);
  assert.deepEqual([incident.endTime, left.status, left.endTime], [0, 'Ok', now + 5000]);
  const quiet = alertJoined(left, recovered(alert('c', 'Info')), now);
  assert.equal(alertLeft(quiet, recovered(alert('c', 'Info')), now + 9000).endTime, now + 5000);
});

test('an alert that only closes gives its incident neither its description nor its labels', () => {
  const first = alert('a', 'Critical');
  const incident = incidentFromAlert('6a1f00c2d4e5f60718293a4b', first, grouping, now);
  const namesake = { ...first, alertId: 'other', description: 'another', labels: { host: 'other' } };
  const closed = alertChanged(incident, namesake, closeAlert(namesake, now), now);
  assert.deepEqual([closed.description, closed.labels], [incident.description, incident.labels]);
});
