import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { selfSigned } from '../../test/support/certificate.ts';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { testSender } from '../../test/support/test-sender.ts';
import { testThreads } from '../../test/support/test-threads.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Moment } from '../runtime/moment.ts';
import { systemTimers, type Timers } from '../runtime/timers.ts';
import { looksMax } from './egress-thread.ts';
import { HandedOver, slotsMax } from './thread-messages.ts';

const ok = () => new ScriptedReceiver((socket) => socket.write(answer(200, 'ok', { 'x-tool': 'é' }))).listen();
const silent = () => new ScriptedReceiver(() => {}).listen();

test('a report from a thread has all that one from the event loop has', async () => {
  await using receiver = await ok();
  await using threads = testThreads();
  using here = testSender();
  const sent = { headers: ['X-A', '1'], body: '{"é":1}', timeoutMs: 10_000 };
  for (let count = 0; count < 2; count += 1) {
    const { report: there } = await threads.send(receiver, sent);
    const { report } = await here.send(receiver, sent);
    assert.deepEqual(Object.keys(there), Object.keys(report));
    assert.deepEqual(Object.keys(there.timing ?? {}), Object.keys(report.timing ?? {}));
    const measured = { durationMs: 0, timing: undefined };
    assert.deepEqual({ ...there, ...measured }, { ...report, ...measured });
  }
  const [first, second] = receiver.requests.filter((_, index) => index % 2 === 0);
  assert.deepEqual([first?.head, first?.body], [second?.head, second?.body]);
});

test('an origin belongs to one thread: its requests share connections, whichever webhook they are of', async () => {
  await using receiver = await ok();
  await using threads = testThreads({ count: 3 });
  for (let count = 0; count < 6; count += 1) await threads.send(receiver, {});
  assert.deepEqual([receiver.requests.length, receiver.connections], [6, 1]);
});

test('origins are divided over the threads', async () => {
  await using threads = testThreads({ count: 3 });
  for (let port = 1; port <= 20; port += 1) await threads.send({ port }, {});
  assert.equal(threads.workers.length, 3);
  assert.equal(await threads.metric('tocsin_egress_threads'), 3);
});

test('one body that many requests have is handed over once, and each request has it', async () => {
  await using receiver = await ok();
  await using threads = testThreads();
  const bodies = Array.from({ length: 150 }, (_, index) => `{"event":${Math.floor(index / 2)}}`);
  await Promise.all(bodies.map((body) => threads.send(receiver, { body })));
  assert.deepEqual(receiver.requests.map(({ body }) => body).sort(), bodies.sort());
});

test('the last items that were handed over are remembered, and no more of them', () => {
  const handed = new HandedOver<string>(2);
  assert.deepEqual(
    ['a', 'a', 'b', 'a', 'c', 'b', 'a'].map((item) => handed.place(item)),
    [
      [0, true],
      [0, false],
      [1, true],
      [0, false],
      [0, true],
      [1, false],
      [1, true],
    ],
  );
});

test('a thread has the guard of the operator', async () => {
  await using receiver = await ok();
  await using threads = testThreads({ settings: { allow: [], bind: [] } });
  for (const host of ['127.0.0.1', 'receiver.test']) {
    const { outcome } = await threads.send(receiver, { host });
    assert.deepEqual([outcome.state, outcome.reason], ['failed', 'address_refused']);
    assert.match(outcome.message, /127\.0\.0\.1 is a loopback address/);
  }
  assert.equal(receiver.connections, 0);
});

test('a thread goes through the proxy of the operator, and from the address that is bound', async () => {
  let from: string | undefined;
  await using proxy = await new ScriptedReceiver((socket) => {
    from = socket.remoteAddress;
    socket.write(answer(403));
  }).listen();
  const through = { hostname: '127.0.0.1', port: proxy.port, authorization: 'Basic dTpw' };
  await using threads = testThreads({ settings: { allow: [], bind: ['127.0.0.3'], proxy: through } });
  const { outcome } = await threads.send({ port: 443 }, { host: 'hooks.example' });
  assert.match(outcome.message, /proxy answered 403 to CONNECT hooks\.example:443/);
  assert.match(proxy.requests[0]?.head ?? '', /Proxy-Authorization: Basic dTpw/);
  assert.equal(from, '127.0.0.3');
});

test('a thread checks certificates, and says what is wrong with one', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200)), {
    tls: selfSigned,
  }).listen();
  await using threads = testThreads();
  const there = { scheme: 'https', host: 'receiver.test' };
  const refused = await threads.send(receiver, there);
  assert.equal(refused.outcome.reason, 'tls');
  assert.match(refused.outcome.message, /self-signed/);
  assert.equal(receiver.bytes, 0);
  const taken = await threads.send(receiver, { ...there, tlsVerify: false });
  assert.deepEqual(Object.keys(taken.report.timing ?? {}), [
    'dns',
    'connect',
    'tls',
    'wait',
    'body',
    'reused',
    'address',
  ]);
});

