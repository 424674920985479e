import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { installNodeRed, missingNodeRed, startNodeRed } from './node-red.ts';
import { skipWithout } from './program.ts';

// Its packages are large, so outside CI they are installed by hand or not at all.
before(async () => {
  if ((process.env['CI'] ?? '') !== '') await installNodeRed();
});

test('a real Node-RED flow takes a push and answers once it is written', skipWithout(missingNodeRed()), async (t) => {
  const nodeRed = await startNodeRed();
  t.after(() => nodeRed.stop());
  const push = { event_type: 'i_new', event_id: 'e1', incident: { title: 'Größe: 91 %\nzweite Zeile' } };

  const answer = await fetch(nodeRed.hookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(push),
  });

  assert.equal(answer.status, 200);
  assert.deepEqual(await nodeRed.received(), [push]);
});
