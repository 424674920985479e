import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { testSender } from '../../test/support/test-sender.ts';
import { systemTimers } from '../runtime/timers.ts';

test('an attempt says where its time went, and a reused connection has only the wait', async () => {
  await using receiver = await new ScriptedReceiver(
    (socket) => void systemTimers.after(40, () => socket.write(answer(200, 'ok'))),
  ).listen();
  using sender = testSender();
  const { timing: first } = (await sender.send(receiver, {})).report;
  assert.deepEqual(Object.keys(first ?? {}), ['dns', 'connect', 'wait', 'body', 'reused', 'address']);
  assert.match(first?.address ?? '', /^127\.0\.0\.1:\d+$/);
  assert.ok((first?.wait ?? 0) >= 39 && (first?.wait ?? 0) < 900, `waited ${first?.wait}`);
  const { timing: second } = (await sender.send(receiver, {})).report;
  assert.deepEqual(Object.keys(second ?? {}), ['wait', 'body', 'reused', 'address']);
  assert.deepEqual([second?.reused, second?.address], [true, first?.address]);
});

test('the phase in which an attempt broke off is the last one that it has', async () => {
  await using silent = await new ScriptedReceiver(() => {}).listen();
  using sender = testSender();
  const { timing } = (await sender.send(silent, { timeoutMs: 120 })).report;
  assert.deepEqual(Object.keys(timing ?? {}), ['dns', 'connect', 'wait', 'reused', 'address']);
  assert.ok((timing?.wait ?? 0) >= 60, `waited ${timing?.wait}`);
});
