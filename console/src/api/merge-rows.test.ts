import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeRows } from './merge-rows.ts';

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
