import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Filter } from '../filters/condition.ts';
import type { Facts } from '../filters/matcher.ts';
import {
  inhibitingRules,
  dropping,
  isInhibitedBy,
  isInTime,
  isSpent,
  NoiseDirectory,
  silencing,
  type NoiseKind,
  type NoiseRule,
  type NoiseSpecs,
  blankSilence,
  type SilenceSpec,
} from './noise-rule.ts';

const info: Filter = [[{ key: 'severity', oper: 'IN', vals: ['Info'] }]];
const critical: Filter = [[{ key: 'severity', oper: 'IN', vals: ['Critical'] }]];
const target: Facts = { severity: 'Info', title: 'slow', labels: { host: 'a', service: 'web' } };
const source: Facts = { severity: 'Critical', title: 'down', labels: { host: 'a', service: 'db' } };
const always: SilenceSpec = { ...blankSilence, filters: info };

function rule<Kind extends NoiseKind>(kind: Kind, spec: NoiseSpecs[Kind], changes: Partial<NoiseRule> = {}) {
  const head = { ruleId: 'r', channelId: 1, name: 'rule', description: '', priority: 0, status: 'enabled' as const };
  return { ...head, creatorId: 0, updatedBy: 0, createdAt: 0, updatedAt: 0, ...changes, kind, spec } as NoiseRule<Kind>;
}

test('a directory gives the rules of a channel that are switched on, by kind and in their order', () => {
  const first = rule('silence', always, { ruleId: 'first' });
  const second = rule('silence', always, { ruleId: 'second' });
  const directory = new NoiseDirectory([
    first,
    rule('drop', { filters: info }),
    rule('silence', always, { status: 'disabled' }),
    rule('silence', always, { channelId: 2 }),
    second,
  ]);
  assert.deepEqual(directory.of(1, 'silence'), [first, second]);
  assert.deepEqual(directory.of(3, 'silence'), []);
  assert.equal(directory.of(1, 'drop').length, 1);
});

test('the first rule that matches is the one that drops', () => {
  const right = rule('drop', { filters: info }, { ruleId: 'right' });
  assert.equal(dropping([rule('drop', { filters: critical }), right], target), right);
  assert.equal(dropping([rule('drop', { filters: critical })], target), undefined);
});

test('the first silence rule that holds now and matches is the one that silences', () => {
  const over = rule('silence', { ...always, span: { start: 0, end: 10 } }, { ruleId: 'over' });
  const wrong = rule('silence', { ...always, filters: critical }, { ruleId: 'wrong' });
  const right = rule('silence', always, { ruleId: 'right' });
  assert.equal(silencing([over, wrong, right], target, 10)?.ruleId, 'right');
  assert.equal(silencing([over, wrong], target, 10), undefined);
});

test('a silence holds in its span without its end, in its recurrences, and without a time always', () => {
  const span = { ...always, span: { start: 10, end: 20 } };
  assert.deepEqual(
    [9, 10, 19, 20].map((now) => isInTime(span, now)),
    [false, true, true, false],
  );
  const sundays = { ...always, recurrences: [{ start: '00:00', end: '06:00', repeat: [0] }] };
  assert.equal(isInTime(sundays, Date.parse('2026-06-07T05:00:00Z')), true);
  assert.equal(isInTime(sundays, Date.parse('2026-06-08T05:00:00Z')), false);
  assert.equal(isInTime(always, 0), true);
});

test('only a silence that is to go, and whose span is over, is spent', () => {
  const span = { start: 10, end: 20 };
  const goes = rule('silence', { ...always, span, deletesItself: true });
  assert.deepEqual([isSpent(goes, 19), isSpent(goes, 20)], [false, true]);
  assert.equal(isSpent(rule('silence', { ...always, span }), 30), false);
  assert.equal(isSpent(rule('silence', { ...always, deletesItself: true }), 30), false);
});

const equalsRows: [string, string[], boolean][] = [
  ['a label by its bare name', ['host'], true],
  ['a label by its whole key', ['labels.host'], true],
  ['a label that differs', ['service'], false],
  ['a label that both lack', ['rack'], false],
  ['an attribute that differs', ['title'], false],
  ['all of several', ['host', 'service'], false],
];
for (const [name, equals, expected] of equalsRows) {
  test(`source and target must share the equal items: ${name}`, () => {
    const inhibit = rule('inhibit', { sourceFilters: critical, targetFilters: info, equals, discards: false });
    assert.deepEqual(inhibitingRules([inhibit], target), [inhibit]);
    assert.deepEqual(inhibitingRules([inhibit], source), []);
    assert.equal(isInhibitedBy(inhibit, target, source), expected);
    assert.equal(isInhibitedBy(inhibit, target, target), false);
  });
}
