import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedAttempts } from '../../test/support/stored-attempts.ts';
import { databases } from '../../test/support/databases.ts';
import { createDispatcherHarness, pushOf, quiet, to } from '../../test/support/dispatcher-harness.ts';
import { testEvent, testWebhook } from '../../test/support/deliveries.ts';
import { answer, ScriptedReceiver, type ReceivedRequest, type Script } from '../../test/support/scripted-receiver.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom, type Random } from '../runtime/random.ts';
import { retryDefaults } from '../webhooks/draft.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { shareOfMachine } from '../../test/support/machine.ts';

/** The jitter at its least: a next attempt is due at once. */
const impatient: Random = { ...systemRandom, fraction: () => 0 };
const durable: Partial<Webhook> = { mode: 'at_least_once', retry: retryDefaults.at_least_once };
const latest: Partial<Webhook> = { ...durable, orderPolicy: 'latest' };

/** Fails the first requests, then takes all. */
function failing(count: number, failure: Script): Script {
  return (socket, request) => (request.number <= count ? failure(socket, request) : socket.write(answer(200)));
}

const says =
  (status: number, headers = ''): Script =>
  (socket) =>
    socket.write(`HTTP/1.1 ${status} x\r\n${headers}content-length: 0\r\n\r\n`);

function headerOf(request: ReceivedRequest | undefined, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(request?.head ?? '')?.[1]?.trim();
}

