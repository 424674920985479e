import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPath } from './next.ts';

test('after signing in one gets to a path of this site, and nowhere else', () => {
  assert.equal(nextPath('/delivery?outcome=failed'), '/delivery?outcome=failed');
  const elsewhere = [
    '//evil.test',
    '/\\evil.test',
    'https://evil.test',
    'javascript:alert(1)',
    '',
    undefined,
    '/sign-in',
    '/sign-in/link',
  ];
  for (const wanted of elsewhere) assert.equal(nextPath(wanted), '/', String(wanted));
  assert.equal(nextPath('/a//b'), '/a//b');
  assert.equal(nextPath('/\t/evil.test'), '/');
});