test('a name that only the system may know is looked up by the main thread', async () => {
  await using receiver = await ok();
  const asked: string[] = [];
  await using threads = testThreads({
    lookup: async (host) => {
      asked.push(host);
      if (host === 'receiver.test') return ['127.0.0.1'];
      throw Object.assign(new Error('nobody'), { code: 'ENOTFOUND' });
    },
  });
  const [found, again, missing] = await Promise.all([
    threads.send(receiver, { host: 'receiver.test' }),
    threads.send(receiver, { host: 'receiver.test' }),
    threads.send(receiver, { host: 'missing.test' }),
  ]);
  assert.deepEqual([found.outcome.state, again.outcome.state], ['delivered', 'delivered']);
  assert.equal(missing.outcome.reason, 'dns');
  assert.match(missing.outcome.message, /ENOTFOUND/);
  assert.deepEqual(asked.sort(), ['missing.test', 'receiver.test']);
});

test('the window of a claim counts by a clock that the threads share', async () => {
  await using receiver = await ok();
  await using threads = testThreads();
  await threads.send(receiver, {});
  const ago = (ms: number): Moment => ({ wall: systemClock.now(), monotonic: systemClock.monotonic() - ms });
  const late = await threads.send(receiver, { window: { since: ago(60_000), ms: 60_000 } });
  assert.deepEqual([late.outcome.reason, late.report.maybeSent], ['released', false]);
  const inTime = await threads.send(receiver, { window: { since: ago(50_000), ms: 60_000 } });
  assert.equal(inTime.outcome.state, 'delivered');
  assert.equal(receiver.requests.length, 2);
});

test('a lease that is renewed while its request waits for a name lets it go, and one that is not does not', async () => {
  await using receiver = await ok();
  const looks = new Looks();
  for (const isRenewed of [true, false]) {
    const name = Promise.withResolvers<string[]>();
    const asked = Promise.withResolvers<void>();
    const lookup = () => {
      asked.resolve();
      return name.promise;
    };
    await using threads = testThreads({ timers: looks.timers, lookup });
    const original = momentAgo(59_800);
    const window = { since: original, ms: 60_000 };
    const sent = threads.send(receiver, { host: 'receiver.test', window });
    await asked.promise;
    if (isRenewed) window.since = momentAgo(0);
    looks.look();
    await until(() => systemClock.monotonic() - original.monotonic >= window.ms);
    name.resolve(['127.0.0.1']);
    assert.equal((await sent).outcome.reason, isRenewed ? 'ok' : 'released');
  }
  assert.equal(receiver.requests.length, 1);
});

test('a thread that ends leaves unknown what it had sent, which nobody sends again, and another goes on', async () => {
  await using hanging = await silent();
  await using receiver = await ok();
  await using threads = testThreads();
  const sent = threads.send(hanging, { atMostOnce: true });
  await until(() => hanging.requests.length === 1);
  await threads.workers[0]?.terminate();
  const { outcome, report } = await sent;
  assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['unknown', 'connection_lost', true]);
  assert.match(outcome.message, /the thread that carried it ended/);
  await until(() => threads.workers.length === 2);
  assert.equal((await threads.send(receiver, {})).outcome.state, 'delivered');
  assert.equal(hanging.requests.length, 1);
  assert.equal(await threads.metric('tocsin_egress_thread_restarts_total{reason="ended"}'), 1);
  assert.equal(await threads.metric('tocsin_egress_thread_requests_lost_total{state="begun"}'), 1);
  assert.match(threads.logged.join(), /egress\.thread_replaced/);
});

test('a thread that ends before the first byte has certainly sent nothing', async () => {
  await using receiver = await ok();
  for (const point of ['send.before-connect', 'send.before-write'] as const) {
    await using threads = testThreads();
    threads.break('end', point);
    const { outcome, report } = await threads.send(receiver, {});
    assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'connect', false]);
    assert.match(outcome.message, /the thread that made it ended/);
  }
  assert.equal(receiver.bytes, 0);
});

test('a thread that ends once the status is read is no answer', async () => {
  await using receiver = await ok();
  await using threads = testThreads();
  threads.break('end', 'send.after-response');
  const { outcome } = await threads.send(receiver, {});
  assert.deepEqual([outcome.state, outcome.statusCode], ['unknown', 0]);
});

