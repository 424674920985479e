import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyReport, closeAlert, type Alert, type AlertReport, type ReportOutcome } from './alert.ts';

const t0 = 1_780_000_000_000;
const mergeWindowMs = 24 * 3_600_000;

function report(changes: Partial<AlertReport> = {}): AlertReport {
  return {
    alertKey: 'disk:db-3',
    title: 'db-3 / disk usage',
    titleRule: '',
    description: '91% full',
    status: 'Warning',
    labels: { resource: 'db-3' },
    images: [],
    eventTime: t0,
    ...changes,
  };
}

function arrival(now = t0) {
  return { alertId: () => '6a1f00c1d4e5f60718293a40', integrationId: 1, channelId: 2, now, mergeWindowMs };
}

function opened(changes: Partial<AlertReport> = {}): Alert {
  return alertOf(applyReport(undefined, report(changes), arrival()));
}

function alertOf(outcome: ReportOutcome): Alert {
  assert.ok('alert' in outcome, `no alert came of it: ${outcome.kind}`);
  return outcome.alert;
}

test('a first firing report opens an alert with its time, severity and labels', () => {
  const alert = opened();
  assert.equal(alert.progress, 'Triggered');
  assert.deepEqual([alert.severity, alert.status, alert.eventCnt], ['Warning', 'Warning', 1]);
  assert.deepEqual([alert.startTime, alert.lastTime, alert.endTime, alert.closeTime], [t0, t0, 0, 0]);
});

test('a recovery without an open alert opens nothing', () => {
  assert.deepEqual(applyReport(undefined, report({ status: 'Ok' }), arrival()), { kind: 'unmatched' });
});

test('a report that says just the same is a duplicate', () => {
  const alert = opened();
  assert.deepEqual(applyReport(alert, report({ eventTime: t0 + 5 }), arrival()), { kind: 'duplicate', alert });
});

test('a report that differs only in labels replaces them without being an event', () => {
  const outcome = applyReport(opened(), report({ labels: { resource: 'db-3', rack: '7' } }), arrival(t0 + 9));
  assert.equal(outcome.kind, 'refreshed');
  assert.deepEqual(alertOf(outcome).labels, { resource: 'db-3', rack: '7' });
  assert.equal(alertOf(outcome).eventCnt, 1);
});

test('severity is the highest so far, status the newest', () => {
  const worse = alertOf(applyReport(opened(), report({ status: 'Critical' }), arrival()));
  const better = alertOf(applyReport(worse, report({ status: 'Info' }), arrival()));
  assert.deepEqual([better.severity, better.status, better.eventCnt], ['Critical', 'Info', 3]);
});

test('a recovery closes, keeps severity and labels, and gains only missing labels', () => {
  const recovery = report({ status: 'Ok', labels: { resource: 'other', note: 'back' }, eventTime: t0 + 60_000 });
  const outcome = applyReport(opened(), recovery, arrival(t0 + 61_000));
  assert.equal(outcome.kind, 'recovered');
  const alert = alertOf(outcome);
  assert.deepEqual([alert.severity, alert.status, alert.progress], ['Warning', 'Ok', 'Closed']);
  assert.deepEqual([alert.endTime, alert.closeTime], [t0 + 60_000, t0 + 61_000]);
  assert.deepEqual({ ...alert.labels }, { resource: 'db-3', note: 'back' });
});

test('after the merge window the next firing report opens a new alert and closes the old one; a recovery still finds it', () => {
  const old = opened();
  const atTheEdge = applyReport(old, report({ description: '92% full' }), arrival(t0 + mergeWindowMs));
  assert.equal(atTheEdge.kind, 'updated');
  const beyond = applyReport(old, report({ description: '92% full' }), arrival(t0 + mergeWindowMs + 1));
  assert.equal(beyond.kind, 'opened');
  assert.equal(beyond.kind === 'opened' && beyond.outgrown?.progress, 'Closed');
  assert.equal(applyReport(old, report({ status: 'Ok' }), arrival(t0 + 2 * mergeWindowMs)).kind, 'recovered');
});

test('closing never changes the status', () => {
  const closed = closeAlert(opened(), t0 + 1);
  assert.deepEqual(
    [closed.status, closed.progress, closed.closeTime, closed.endTime],
    ['Warning', 'Closed', t0 + 1, 0],
  );
  assert.equal(closeAlert(closed, t0 + 2), closed);
});

test('a label named __proto__ is a label', () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
  const alert = opened({ labels });
  const recovered = alertOf(applyReport(alert, report({ status: 'Ok', labels: { late: '1' } }), arrival()));
  assert.equal(JSON.stringify(recovered.labels), '{"late":"1","__proto__":"x","constructor":"y"}');
});
