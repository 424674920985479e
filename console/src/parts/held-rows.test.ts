import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdRows } from './held-rows.ts';

interface Row {
  readonly id: string;
  readonly text: string;
}
const rows = (...texts: string[]): Row[] => texts.map((text) => ({ id: text.slice(0, 1), text }));
const held = (shown: Row[], fresh: Row[]) => holdRows(shown, fresh, (row) => row.id);
const textsOf = (list: readonly Row[]) => list.map((row) => row.text);

test('a row changes in place, and none moves', () => {
  const result = held(rows('a', 'b', 'c'), rows('c', 'a2', 'b'));
  assert.deepEqual(textsOf(result.rows), ['a2', 'b', 'c']);
  assert.equal(result.waiting, 0);
});

test('a row that is no longer among them stays, and is named', () => {
  const result = held(rows('a', 'b', 'c'), rows('a', 'c'));
  assert.deepEqual(textsOf(result.rows), ['a', 'b', 'c']);
  assert.deepEqual([...result.gone], ['b']);
});

test('new rows above wait, new rows at the end are the next part of the list', () => {
  const result = held(rows('b', 'c'), rows('n', 'b', 'm', 'c', 'd', 'e'));
  assert.deepEqual(textsOf(result.rows), ['b', 'c', 'd', 'e']);
  assert.equal(result.waiting, 2);
});

test('without any row that was shown before, all new rows wait', () => {
  const result = held(rows('a'), rows('x', 'y'));
  assert.deepEqual(textsOf(result.rows), ['a']);
  assert.deepEqual([[...result.gone], result.waiting], [['a'], 2]);
});
