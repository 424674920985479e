import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { createDispatcherHarness, pushOf, to } from '../../../test/support/dispatcher-harness.ts';
import { testEvent } from '../../../test/support/deliveries.ts';
import { answer, ScriptedReceiver } from '../../../test/support/scripted-receiver.ts';

for (const { name, open } of databases) {
  test(`${name}: a resend is a new record with the same event id, marked on the wire, and the old one stays as it was`, async () => {
    await using receiver = await new ScriptedReceiver((socket, { number }) =>
      socket.write(answer(number === 1 ? 500 : 200)),
    ).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook]);
    await rig.happen([testEvent('a', 1, { severity: 'Critical' }), testEvent('a', 2, { severity: 'Info' })]);
    await rig.ended(2);
    const [first] = await rig.database.read.selectFrom('delivery').selectAll().where('sequence', '=', 1).execute();
    const { resend } = rig.engine;
    const made = await resend(webhook.webhookId, first?.delivery_id ?? '');
    await rig.ended(3);
    const [again] = await rig.database.read
      .selectFrom('delivery')
      .selectAll()
      .where('delivery_id', '=', made)
      .execute();
    assert.deepEqual([again?.event_id, again?.generation, again?.state], [first?.event_id, 1, 'delivered']);
    assert.equal(first?.state, 'failed');
    assert.deepEqual([first.urgency, again?.urgency], [0, 0]);
    assert.deepEqual(
      receiver.requests.map((request) => pushOf(request).sequence),
      [1, 2, 1],
    );
    const marks = receiver.requests.map(({ head }) => /^tocsin-redelivery: 1$/im.test(head));
    assert.deepEqual(marks, [false, false, true]);
    await assert.rejects(resend(webhook.webhookId, 'nothing'), /there is no invocation "nothing"/);
    rig.webhooks.set([{ ...webhook, status: 'disabled' }]);
    await assert.rejects(resend(webhook.webhookId, made), /is disabled: enable it first/);
  });
}