test('a thread that hangs is replaced within a second, and what it had in hand is settled by how far it came', async () => {
  await using hanging = await silent();
  await using receiver = await ok();
  await using threads = testThreads();
  const begun = threads.send(hanging, {});
  await until(() => hanging.requests.length === 1);
  threads.break('hang', 'send.before-write');
  const dialling = threads.send(receiver, {});
  await threads.broken();
  const hungAt = systemClock.monotonic();
  const waiting = threads.send(receiver, {});
  const reports = await Promise.all([begun, dialling, waiting]);
  const tookMs = systemClock.monotonic() - hungAt;
  assert.deepEqual(
    reports.map(({ outcome }) => [outcome.state, outcome.reason]),
    [
      ['unknown', 'connection_lost'],
      ['failed', 'connect'],
      ['failed', 'released'],
    ],
  );
  assert.ok(tookMs < 2_000, `it took ${tookMs} ms on a machine that may be busy`);
  assert.deepEqual([receiver.bytes, hanging.requests.length], [0, 1]);
  await until(() => threads.workers.length === 2);
  assert.equal((await threads.send(receiver, {})).outcome.state, 'delivered');
  assert.equal(await threads.metric('tocsin_egress_thread_restarts_total{reason="hung"}'), 1);
});

test('a thread hangs at the last look of so many without a beat, and not before', async () => {
  const looks = new Looks();
  await using receiver = await ok();
  await using threads = testThreads({ timers: looks.timers });
  await threads.send(receiver, {});
  threads.break('hang', 'send.before-connect');
  let report: unknown;
  void threads.send({ port: receiver.port + 1 }, {}).then((sent) => (report = sent));
  await threads.broken();
  // The first look sees the beats before.
  for (let look = 0; look < looksMax; look += 1) looks.look();
  assert.equal(await threads.metric('tocsin_egress_thread_restarts_total{reason="hung"}'), 0);
  looks.look();
  await until(() => report !== undefined);
  assert.equal(await threads.metric('tocsin_egress_thread_restarts_total{reason="hung"}'), 1);
});

test('a thread that is given up and goes on writes nothing any more', async () => {
  await using receiver = await ok();
  await using threads = testThreads();
  await threads.send(receiver, {});
  const worker = threads.workers[0] ?? assert.fail();
  const end = worker.terminate.bind(worker);
  // As if it were held up in the system, where nobody can end it.
  worker.terminate = () => Promise.resolve(0);
  threads.break('hang', 'send.before-write');
  const { bytes } = receiver;
  const { outcome, report } = await threads.send(receiver, {});
  assert.deepEqual([outcome.reason, report.maybeSent], ['connect', false]);
  worker.terminate = end;
  threads.wake();
  // A new thread has sent meanwhile, and the old one has had its turn.
  assert.equal((await threads.send(receiver, {})).outcome.state, 'delivered');
  await new Promise<void>((resolve) => void systemTimers.after(100, resolve));
  assert.deepEqual([receiver.requests.length, receiver.bytes], [2, bytes * 2]);
});

test('a thread that ends soon after its start gets its successor after a pause, and what comes meanwhile is given back', async () => {
  await using receiver = await ok();
  const looks = new Looks();
  await using threads = testThreads({ timers: looks.timers });
  threads.break('end', 'send.before-connect');
  await threads.send(receiver, {});
  const { outcome } = await threads.send(receiver, {});
  assert.deepEqual([outcome.reason, threads.workers.length], ['released', 1]);
  looks.look();
  assert.equal(threads.workers.length, 2);
  assert.equal((await threads.send(receiver, {})).outcome.state, 'delivered');
});

test('a thread has so many requests in hand, and one more is given back', async () => {
  const names = Promise.withResolvers<string[]>();
  await using receiver = await ok();
  await using threads = testThreads({ lookup: () => names.promise });
  const sent = Array.from({ length: slotsMax }, () =>
    threads.send(receiver, { host: 'receiver.test', timeoutMs: 500 }),
  );
  const { outcome } = await threads.send(receiver, {});
  assert.equal(outcome.reason, 'released');
  await Promise.all(sent);
  names.resolve(['127.0.0.1']);
  assert.equal((await threads.send(receiver, {})).outcome.state, 'delivered');
});

test('closing ends the requests in flight with their reports, and then the threads', async () => {
  await using receiver = await silent();
  await using threads = testThreads({ count: 2 });
  threads.client.start?.();
  const sent = threads.send(receiver, {});
  await until(() => receiver.requests.length === 1);
  const exits = threads.workers.map((worker) => once(worker, 'exit'));
  threads.client.close();
  const { outcome } = await sent;
  assert.deepEqual([outcome.state, outcome.reason], ['unknown', 'connection_lost']);
  await Promise.all(exits);
  assert.equal((await threads.send(receiver, {})).outcome.reason, 'released');
  assert.equal(await threads.metric('tocsin_egress_thread_restarts_total{reason="ended"}'), 0);
});

function momentAgo(ms: number): Moment {
  return { wall: systemClock.now() - ms, monotonic: systemClock.monotonic() - ms };
}

/** Timers that a test fires by hand. */
class Looks {
  #due: (() => void)[] = [];

  readonly timers: Timers = {
    after: (_delayMs, work) => {
      this.#due.push(work);
      return () => void (this.#due = this.#due.filter((one) => one !== work));
    },
    soon: (work) => systemTimers.soon(work),
  };

  look(): void {
    for (const work of this.#due.splice(0)) work();
  }
}
