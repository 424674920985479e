import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf } from './audit-object.ts';

test('an object of the audit log leads to its page where it has one', () => {
  const [one, two] = ['6a1f00c2d4e5f60718293a4b', '6a1f00c2d4e5f60718293a4c'];
  assert.deepEqual(objectsOf('incident:ack', `${one}, ${two}`), [
    { id: one, to: `/incident/detail/${one}` },
    { id: two, to: `/incident/detail/${two}` },
  ]);
  assert.deepEqual(objectsOf('webhook:create', '71'), [{ id: '71', to: '/integration-center/webhook/71' }]);
  assert.deepEqual(objectsOf('team:upsert', '7'), [{ id: '7', to: '/people/team/7' }]);
  assert.deepEqual(objectsOf('channel:silence:rule:create', one), [{ id: one, to: '' }]);
  assert.deepEqual(objectsOf('session:link:redeem', 'a/../b'), [{ id: 'a/../b', to: '' }]);
  assert.deepEqual(objectsOf('webhook:pause', ''), []);
});
