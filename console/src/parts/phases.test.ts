import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phasesOf } from './phases.ts';

test('phases follow one another, and those that were not reached are absent', () => {
  assert.deepEqual(phasesOf({ dns: 25, connect: 25, wait: 50 }, 100), [
    { name: 'dns', ms: 25, startShare: 0, share: 0.25 },
    { name: 'connect', ms: 25, startShare: 0.25, share: 0.25 },
    { name: 'wait', ms: 50, startShare: 0.5, share: 0.5 },
  ]);
});

test('a short phase can be seen, and no bar reaches beyond the end', () => {
  for (const { startShare, share } of phasesOf({ dns: 0, connect: 0.01, wait: 1000, body: 0 }, 1000)) {
    assert.ok(share >= 0.004);
    assert.ok(startShare + share <= 1);
  }
  assert.deepEqual(phasesOf({}, 0), []);
});
