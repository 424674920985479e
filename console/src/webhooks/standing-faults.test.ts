import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDraft } from './draft.ts';
import { faultsThatStand } from './standing-faults.ts';

test('a fault stands until its field changes, and one about the whole until anything does', () => {
  const refused = { ...emptyDraft('incident'), name: 'a', endpoint: 'http://10.0.0.1' };
  const faults = ['endpoint', 'headers.X-A', 'retry.max_attempts', ''].map((field) => ({ field, message: 'no' }));
  const left = (present: typeof refused) => faultsThatStand(faults, refused, present).map(({ field }) => field);
  assert.deepEqual(left(refused), ['endpoint', 'headers.X-A', 'retry.max_attempts', '']);
  assert.deepEqual(left({ ...refused, name: 'b' }), ['endpoint', 'headers.X-A']);
  assert.deepEqual(left({ ...refused, endpoint: 'https://x' }), ['headers.X-A']);
  assert.deepEqual(left({ ...refused, headers: [] }), ['endpoint']);
});
