import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedAttempts } from '../../test/support/stored-attempts.ts';
import { databases } from '../../test/support/databases.ts';
import { createDispatcherHarness, later, pushOf, quiet, soonOnly, to } from '../../test/support/dispatcher-harness.ts';
import { storeDeliveries, testEvent } from '../../test/support/deliveries.ts';
import { answer, ScriptedReceiver, type Script } from '../../test/support/scripted-receiver.ts';
import { DatabaseFailure } from '../database/database.ts';
import { reportUnsent } from '../egress/report.ts';
import type { Event } from '../events/event.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemTimers } from '../runtime/timers.ts';
import { claimDeliveries } from './store/claim-store.ts';

const ok: Script = (socket) => socket.write(answer(200, 'ok'));

for (const { name, open } of databases) {
  test(`${name}: each lane keeps its order, whatever its receiver takes`, async () => {
    await using receiver = await new ScriptedReceiver((socket) =>
      later(Math.floor(systemRandom.fraction() * 8), () => socket.write(answer(200))),
    ).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver)]);
    const lanes = Array.from({ length: 12 }, (_, index) => `lane${index}`);
    for (let sequence = 1; sequence <= 15; sequence += 1) {
      await rig.happen(lanes.map((lane) => testEvent(lane, sequence)));
    }
    await rig.ended(12 * 15);
    const seen = new Map(lanes.map((lane): [string, number[]] => [lane, []]));
    for (const { lane, sequence } of receiver.requests.map(pushOf)) seen.get(lane)?.push(sequence);
    const all = Array.from({ length: 15 }, (_, index) => index + 1);
    for (const sequences of seen.values()) assert.deepEqual(sequences, all);
    assert.deepEqual(await rig.states(), { delivered: 180 });
  });

  test(`${name}: a webhook that hangs holds back no other`, async () => {
    await using hung = await new ScriptedReceiver(() => {}).listen();
    await using good = await new ScriptedReceiver(ok).listen();
    const origin = (index: number) => `http://hung${index}.test:${hung.port}`;
    const hanging = Array.from({ length: 20 }, (_, index) =>
      to(hung, { endpoint: `${origin(index)}/hook`, timeoutMs: 30_000 }),
    );
    await using rig = await createDispatcherHarness(open, [...hanging, to(good)]);
    for (let sequence = 1; sequence <= 10; sequence += 1) {
      await rig.happen(['a', 'b', 'c'].map((lane) => testEvent(lane, sequence)));
    }
    await rig.ended(30);
    assert.equal(good.requests.length, 30);
    assert.deepEqual(await rig.states(), { delivered: 30, sending: 20, pending: 20 * 29 });
  });

  test(`${name}: a webhook has no more in flight than it says, and each lane no more than one`, async () => {
    let inFlight = 0;
    let most = 0;
    await using receiver = await new ScriptedReceiver((socket) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      later(5, () => {
        inFlight -= 1;
        socket.write(answer(200));
      });
    }).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { maxInFlight: 3 })]);
    await rig.happen(Array.from({ length: 40 }, (_, index) => testEvent(`lane${index}`, 1)));
    await rig.ended(40);
    assert.equal(most, 3);
  });

  test(`${name}: a delivery committed before the start is sent, in order, with no hint and no timer`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook], { started: false, timers: soonOnly });
    const lanes = Array.from({ length: 150 }, (_, index) => `lane${String(index).padStart(3, '0')}`);
    const events = [1, 2, 3].flatMap((sequence) => lanes.map((lane) => testEvent(lane, sequence)));
    await storeDeliveries(rig.database, webhook, events);
    await rig.engine.start();
    await rig.ended(450);
    const last = new Map<string, number>();
    for (const { lane, sequence } of receiver.requests.map(pushOf)) {
      assert.equal(sequence, (last.get(lane) ?? 0) + 1);
      last.set(lane, sequence);
    }
    assert.equal(receiver.requests.length, 450);
  });

  test(`${name}: when a receiver is back, what is Critical goes out first, but for one push in eight`, async () => {
    const away = Promise.withResolvers<void>();
    await using receiver = await new ScriptedReceiver((socket) => {
      void away.promise.then(() => socket.write(answer(200)));
    }).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { maxInFlight: 1, timeoutMs: 30_000 })]);
    await rig.happen([testEvent('first', 1)]);
    while (receiver.requests.length === 0) await quiet(5);
    for (const sequence of [1, 2]) await rig.happen(mixed(300).map((lane) => eventOf(lane, sequence)));
    await rig.happen(newest());
    away.resolve();
    await rig.ended(621);
    goesByUrgency(receiver.requests.slice(1).map(pushOf));
  });

  test(`${name}: a lane in the database alone goes out by urgency too, wherever its lane stands there`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver, { maxInFlight: 1 });
    await using rig = await createDispatcherHarness(open, [webhook], { started: false, timers: soonOnly });
    await storeDeliveries(rig.database, webhook, [
      ...[1, 2].flatMap((sequence) => mixed(300).map((lane) => eventOf(lane, sequence))),
      ...newest(),
    ]);
    await rig.engine.start();
    await rig.ended(620);
    goesByUrgency(receiver.requests.map(pushOf));
  });

  test(`${name}: hints in the wrong order do not bring requests in the wrong order`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook]);
    const deliveries = await storeDeliveries(rig.database, webhook, [testEvent('a', 1), testEvent('a', 2)]);
    rig.engine.handOff.enqueue(deliveries.toReversed());
    await rig.ended(2);
    assert.deepEqual(
      receiver.requests.map(pushOf).map(({ sequence }) => sequence),
      [1, 2],
    );
  });

  test(`${name}: what one transaction makes beyond what memory takes is read from the database, and each lane keeps its order`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => later(2, () => socket.write(answer(200)))).listen();
    const webhooks = ['one', 'two'].map((name) =>
      to(receiver, { maxInFlight: 3, endpoint: `http://${name}.test:${receiver.port}/${name}` }),
    );
    await using rig = await createDispatcherHarness(open, webhooks, { handedOnMax: 10, timers: soonOnly });
    const lanes = Array.from({ length: 40 }, (_, index) => `lane${index}`);
    // Some are in flight, and some wait in memory, when the many come.
    await rig.happen(lanes.slice(0, 5).map((lane) => testEvent(lane, 1)));
    await rig.happen(lanes.map((lane, index) => testEvent(lane, index < 5 ? 2 : 1)));
    await rig.happen(lanes.slice(0, 5).map((lane) => testEvent(lane, 3)));
    await rig.ended(2 * 50);
    assert.deepEqual(await rig.states(), { delivered: 100 });
    const seen = new Map<string, number[]>();
    for (const request of receiver.requests) {
      const { lane, sequence } = pushOf(request);
      const place = `${request.head.split(' ', 2)[1]} ${lane}`;
      seen.set(place, [...(seen.get(place) ?? []), sequence]);
    }
    assert.equal(seen.size, 80);
    for (const [place, sequences] of seen) {
      assert.deepEqual(
        sequences,
        sequences.map((_, index) => index + 1),
        place,
      );
    }
  });

  test(`${name}: a paused webhook keeps its deliveries, and sends them when it is resumed`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook], { timers: soonOnly });
    rig.webhooks.set([{ ...webhook, status: 'paused' }]);
    await rig.happen([testEvent('a', 1), testEvent('b', 1)]);
    await rig.happen([testEvent('a', 2)]);
    await quiet();
    assert.deepEqual([await rig.states(), receiver.requests.length], [{ pending: 3 }, 0]);
    rig.webhooks.set([webhook]);
    rig.engine.deliveries.resume(webhook.webhookId);
    await rig.ended(3);
    assert.deepEqual(await rig.states(), { delivered: 3 });
  });

  test(`${name}: a higher limit of a webhook holds as soon as it is edited, though its requests hang`, async () => {
    await using receiver = await new ScriptedReceiver((socket, request) => {
      if (pushOf(request).lane !== 'hangs') socket.write(answer(200));
    }).listen();
    const webhook = to(receiver, { maxInFlight: 1, timeoutMs: 30_000 });
    await using rig = await createDispatcherHarness(open, [webhook], { timers: soonOnly });
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    await rig.happen([testEvent('hangs', 1)]);
    while (receiver.requests.length < 2) await quiet(5);
    await rig.happen([testEvent('b', 1), testEvent('c', 1)]);
    await quiet();
    assert.deepEqual(await rig.states(), { delivered: 1, pending: 2, sending: 1 });
    const edited = { ...webhook, maxInFlight: 2 };
    rig.webhooks.set([edited]);
    rig.engine.deliveries.resume(webhook.webhookId, edited);
    await rig.ended(3);
    assert.deepEqual(await rig.states(), { delivered: 3, sending: 1 });
  });

  test(`${name}: nothing goes out to a webhook once it is disabled, and what waited is cancelled`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => later(30, () => socket.write(answer(200)))).listen();
    const webhook = to(receiver, { maxInFlight: 1 });
    await using rig = await createDispatcherHarness(open, [webhook]);
    await rig.happen([testEvent('a', 1), testEvent('a', 2), testEvent('b', 1)]);
    while (receiver.requests.length === 0) await quiet(5);
    rig.webhooks.set([{ ...webhook, status: 'disabled' }]);
    assert.equal(await rig.engine.deliveries.cancel(webhook.webhookId), 2);
    await rig.ended(3);
    await quiet();
    assert.deepEqual([await rig.states(), receiver.requests.length], [{ delivered: 1, cancelled: 2 }, 1]);
    assert.match(await rig.metrics.text(), /tocsin_deliveries_ended_total\{outcome="cancelled"\} 2\n/);
  });

  test(`${name}: what a dead process left in sending is unknown, and its successor goes out`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook], { started: false });
    const { database } = rig;
    const stored = await storeDeliveries(database, webhook, [testEvent('a', 1), testEvent('a', 2)]);
    const ids = stored.map((delivery) => delivery.deliveryId);
    await database.transaction((tx) => claimDeliveries(tx, database.dialect, ids, 1));
    await rig.engine.start();
    assert.match(await rig.metrics.text(), /tocsin_delivery_attempts_total\{reason="interrupted"\} 1\n/);
    await rig.ended(2);
    assert.deepEqual(receiver.requests.map(pushOf), [{ lane: 'a', sequence: 2 }]);
    assert.deepEqual(await rig.states(), { delivered: 1, unknown: 1 });
  });

  test(`${name}: under a claim whose commit is in doubt nothing is sent; it is given back and sent once`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    let failures = 0;
    await using rig = await createDispatcherHarness(open, [to(receiver)], {
      flaky: async (result) => {
        await result;
        if (failures === 0) return;
        // The first is that of the claim, whatever else the engine commits meanwhile.
        if (failures === 3 && (await rig.states()).sending === undefined) return;
        failures -= 1;
        throw new DatabaseFailure('unavailable', 'the answer of the commit was lost');
      },
    });
    failures = 3;
    await rig.happen([testEvent('a', 1), testEvent('b', 1)]);
    await rig.ended(2);
    assert.equal(receiver.requests.length, 2);
    assert.deepEqual(await rig.states(), { delivered: 2 });
    assert.equal(failures, 0);
  });

  test(`${name}: a machine without descriptors, ports or buffers ends no push: it is sent when there are some again`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const codes = ['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'];
    await using rig = await createDispatcherHarness(open, [to(receiver)], {
      network: (http) => ({
        ...http,
        close: () => http.close(),
        send: (outgoing) => {
          const code = codes.shift();
          if (code === undefined) return http.send(outgoing);
          const unsent = reportUnsent({ kind: 'error', code, message: code });
          return Promise.resolve({ ...unsent, phase: code === 'EMFILE' ? 'dns' : 'connect' });
        },
      }),
    });
    const began = systemClock.monotonic();
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    assert.deepEqual([await rig.states(), receiver.requests.length, codes], [{ delivered: 1 }, 1, []]);
    // A pause after each of the four.
    assert.ok(systemClock.monotonic() - began >= 4 * 250);
    const { attempt } = await rig.database.read.selectFrom('delivery').select('attempt').executeTakeFirstOrThrow();
    assert.equal(attempt, 1);
  });

  test(`${name}: stopping gives back a claim whose commit is in doubt`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const claimed = Promise.withResolvers<Record<string, number>>();
    let fails = false;
    await using rig = await createDispatcherHarness(open, [to(receiver)], {
      timers: soonOnly,
      flaky: async (result) => {
        await result;
        if (!fails) return;
        const states = await rig.states();
        if (states.sending === undefined) return;
        fails = false;
        // Before the dispatcher hears of it.
        claimed.resolve(states);
        throw new DatabaseFailure('unavailable', 'the answer of the commit was lost');
      },
    });
    fails = true;
    await rig.happen([testEvent('a', 1)]);
    assert.deepEqual(await claimed.promise, { sending: 1 });
    await rig.engine.drain();
    assert.deepEqual([await rig.states(), receiver.requests.length], [{ pending: 1 }, 0]);
  });

  test(`${name}: a delivery that comes back for a webhook that was disabled meanwhile is cancelled`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const [disabled, paused, deleted] = [to(receiver), to(receiver), to(receiver)];
    await using rig = await createDispatcherHarness(open, [disabled, paused], { started: false });
    for (const webhook of [disabled, paused, deleted]) {
      await storeDeliveries(rig.database, webhook, [testEvent(`of ${webhook.webhookId}`, 1)]);
    }
    rig.webhooks.set([
      { ...disabled, status: 'disabled' },
      { ...paused, status: 'paused' },
    ]);
    await rig.engine.start();
    assert.deepEqual([await rig.states(), receiver.requests.length], [{ cancelled: 2, pending: 1 }, 0]);
  });

  test(`${name}: stopping lets what is in flight end and claims nothing more`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => later(60, () => socket.write(answer(200)))).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver)]);
    await rig.happen([testEvent('a', 1), testEvent('a', 2)]);
    while (receiver.requests.length === 0) await quiet(5);
    await rig.engine.drain();
    assert.deepEqual(await rig.states(), { delivered: 1, pending: 1 });
    await quiet();
    assert.equal(receiver.requests.length, 1);
  });

  test(`${name}: each push says which one was due before it in its lane, whatever became of that one`, async () => {
    await using receiver = await new ScriptedReceiver((socket, request) =>
      socket.write(answer(pushOf(request).sequence === 2 ? 500 : 200)),
    ).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { eventTypes: ['i_comm'] })]);
    await rig.happen([1, 2].map((sequence) => testEvent('a', sequence)));
    // Not due to this webhook.
    await rig.happen([testEvent('a', 3, { type: 'i_ack' })]);
    await rig.happen([testEvent('a', 4), testEvent('b', 1)]);
    await rig.happen([testEvent('a', 5)]);
    await rig.ended(5);
    const ofLane = receiver.requests.filter((request) => pushOf(request).lane === 'a');
    const said = ofLane.map(({ head }) => /^tocsin-previous-sequence: (.*)$/im.exec(head)?.[1]?.trim());
    assert.deepEqual(said, ['0', '1', '2', '4']);
  });

  test(`${name}: the result of an attempt is in the row, the history and the metrics`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(503, 'busy'))).listen();
    const webhook = to(receiver);
    await using rig = await createDispatcherHarness(open, [webhook]);
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    const delivery = await rig.database.read.selectFrom('delivery').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual(
      [delivery.state, delivery.reason, delivery.status_code, delivery.attempt],
      ['failed', 'server_error', 503, 1],
    );
    assert.equal(delivery.error_message, 'the receiver answered 503');
    const [attempt = assert.fail()] = await storedAttempts(rig.database.read);
    assert.deepEqual(
      [attempt.outcome, attempt.reason, attempt.maybe_sent, attempt.response_body, attempt.endpoint],
      ['failed', 'server_error', 1, 'busy', webhook.endpoint],
    );
    assert.match(attempt.request_headers_json, /"tocsin-attempt":"1"/);
    assert.match(await rig.metrics.text(), /tocsin_delivery_attempts_total\{reason="server_error"\} 1/);
  });
}

