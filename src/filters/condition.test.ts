import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  conditionFaults,
  conditionsMax,
  filterFaults,
  groupsMax,
  keyMaxChars,
  valMaxChars,
  valsMax,
  type Condition,
  type FilterRules,
} from './condition.ts';

const good: Condition = { key: 'severity', oper: 'IN', vals: ['Critical'] };
const alerts: FilterRules = { subject: 'alert' };

function fields(conditions: readonly Condition[], rules = alerts): string[] {
  return conditionFaults(conditions, rules, 'if').map((fault) => fault.field);
}

test('every fault of a filter is named at once, each with its place', () => {
  const faults = filterFaults(
    [
      [
        { key: 'colour', oper: 'IN', vals: [] },
        { ...good, vals: ['ok', '/(/', 'cidr:10.0.0.0', 'num:gt:x', '//'] },
      ],
      [],
    ],
    alerts,
    'filters',
  );
  assert.deepEqual(
    faults.map((fault) => fault.field),
    [
      'filters[0][0].key',
      'filters[0][0].vals',
      'filters[0][1].vals[1]',
      'filters[0][1].vals[2]',
      'filters[0][1].vals[3]',
      'filters[0][1].vals[4]',
      'filters[1]',
    ],
  );
  assert.match(faults[0]?.message ?? '', /labels\.<name>/);
  assert.match(faults[2]?.message ?? '', /RE2/);
});

test('what an expression of RE2 cannot have is refused, and not found out at the first alert', () => {
  assert.deepEqual(fields([{ ...good, vals: ['/(?<=a)b/', '/(a)\\1/', '/a{2000}/'] }]), [
    'if[0].vals[0]',
    'if[0].vals[1]',
    'if[0].vals[2]',
  ]);
});

test('the keys are those of the subject', () => {
  const of = (key: string) => [{ ...good, key }];
  assert.deepEqual(fields(of('alert_key')), []);
  assert.deepEqual(fields(of('dedup_key')), ['if[0].key']);
  assert.deepEqual(fields(of('dedup_key'), { subject: 'incident' }), []);
  assert.deepEqual(fields(of('alert_key'), { subject: 'incident' }), ['if[0].key']);
  assert.deepEqual(fields(of('incident_severity')), []);
  assert.deepEqual(fields(of('labels.')), ['if[0].key']);
});

test('networks and numbers are refused where they do not work', () => {
  const ranged = [{ ...good, key: 'labels.ip', vals: ['cidr:10.0.0.0/8', 'num:gt:3', '10.0.0.1'] }];
  assert.deepEqual(fields(ranged), []);
  assert.deepEqual(fields(ranged, { subject: 'alert', ranges: false }), ['if[0].vals[0]', 'if[0].vals[1]']);
});

test('the limits hold at their edges', () => {
  const groups = (count: number) =>
    filterFaults(
      Array.from({ length: count }, () => [good]),
      alerts,
      'f',
    ).length;
  assert.deepEqual([groups(groupsMax), groups(groupsMax + 1)], [0, 1]);
  const conditions = (count: number) => fields(Array.from({ length: count }, () => good)).length;
  assert.deepEqual([conditions(conditionsMax), conditions(conditionsMax + 1)], [0, 1]);
  const values = (count: number) => fields([{ ...good, vals: Array.from({ length: count }, () => 'x') }]).length;
  assert.deepEqual([values(0), values(1), values(valsMax), values(valsMax + 1)], [1, 0, 0, 1]);
  const chars = (count: number) => fields([{ ...good, vals: ['x'.repeat(count)] }]).length;
  assert.deepEqual([chars(valMaxChars), chars(valMaxChars + 1)], [0, 1]);
  const key = (count: number) => fields([{ ...good, key: `labels.${'x'.repeat(count - 'labels.'.length)}` }]).length;
  assert.deepEqual([key(keyMaxChars), key(keyMaxChars + 1)], [0, 1]);
});
