import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { bodyOf, startReceiver, verifySignature } from './receiver.ts';

test('it remembers each request with its bytes and gives the scripted answers in turn', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  receiver.answer('/a', { status: 503 }, { status: 204 });

  const statuses: number[] = [];
  for (const number of [1, 2, 3]) {
    const answer = await fetch(`${receiver.url}/a?n=${number}`, { method: 'POST', body: JSON.stringify({ number }) });
    statuses.push(answer.status);
  }

  assert.deepEqual(statuses, [503, 204, 204]);
  assert.deepEqual(receiver.received.map(bodyOf), [{ number: 1 }, { number: 2 }, { number: 3 }]);
  assert.equal(receiver.received[0]?.target, '/a?n=1');
  assert.equal(receiver.received[0]?.path, '/a');
});

test('it hangs until released and resets on request', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  receiver.answer('/hang', 'hang');
  receiver.answer('/reset', 'reset');

  const hung = fetch(`${receiver.url}/hang`, { method: 'POST', body: 'x' });
  await receiver.waitFor(1);
  assert.equal(receiver.inFlight, 1);
  receiver.release(202);
  assert.equal((await hung).status, 202);

  await assert.rejects(fetch(`${receiver.url}/reset`, { method: 'POST', body: 'x' }));
  assert.equal(receiver.received.length, 2);
});

test('waiting ends with the request that was waited for, and says what came when it did not', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());

  const arrival = receiver.waitFor(1, (one) => one.path === '/b');
  await fetch(`${receiver.url}/a`, { method: 'POST' });
  await fetch(`${receiver.url}/b`, { method: 'POST' });
  assert.equal((await arrival)[0]?.path, '/b');

  await assert.rejects(receiver.waitFor(3, undefined, 20), /waited 20 ms for 3 requests; got 2/);
});

test('a signature is judged by the official library', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  const secret = `whsec_${Buffer.from('a key for tests, 32 bytes long..').toString('base64')}`;
  const at = new Date();
  const body = '{"event_type":"i_new"}';
  const headers = {
    'webhook-id': 'e1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('e1', at, body),
  };
  await fetch(receiver.url, { method: 'POST', headers, body });
  await fetch(receiver.url, { method: 'POST', headers, body: `${body} ` });

  const [signed, tampered] = await receiver.waitFor(2);
  assert.ok(signed !== undefined && tampered !== undefined);
  verifySignature(signed, secret);
  assert.throws(() => verifySignature(tampered, secret));
});
