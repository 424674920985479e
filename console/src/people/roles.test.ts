import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf } from './roles.ts';

test('a change of the role says what is gained and what is lost', () => {
  assert.deepEqual(differenceOf('viewer', 'responder'), { gained: ['incidents', 'resend'], lost: [] });
  assert.deepEqual(differenceOf('viewer', 'admin').gained, [
    'incidents',
    'resend',
    'configuration',
    'people',
    'secrets',
  ]);
  assert.deepEqual(differenceOf('admin', 'responder'), { gained: [], lost: ['configuration', 'people', 'secrets'] });
  assert.deepEqual(differenceOf('admin', 'admin'), { gained: [], lost: [] });
});
