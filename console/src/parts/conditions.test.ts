import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, plainFilter } from './conditions.ts';

test('a value is a line, whatever stands in it', () => {
  assert.deepEqual(linesOf('a, b\n\nre:^x|y$\n'), ['a, b', 're:^x|y$']);
});

test('a filter is sent without the spaces and lines that are left while typing', () => {
  assert.deepEqual(plainFilter([[{ key: ' title ', oper: 'NOTIN', vals: ['disk*', ''] }]]), [
    [{ key: 'title', oper: 'NOTIN', vals: ['disk*'] }],
  ]);
});
