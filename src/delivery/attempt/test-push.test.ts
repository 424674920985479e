import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testWebhook } from '../../../test/support/deliveries.ts';
import { answer, ScriptedReceiver } from '../../../test/support/scripted-receiver.ts';
import { systemClock } from '../../runtime/clock.ts';
import { noCrashPoints } from '../../runtime/crash-points.ts';
import { systemIds } from '../../runtime/ids.ts';
import { systemRandom } from '../../runtime/random.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { createAddressGuard } from '../../egress/address-guard.ts';
import { createRequestBuilder } from './push-request.ts';
import { createHttpClient } from '../../egress/http-client.ts';
import { createTestPush } from './test-push.ts';

test('a trial shows the request as it was sent, secrets masked, and the answer', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(404, 'no such hook'))).listen();
  const webhook = testWebhook({
    endpoint: `http://127.0.0.1:${receiver.port}/hook?key=1`,
    headers: [{ name: 'X-Token', value: 'a-very-secret-token' }],
  });
  const report = await trial([`127.0.0.1:${receiver.port}`]).send(webhook, 'i_new');
  assert.deepEqual([report.outcome, report.reason, report.statusCode], ['failed', 'client_error', 404]);
  assert.deepEqual([report.requestBody, report.responseBody], [receiver.requests[0]?.body, 'no such hook']);
  assert.doesNotMatch(JSON.stringify(report.requestHeaders), /very-secret/);
  assert.equal(report.requestHeaders['tocsin-test'], '1');
  assert.match(receiver.requests[0]?.head ?? '', /^tocsin-test: 1\r$/m);
  assert.match(receiver.requests[0]?.head ?? '', /^POST \/hook\?key=1 [^]*X-Token: a-very-secret-token/);
});

test('a trial goes through the same guard as any push', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  const webhook = testWebhook({ endpoint: `http://127.0.0.1:${receiver.port}/` });
  const report = await trial([]).send(webhook, 'i_new');
  assert.deepEqual([report.reason, receiver.connections], ['address_refused', 0]);
});

function trial(allow: readonly string[]) {
  return createTestPush({
    clock: systemClock,
    ids: systemIds(systemClock, systemRandom),
    build: createRequestBuilder('test'),
    http: createHttpClient({
      clock: systemClock,
      timers: systemTimers,
      at: noCrashPoints,
      resolver: { resolve: () => Promise.reject(new Error('no names here')) },
      guard: createAddressGuard({ allow }),
      bind: [],
    }),
  });
}
