import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './program.ts';
import { seeded, startReceiverProcess } from './receiver-process.ts';

test('the receiver process keeps on disk what reached it and what it answered', async (t) => {
  const folder = await temporaryFolder('receiver');
  t.after(() => folder.remove());
  const receiver = await startReceiverProcess(join(folder.path, 'wire.log'), 1);
  t.after(() => receiver.stop());

  const answer = await fetch(`${receiver.url}/ok/1`, { method: 'POST', headers: { 'webhook-id': 'e1' }, body: '{}' });
  assert.equal(answer.status, 200);
  const gaveUp = new AbortController();
  const hopeless = fetch(`${receiver.url}/never/1`, { method: 'POST', body: '{}', signal: gaveUp.signal });
  while (receiver.log().filter((one) => one.kind === 'request').length < 2) await new Promise(setImmediate);
  gaveUp.abort();
  await assert.rejects(hopeless);
  while (!receiver.log().some((one) => one.kind === 'abandoned')) await new Promise(setImmediate);
  await receiver.stop();

  const log = receiver.log();
  assert.deepEqual(
    log.map((one) => one.kind).toSorted((a, b) => (a < b ? -1 : 1)),
    ['abandoned', 'answered', 'request', 'request'],
  );
  const [first] = log;
  assert.ok(first?.kind === 'request');
  assert.equal(first.path, '/ok/1');
  assert.equal(first.headers['webhook-id'], 'e1');
  assert.equal(first.from, '127.0.0.1');
  assert.ok(first.begunAt <= first.at);
});

test('a seed gives the same fractions again', () => {
  const take = (seed: number) => Array.from({ length: 5 }, seeded(seed));
  assert.deepEqual(take(7), take(7));
  assert.notDeepEqual(take(7), take(8));
  assert.ok(take(7).every((fraction) => fraction >= 0 && fraction < 1));
});
