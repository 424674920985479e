import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupOf, textOf, type Group } from './group.ts';

const before: Group = {
  method: 'p',
  equals: [['labels.service', 'severity'], ['title']],
  all_equals_required: true,
  time_window: 30,
  window_type: 'sliding',
  storm_thresholds: [50],
};
const typed = { method: 'p', equals: textOf(before), minutes: '30', type: 'sliding', share: '0.9' } as const;

test('a grouping that is saved as it was shown is the same', () => {
  assert.equal(textOf(before), 'labels.service + severity\ntitle');
  assert.deepEqual(groupOf(before, typed), before);
});

test('fields are typed a set a line, and what the form does not show stays', () => {
  const after = groupOf(before, { ...typed, equals: ' labels.host+title \n\n', minutes: '0', type: 'tumbling' });
  assert.deepEqual(after, { ...before, equals: [['labels.host', 'title']], time_window: 0, window_type: 'tumbling' });
  assert.equal(groupOf(before, { ...typed, method: 'i', share: '0,8' }).i_score_threshold, 0.8);
  assert.deepEqual(groupOf(before, { ...typed, method: 'n' }), { ...before, method: 'n' });
});
