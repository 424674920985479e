import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { createDispatcherHarness, pushOf, to } from '../../../test/support/dispatcher-harness.ts';
import { testEvent } from '../../../test/support/deliveries.ts';
import type { Database } from '../../database/database.ts';
import { listInvocations } from './history.ts';
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
    assert.deepEqual(
      [await laterOf(rig.database, first.delivery_id), await laterOf(rig.database, made)],
      [{ event_id: made, replay_id: '' }, undefined],
    );
    await assert.rejects(resend(webhook.webhookId, 'nothing'), /there is no invocation "nothing"/);
    rig.webhooks.set([{ ...webhook, status: 'disabled' }]);
    await assert.rejects(resend(webhook.webhookId, made), /is disabled: enable it first/);
  });

  test(`${name}: of several that resend the same at once, on any node, each gets its record`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook]);
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    const { delivery_id: first } = await rig.database.read.selectFrom('delivery').selectAll().executeTakeFirstOrThrow();
    const again = await rig.engine.resend(webhook.webhookId, first);
    await rig.ended(2);
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => rig.engine.resend(webhook.webhookId, index % 2 === 0 ? first : again)),
    );
    assert.equal(new Set(made).size, 12);
    await rig.ended(14);
    const rows = await rig.database.read.selectFrom('delivery').select('generation').execute();
    assert.deepEqual(
      rows.map(({ generation }) => generation).toSorted((a, b) => a - b),
      Array.from({ length: 14 }, (_, generation) => generation),
    );
  });

  test(`${name}: a failed push counts as delivered later only once a resend to the same webhook has arrived`, async () => {
    await using receiver = await new ScriptedReceiver((socket, { number }) =>
      socket.write(answer(number <= 3 ? 500 : 200)),
    ).listen();
    const [webhook, other] = [to(receiver), to(receiver)];
    await using rig = await createDispatcherHarness(open, [webhook, other]);
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(2);
    const [first, elsewhere] = await Promise.all(
      [webhook, other].map(({ webhookId }) =>
        rig.database.read
          .selectFrom('delivery')
          .selectAll()
          .where('webhook_id', '=', webhookId)
          .executeTakeFirstOrThrow(),
      ),
    );
    assert.ok(first && elsewhere);
    const again = await rig.engine.resend(webhook.webhookId, first.delivery_id);
    await rig.ended(3);
    assert.equal(await laterOf(rig.database, first.delivery_id), undefined);
    const third = await rig.engine.resend(webhook.webhookId, again);
    await rig.ended(4);
    await rig.engine.resend(webhook.webhookId, first.delivery_id);
    await rig.ended(5);
    for (const id of [first.delivery_id, again]) {
      assert.deepEqual(await laterOf(rig.database, id), { event_id: third, replay_id: '' });
    }
    assert.equal(await laterOf(rig.database, elsewhere.delivery_id), undefined);
  });
}

/** What the history says of a record. */
async function laterOf(database: Database, deliveryId: string) {
  const page = await listInvocations(database, {
    startTime: 0,
    endTime: 9_000_000_000_000,
    webhookId: 0,
    entityId: '',
    eventTypes: [],
    status: undefined,
    states: [],
    reasons: [],
    webhookTypes: [],
    replayId: '',
    pushId: deliveryId,
    ascending: false,
    limit: 1,
    after: undefined,
  });
  return page.items[0]?.delivered_later;
}
