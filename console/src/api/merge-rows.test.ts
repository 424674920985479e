import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followRows, mergeRows } from './merge-rows.ts';

const page = (...items: string[]) => ({ items, total: 9, next: undefined });

test('shown rows change in their places, new ones wait, and missing ones stay', () => {
  const key = (row: string): string => row.slice(0, 1);
  const { pages, fresh } = mergeRows([page('a1', 'b1'), page('c1')], ['e1', 'd1', 'a2', 'c2'], key);
  assert.deepEqual(
    pages.map(({ items }) => items),
    [['a2', 'b1'], ['c2']],
  );
  assert.deepEqual(fresh, ['e1', 'd1']);
});

test('a followed row changes in its place, leaves, or comes where the order has it', () => {
  const follow = (asked: string[], found: string[], next?: number) =>
    followRows({
      pages: [
        { items: ['b1', 'd1'], total: 9, next: 2 },
        { items: ['f1', 'h1'], total: 9, next },
      ],
      asked,
      found,
      rowKey: (row) => row.slice(0, 1),
      order: (one, other) => one.localeCompare(other),
    }).map(({ items }) => items.join(' '));
  assert.deepEqual(follow(['d', 'f'], ['d2', 'f2']), ['b1 d2', 'f2 h1']);
  assert.deepEqual(follow(['b', 'h', 'x'], []), ['d1', 'f1']);
  assert.deepEqual(follow(['a', 'c', 'e'], ['a1', 'c1', 'e1']), ['a1 b1 c1 d1', 'e1 f1 h1']);
  assert.deepEqual(follow(['i'], ['i1']), ['b1 d1', 'f1 h1 i1']);
  // It belongs to a page that is not there yet.
  assert.deepEqual(follow(['i'], ['i1'], 3), ['b1 d1', 'f1 h1']);
});