/** Lanes whose ids rise as they get more urgent; the letter says how urgent they are. */
function mixed(count: number): string[] {
  const letter = (index: number) => (index < count / 2 ? 'i' : index < (count * 2) / 3 ? 'w' : 'x');
  return Array.from({ length: count }, (_, index) => `${letter(index)}${String(index).padStart(4, '0')}`);
}

/** The first event of a Critical lane is not Critical: it goes for the one that waits behind it. */
function eventOf(lane: string, sequence: number): Event {
  const severity = lane.startsWith('i') ? 'Info' : lane.startsWith('w') || sequence === 1 ? 'Warning' : 'Critical';
  return testEvent(lane, sequence, { severity });
}

/**
 * Critical lanes of one event, newer than all others: when the last one of two events has sent its first, these are there
 * to go until that is on disk.
 */
function newest(): Event[] {
  return Array.from({ length: 20 }, (_, index) =>
    testEvent(`x1${String(index).padStart(4, '0')}`, 1, { severity: 'Critical' }),
  );
}

function goesByUrgency(pushes: readonly { lane: string; sequence: number }[]): void {
  const critical = pushes.filter(({ lane }) => lane.startsWith('x')).length;
  const last = pushes.findLastIndex(({ lane }) => lane.startsWith('x'));
  const others = last + 1 - critical;
  assert.ok(others <= Math.ceil(critical / 7), `${others} others went before the last of ${critical} Critical ones`);
  assert.ok(others > 0, 'one in eight was to be of the others');
  const done = new Map<string, number>();
  for (const { lane, sequence } of pushes) {
    assert.equal(sequence, (done.get(lane) ?? 0) + 1);
    done.set(lane, sequence);
  }
}

for (const { name, open } of databases) {
  test(`${name}: requests that were claimed together begin in pieces, with a turn of the event loop between`, async () => {
    await using receiver = await new ScriptedReceiver(ok).listen();
    const origin = (index: number) => `http://host${index}.test:${receiver.port}`;
    const webhooks = Array.from({ length: 60 }, (_, index) => to(receiver, { endpoint: `${origin(index)}/hook` }));
    let [begun, most] = [0, 0];
    await using rig = await createDispatcherHarness(open, webhooks, {
      network: (http) => ({
        ...http,
        send: (outgoing) => {
          if (begun === 0) {
            systemTimers.soon(() => {
              most = Math.max(most, begun);
              begun = 0;
            });
          }
          begun += 1;
          return http.send(outgoing);
        },
      }),
    });
    // A receiver that has answered is healthy, and what waits for healthy ones is claimed together.
    for (const sequence of [1, 2]) {
      most = 0;
      await rig.happen([testEvent('lane', sequence)]);
      await rig.ended(sequence * webhooks.length);
    }
    assert.ok(most > 1 && most <= 32, `${most} began in one turn`);
    assert.deepEqual(await rig.states(), { delivered: 2 * webhooks.length });
  });
}