for (const { name, open } of databases) {
  test(`${name}: what fails is tried again with the same id and body until it is taken, and its lane waits`, async () => {
    await using receiver = await new ScriptedReceiver(failing(3, says(500))).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, durable)], { random: impatient });
    await rig.happen([testEvent('a', 1)]);
    await rig.happen([testEvent('a', 2)]);
    await rig.ended(2);
    const requests = receiver.requests;
    assert.deepEqual(
      requests.map((request) => pushOf(request).sequence),
      [1, 1, 1, 1, 2],
    );
    assert.deepEqual(
      requests.map((request) => headerOf(request, 'tocsin-attempt')),
      ['1', '2', '3', '4', '1'],
    );
    assert.equal(new Set(requests.slice(0, 4).map((request) => headerOf(request, 'webhook-id'))).size, 1);
    assert.equal(new Set(requests.slice(0, 4).map((request) => request.body)).size, 1);
    assert.deepEqual(await rig.states(), { delivered: 2 });
    const attempts = await storedAttempts(rig.database.read);
    assert.deepEqual(
      attempts.map(({ attempt, outcome }) => [attempt, outcome]),
      [...[1, 2, 3].map((attempt) => [attempt, 'failed']), [4, 'delivered'], [1, 'delivered']],
    );
  });

  test(`${name}: at most once, a receiver that restarts within its time loses nothing, and its lanes keep their order`, async () => {
    await using reserved = await new ScriptedReceiver(() => {}).listen();
    const { port } = reserved;
    await reserved[Symbol.asyncDispose]();
    const webhook = testWebhook({ endpoint: `http://127.0.0.1:${port}/hook`, unsentRetrySeconds: 10 });
    const hasty = testWebhook({ endpoint: webhook.endpoint, unsentRetrySeconds: 0, channelIds: [7] });
    await using rig = await createDispatcherHarness(open, [webhook, hasty]);
    await rig.happen([testEvent('a', 1), testEvent('a', 2), testEvent('b', 1), testEvent('c', 1, { channelId: 7 })]);
    await rig.settled(3);
    await using receiver = await new ScriptedReceiver(says(200)).listen(port);
    await rig.ended(5);
    assert.deepEqual(await rig.states(), { delivered: 4, failed: 1 });
    const ofA = receiver.requests.map(pushOf).filter(({ lane }) => lane === 'a');
    assert.deepEqual(
      ofA.map(({ sequence }) => sequence),
      [1, 2],
    );
    const attempts = (await storedAttempts(rig.database.read)).filter(({ attempt }) => attempt === 1);
    assert.ok(attempts.some((one) => one.outcome === 'failed' && one.reason === 'connect' && one.maybe_sent === 0));
  });

  test(`${name}: at most once, what left is never sent again, however long its webhook tries the unsent`, async () => {
    await using receiver = await new ScriptedReceiver((socket) => socket.resetAndDestroy()).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { unsentRetrySeconds: 60 })]);
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    await quiet(400);
    assert.deepEqual([await rig.states(), receiver.requests.length], [{ unknown: 1 }, 1]);
  });

  test(`${name}: an answer that may have been lost is asked for again`, async () => {
    const lost: Script = (socket) => void socket.destroy();
    await using receiver = await new ScriptedReceiver(failing(1, lost)).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, durable)], { random: impatient });
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(1);
    assert.equal(receiver.requests.length, 2);
    assert.deepEqual(await rig.states(), { delivered: 1 });
  });

  test(`${name}: a lane that waits holds back no other lane of its webhook`, async () => {
    const script: Script = (socket, request) => socket.write(answer(pushOf(request).lane === 'bad' ? 404 : 200));
    await using receiver = await new ScriptedReceiver(script).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, durable)], {
      random: { ...systemRandom, fraction: () => 0.999 },
    });
    await rig.happen([testEvent('bad', 1)]);
    for (let sequence = 1; sequence <= 5; sequence += 1)
      await rig.happen([testEvent('good', sequence), testEvent('bad', sequence + 1)]);
    await rig.ended(5);
    assert.deepEqual(await rig.states(), { delivered: 5, retry_wait: 1, pending: 5 });
    assert.equal(receiver.requests.filter((request) => pushOf(request).lane === 'bad').length, 1);
  });

  test(`${name}: 410 ends it, and so does the last attempt`, async () => {
    await using gone = await new ScriptedReceiver(says(410)).listen();
    await using broken = await new ScriptedReceiver(says(400)).listen();
    const three = { ...durable, retry: { ...retryDefaults.at_least_once, maxAttempts: 3 } };
    await using rig = await createDispatcherHarness(open, [to(gone, durable), to(broken, three)], {
      random: impatient,
    });
    await rig.happen([testEvent('a', 1)]);
    await rig.ended(2);
    assert.deepEqual([gone.requests.length, broken.requests.length], [1, 3]);
    assert.deepEqual(await rig.states(), { failed: 2 });
  });

  test(`${name}: the latest takes the place of undelivered ones, names their types, and never swallows i_custom`, async () => {
    await using receiver = await new ScriptedReceiver(failing(1, says(500))).listen();
    // The first wait is long enough for the others to come in behind it.
    const first = { ...systemRandom, fraction: () => 0.06 };
    await using rig = await createDispatcherHarness(open, [to(receiver, latest)], { random: first });
    await rig.happen([testEvent('a', 1, { type: 'i_new' })]);
    await rig.settled(1);
    await rig.happen([testEvent('a', 2, { type: 'i_ack' }), testEvent('a', 3, { type: 'i_comm' })]);
    await rig.happen([
      testEvent('a', 4, { type: 'i_custom' }),
      testEvent('a', 5, { type: 'i_comm' }),
      testEvent('a', 6, { type: 'i_rslv' }),
    ]);
    await rig.ended(6);
    assert.deepEqual(
      receiver.requests.map((request) => pushOf(request).sequence),
      [1, 3, 4, 6],
    );
    assert.deepEqual(
      receiver.requests.map((request) => headerOf(request, 'tocsin-superseded')),
      [undefined, 'i_new, i_ack', undefined, 'i_comm'],
    );
    assert.deepEqual(await rig.states(), { delivered: 3, superseded: 3 });
    assert.match(await rig.metrics.text(), /tocsin_deliveries_ended_total\{outcome="superseded"\} 3\n/);
  });

  test(`${name}: an event older than its webhook's limit expires with a row that says so`, async () => {
    await using receiver = await new ScriptedReceiver(says(200)).listen();
    const soon = to(receiver, { retry: { maxAttempts: 1, maxAgeSeconds: 0, on: 'any' } });
    await using rig = await createDispatcherHarness(open, [soon], { started: false });
    await rig.happen([testEvent('a', 1), testEvent('b', 1)]);
    await quiet(5);
    await rig.engine.start();
    await rig.ended(2);
    assert.equal(receiver.requests.length, 0);
    assert.deepEqual(await rig.states(), { expired: 2 });
    assert.match(await rig.metrics.text(), /tocsin_deliveries_ended_total\{outcome="expired"\} 2\n/);
  });

  test(`${name}: requests begin no faster than the webhook's rate`, async () => {
    await using receiver = await new ScriptedReceiver(says(200)).listen();
    await using rig = await createDispatcherHarness(open, [to(receiver, { rateLimitPerSecond: 20 })]);
    await rig.happen([testEvent('first', 1)]);
    await rig.ended(1);
    const begun = performance.now();
    await rig.happen(Array.from({ length: 40 }, (_, index) => testEvent(`lane${index}`, 1)));
    await rig.ended(41);
    assert.ok(performance.now() - begun > 900, 'the second twenty wait for their second');
  });

  test(`${name}: waits that are ended are over at once, and an open breaker lets a probe through`, async () => {
    await using receiver = await new ScriptedReceiver(failing(14, says(500))).listen();
    const [webhook, other] = [to(receiver, durable), to(receiver, durable)];
    await using rig = await createDispatcherHarness(open, [webhook, other], {
      random: { ...systemRandom, fraction: () => 0.999 },
    });
    const lanes = Array.from({ length: 8 }, (_, index) => `lane${index}`);
    await rig.happen(lanes.map((lane) => testEvent(lane, 1)));
    const { retryNow } = rig.engine.deliveries;
    const waiting = async () => (await rig.states()).retry_wait ?? 0;
    while ((await waiting()) < 5) await quiet(5);
    const before = await waiting();
    assert.equal(await retryNow(0), 0);
    const released = (await retryNow(webhook.webhookId)) + (await retryNow(other.webhookId));
    assert.ok(released >= before && released <= 16);
    // Each wait is many seconds long, and so is the time for which a breaker opens after so many failures.
    const began = systemClock.monotonic();
    for (let delivered = 0; delivered < 16; delivered = (await rig.states()).delivered ?? 0) {
      await retryNow(webhook.webhookId);
      await retryNow(other.webhookId);
      await quiet(5);
    }
    assert.ok(systemClock.monotonic() - began < 4_000 * shareOfMachine());
  });

  test(`${name}: a delivery that waits for its next attempt is found by the next start`, async () => {
    await using receiver = await new ScriptedReceiver(failing(1, says(500))).listen();
    const webhook = to(receiver, durable);
    await using rig = await createDispatcherHarness(open, [webhook], {
      random: { ...systemRandom, fraction: () => 0.01 },
    });
    await rig.happen([testEvent('a', 1)]);
    await rig.settled(1);
    await rig.engine.drain();
    assert.deepEqual(await rig.states(), { retry_wait: 1 });
    await quiet(60);
    await using next = await createDispatcherHarness(() => Promise.resolve(rig.database), [webhook]);
    await next.ended(1);
    assert.deepEqual(await rig.states(), { delivered: 1 });
  });

  test(`${name}: a delivery that waits for longer than any wait lasts, because the clock was set back since, is tried now`, async () => {
    await using receiver = await new ScriptedReceiver(failing(2, says(500))).listen();
    const webhook = to(receiver, durable);
    await using rig = await createDispatcherHarness(open, [webhook], {
      random: { ...systemRandom, fraction: () => 0.1 },
    });
    await rig.happen([testEvent('a', 1), testEvent('b', 1)]);
    await rig.settled(2);
    await rig.engine.drain();
    const daysMs = 3 * 86_400_000;
    await rig.database.transaction(({ query }) =>
      query
        .updateTable('delivery')
        .set((row) => ({ due_at: row('due_at', '+', daysMs) }))
        .where('entity_id', '=', 'a')
        .execute(),
    );
    await using next = await createDispatcherHarness(() => Promise.resolve(rig.database), [webhook]);
    // It is looked for when nothing else is due sooner.
    await next.ended(2);
    // The lanes wait for each other no more than any two do.
    const attempts = Map.groupBy(receiver.requests, (request) => pushOf(request).lane);
    for (const lane of ['a', 'b']) {
      assert.deepEqual(
        attempts.get(lane)?.map(({ head }) => /^tocsin-attempt: (\d+)/im.exec(head)?.[1]),
        ['1', '2'],
        lane,
      );
    }
    assert.equal(receiver.requests.length, 4);
  });
}
