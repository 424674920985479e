import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRepetition, newChange, sharedLabels, withReport, type ChangeReport } from './change.ts';

const place = { integrationId: 3001, channelId: 2001 };
const report = (more: Partial<ChangeReport> = {}): ChangeReport => ({
  changeKey: 'deploy-7',
  title: 'pay 1.2',
  description: '',
  status: 'Processing',
  labels: { service: 'pay' },
  link: '',
  eventTime: 1000,
  ...more,
});

test('a change starts with its first report, follows its newest one, and ends when it is done or canceled', () => {
  const begun = newChange('c1', place, report(), 5000);
  assert.deepEqual([begun.startTime, begun.lastTime, begun.endTime, begun.eventCnt], [1000, 1000, 0, 1]);
  const done = withReport(begun, place, report({ status: 'Done', eventTime: 3000, title: 'pay 1.2 is out' }), 6000);
  assert.deepEqual([done.title, done.status, done.lastTime, done.endTime], ['pay 1.2 is out', 'Done', 3000, 3000]);
  assert.deepEqual([done.startTime, done.eventCnt, done.updatedAt], [1000, 2, 6000]);
  const again = withReport(done, { ...place, channelId: 2002 }, report({ eventTime: 4000 }), 7000);
  assert.deepEqual([again.status, again.endTime, again.channelId], ['Processing', 0, 2002]);
});

test('a report that comes late does not overrule a newer one', () => {
  const done = newChange('c1', place, report({ status: 'Done', eventTime: 3000 }), 5000);
  const late = withReport(done, place, report({ status: 'Planned', eventTime: 500 }), 6000);
  assert.deepEqual([late.status, late.startTime, late.lastTime, late.endTime], ['Done', 500, 3000, 3000]);
});

test('a report is a repetition when everything but its time is as it was', () => {
  const change = newChange('c1', place, report(), 5000);
  assert.equal(isRepetition(change, place, report({ eventTime: 2000 })), true);
  const others: Partial<ChangeReport>[] = [
    { title: 'x' },
    { description: 'x' },
    { status: 'Done' },
    { link: 'https://x' },
    { labels: { service: 'shop' } },
  ];
  for (const other of others) assert.equal(isRepetition(change, place, report(other)), false, JSON.stringify(other));
  assert.equal(isRepetition(change, { ...place, channelId: 1 }, report()), false);
});

test('a change concerns an incident by labels of both, unless one of them differs', () => {
  const incident = { service: 'pay', env: 'prod', host: 'db-1', severity: 'critical' };
  const rows: readonly [labels: Record<string, string>, shared: string[]][] = [
    [{ service: 'pay' }, ['service']],
    [{ service: 'pay', env: 'prod', commit: 'abc' }, ['service', 'env']],
    [{ service: 'pay', env: 'staging' }, []],
    [{ commit: 'abc' }, []],
    [{ severity: 'critical' }, []],
    [{}, []],
  ];
  for (const [labels, shared] of rows) assert.deepEqual(sharedLabels(labels, incident), shared, JSON.stringify(labels));
});
