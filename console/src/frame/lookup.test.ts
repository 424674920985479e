import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookupOf } from './lookup.ts';

test('numbers of incidents and ids of objects are distinguished from words', () => {
  assert.deepEqual(lookupOf(' #61d791 '), { kind: 'incidentNumber', text: '61D791' });
  assert.deepEqual(lookupOf('6B0C8114463249FD689DED37'), { kind: 'object', text: '6b0c8114463249fd689ded37' });
  for (const text of ['', 'web', 'delivery', '#12345', '6b0c8114463249fd689ded3'])
    assert.equal(lookupOf(text), undefined);
});
