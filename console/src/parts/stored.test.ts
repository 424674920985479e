import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebased, rebasedFields } from './stored.ts';

test('a field that nobody has touched follows what is stored, and what is typed stays', () => {
  assert.equal(rebased('old', 'old', 'new'), 'new');
  assert.equal(rebased('old', 'typed', 'new'), 'typed');
  assert.deepEqual(rebased([1, 2], [1, 2], [3]), [3]);
  assert.deepEqual(rebased([1, 2], [1], [3]), [1]);
});

test('of a form, each field alone', () => {
  const before = { name: 'Tickets', timeout: '1000', types: ['i_new'] };
  const typed = { ...before, timeout: '2000' };
  const now = { name: 'Desk', timeout: '5000', types: ['i_ack'] };
  assert.deepEqual(rebasedFields(before, typed, now), { name: 'Desk', timeout: '2000', types: ['i_ack'] });
});
