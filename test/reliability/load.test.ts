import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../support/databases.ts';
import { testEvent } from '../support/deliveries.ts';
import { createDispatcherHarness, pushOf, to } from '../support/dispatcher-harness.ts';
import { answer, ScriptedReceiver } from '../support/scripted-receiver.ts';

const changes = 200;
const others = Array.from({ length: 20 }, (_, index) => `other${index}`);

for (const { name, open } of databases) {
  test(`${name}: an entity that changes again and again is pushed in order, and others do not wait for it`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { maxInFlight: 1, timeoutMs: 10_000 })]);
    await rig.happen(Array.from({ length: changes }, (_, index) => testEvent('hot', index + 1)));
    await rig.happen(others.map((lane) => testEvent(lane, 1)));
    await rig.ended(changes + others.length);
    const pushes = receiver.requests.map(pushOf);
    assert.deepEqual(
      pushes.filter(({ lane }) => lane === 'hot').map(({ sequence }) => sequence),
      Array.from({ length: changes }, (_, index) => index + 1),
    );
    const lastOther = pushes.findLastIndex(({ lane }) => lane !== 'hot');
    // With one request at a time, they take turns.
    assert.ok(lastOther < 3 * others.length, `the last of the others came as number ${lastOther + 1}`);
  });
}
