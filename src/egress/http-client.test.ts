import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { selfSigned } from '../../test/support/certificate.ts';
import { answer, ScriptedReceiver, type Script } from '../../test/support/scripted-receiver.ts';
import { allowAll, testSender } from '../../test/support/test-sender.ts';
import { testThreads } from '../../test/support/test-threads.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import type { Outcome } from '../delivery/store/outcome.ts';
import type { Report } from './report.ts';
import type { HttpClientPorts } from './http-client.ts';

test('a sound answer is delivered, and the request is one POST with our headers and body', async () => {
  await using receiver = await new ScriptedReceiver((socket) =>
    socket.write(answer(201, 'created', { 'x-tool': 'ok' })),
  ).listen();
  using sender = testSender();
  const { outcome, report } = await sender.send(receiver, { headers: ['X-A', '1'], body: '{"é":1}' });
  assert.deepEqual(outcome, { state: 'delivered', reason: 'ok', statusCode: 201, message: '' });
  assert.equal(report.responseBody, 'created');
  assert.equal(JSON.parse(report.responseHeadersJson)['x-tool'], 'ok');
  const request = receiver.requests[0];
  assert.match(request?.head ?? '', /^POST \/hook\?a=1&b=%20 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
  assert.match(request?.head ?? '', /X-A: 1/);
  assert.equal(Buffer.from(request?.body ?? '', 'latin1').toString(), '{"é":1}');
});

const later = (ms: number, work: () => void) => void systemTimers.after(ms, work);

/** One row of the fault table: what the receiver does, and what must come of it. Each row allows exactly one request. */
const faults: readonly {
  readonly name: string;
  readonly script: Script;
  readonly state: Outcome['state'];
  readonly reason: Outcome['reason'];
  readonly status?: number;
  readonly check?: (report: Report) => void;
}[] = [
  { name: 'a receiver that never answers', script: () => {}, state: 'unknown', reason: 'timeout_response' },
  {
    name: 'headers that drip',
    script: (socket) => {
      const drip = () => {
        if (socket.destroyed) return;
        socket.write('x');
        later(30, drip);
      };
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      drip();
    },
    state: 'unknown',
    reason: 'timeout_response',
  },
  {
    name: 'a flood of interim answers',
    script: (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17)),
    state: 'unknown',
    reason: 'protocol',
    check: (report) => assert.equal(report.fault?.message, 'more than 16 interim answers'),
  },
  {
    name: 'an interim answer with 64 KB of headers',
    script: (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(65_536)}\r\n\r\n${answer(200)}`),
    state: 'unknown',
    reason: 'protocol',
    check: (report) => assert.match(report.fault?.message ?? '', /^more than 65536 bytes of interim answers$/),
  },
  ...[
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(16),
    `HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(60_000)}\r\n\r\n`,
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\ncontent-length: 7\r\n\r\nHTTP/1.1 199 ?\r\n\r\n',
  ].flatMap((interim) =>
    [9, 100_000].map((cut) => ({
      name: `${JSON.stringify(interim.slice(0, 60))} before the answer, in pieces of ${cut}`,
      script: (socket: Parameters<Script>[0]) =>
        inPieces(socket, interim + answer(202, 'ok'), interim.length > 1_000 ? Math.max(cut, 5_000) : cut),
      state: 'delivered' as const,
      reason: 'ok' as const,
      status: 202,
      check: (report: Report) => assert.equal(report.responseBody, 'ok'),
    })),
  ),
  {
    name: 'an interim answer and no other',
    script: (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
    state: 'unknown',
    reason: 'connection_lost',
  },
  ...['000', '0', '99', 'abc', '', '-1', '20'].map((status) => ({
    name: `the status line HTTP/1.1 ${status}`,
    script: (socket: Parameters<Script>[0]) => void socket.end(`HTTP/1.1 ${status}\r\n\r\n`),
    state: 'unknown' as const,
    reason: 'protocol' as const,
    check: (report: Report) => assert.equal(report.fault?.message, 'the answer is no sound HTTP'),
  })),
  {
    name: 'headers in UTF-8, and in Latin-1',
    script: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n');
      socket.write(Buffer.from('x-utf: größe 中\r\n'));
      socket.write(Buffer.from('x-latin: gr\xf6\xdfe\r\n\r\n', 'latin1'));
    },
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => {
      const shown = JSON.parse(report.responseHeadersJson) as Record<string, string>;
      assert.deepEqual([shown['x-utf'], shown['x-latin']], ['größe 中', 'größe']);
    },
  },
  {
    name: 'a slow trickle of informational answers',
    script: (socket) => {
      const trickle = () => {
        if (socket.destroyed) return;
        socket.write('HTTP/1.1 102 Processing\r\n\r\n');
        later(60, trickle);
      };
      trickle();
    },
    state: 'unknown',
    reason: 'timeout_response',
  },
  {
    name: 'a few early hints, then an answer',
    script: (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${answer(200)}`),
    state: 'delivered',
    reason: 'ok',
    status: 200,
  },
  {
    name: '101 with an upgrade',
    script: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    state: 'failed',
    reason: 'protocol',
    status: 101,
  },
  {
    name: '101 without one',
    script: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    state: 'failed',
    reason: 'protocol',
    status: 101,
  },
  {
    name: 'a reset before any answer',
    script: (socket) => socket.resetAndDestroy(),
    state: 'unknown',
    reason: 'connection_lost',
  },
  {
    name: 'a close before any answer',
    script: (socket) => socket.end(),
    state: 'unknown',
    reason: 'connection_lost',
  },
  {
    name: 'a close in the middle of the headers',
    script: (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a: '),
    state: 'unknown',
    reason: 'connection_lost',
  },
  {
    name: 'a 2xx and then a reset',
    script: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart', () =>
        later(20, () => socket.resetAndDestroy()),
      );
    },
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.equal(report.responseBody, 'part'),
  },
  {
    name: 'a 2xx and then a body that never ends',
    script: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(`1000\r\n${'y'.repeat(4096)}\r\n`));
      };
      socket.on('drain', more);
      more();
    },
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.equal(report.responseBody.length, 16_384),
  },
  {
    name: 'a 2xx and then a body that drips',
    script: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const drip = () => {
        if (socket.destroyed) return;
        socket.write('z');
        later(40, drip);
      };
      drip();
    },
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.match(report.responseBody, /^z{1,8}$/),
  },
  {
    name: 'a body that is encoded, which is never inflated',
    script: (socket) => {
      const bomb = gzipSync(Buffer.alloc(5_000_000));
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.match(report.responseBody, /^\[gzip, base64\] H4sI/),
  },
  {
    name: 'bytes that are no text',
    script: (socket) => socket.end(Buffer.from('HTTP/1.1 200 OK\r\n\r\na\0b\xff\xfe', 'latin1')),
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.equal(report.responseBody, 'a\uFFFDb\uFFFD\uFFFD'),
  },
  {
    name: 'a 2xx with headers of 40 KB',
    script: (socket) => socket.write(answer(200, '', { 'x-big': 'h'.repeat(40_000) })),
    state: 'delivered',
    reason: 'ok',
    status: 200,
  },
  {
    name: 'a 503 with headers of 40 KB',
    script: (socket) => socket.write(answer(503, '', { 'x-big': 'h'.repeat(40_000) })),
    state: 'failed',
    reason: 'server_error',
    status: 503,
  },
  {
    name: 'headers that fit, but not into the history',
    script: (socket) => {
      const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v'.repeat(100)]));
      socket.write(answer(204, '', many));
    },
    state: 'delivered',
    reason: 'ok',
    status: 204,
    check: (report) => {
      assert.equal(Object.keys(JSON.parse(report.responseHeadersJson) as object).length, 64);
      assert.ok(report.responseHeadersJson.length < 9_500);
    },
  },
  { name: 'no HTTP at all', script: (socket) => socket.end('hello\r\n\r\n'), state: 'unknown', reason: 'protocol' },
  {
    name: 'two lengths that differ',
    script: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    state: 'unknown',
    reason: 'protocol',
  },
  {
    name: 'no content-length at all',
    script: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'),
    state: 'delivered',
    reason: 'ok',
    status: 200,
    check: (report) => assert.equal(report.responseBody, 'to the end'),
  },
  ...[400, 401, 404, 405, 407, 408, 415, 421, 425, 426].map((status) => ({
    name: `the status ${status}`,
    script: (socket: Parameters<Script>[0]) => void socket.write(answer(status)),
    state: 'failed' as const,
    reason: 'client_error' as const,
    status,
  })),
  ...[500, 502, 503, 504].map((status) => ({
    name: `the status ${status}`,
    script: (socket: Parameters<Script>[0]) => void socket.write(answer(status)),
    state: 'failed' as const,
    reason: 'server_error' as const,
    status,
  })),
  { name: 'gone', script: (socket) => socket.write(answer(410)), state: 'failed', reason: 'gone', status: 410 },
  { name: '429', script: (socket) => socket.write(answer(429)), state: 'failed', reason: 'throttled', status: 429 },
  {
    name: 'status 999',
    script: (socket) => socket.write(answer(999)),
    state: 'failed',
    reason: 'protocol',
    status: 999,
  },
];

const threads = testThreads();
after(() => threads[Symbol.asyncDispose]());
const here = testSender();
after(() => here[Symbol.dispose]());

for (const [row, sender, where] of faults.flatMap((row) => [
  [row, here, ''] as const,
  [row, threads, ', from a thread'] as const,
])) {
  test(`${row.name}: ${row.state}, ${row.reason}, and one request${where}`, async () => {
    await using receiver = await new ScriptedReceiver(row.script).listen();
    const { outcome, report } = await sender.send(receiver, { timeoutMs: 300 });
    assert.deepEqual([outcome.state, outcome.reason, outcome.statusCode], [row.state, row.reason, row.status ?? 0]);
    assert.equal(report.maybeSent, true);
    assert.equal(outcome.message === '', outcome.state === 'delivered');
    row.check?.(report);
    await settled();
    assert.equal(receiver.requests.length, 1);
  });
}

test('a redirect is not followed, and where it points to sees no connection', async () => {
  await using trap = await new ScriptedReceiver(() => {}).listen();
  await using receiver = await new ScriptedReceiver((socket) =>
    socket.write(answer(307, '', { location: `http://127.0.0.1:${trap.port}/` })),
  ).listen();
  using sender = testSender();
  const { outcome, report } = await sender.send(receiver);
  assert.deepEqual([outcome.state, outcome.reason, outcome.statusCode], ['failed', 'redirect', 307]);
  assert.match(report.responseHeadersJson, /"location"/);
  await settled();
  assert.equal(trap.connections, 0);
});

test('an answer before the upload has ended counts', async () => {
  await using receiver = await new ScriptedReceiver(() => {}, {
    onFirstByte: (socket) => socket.end(answer(413, 'too large', { connection: 'close' })),
  }).listen();
  using sender = testSender();
  const { outcome } = await sender.send(receiver, { body: 'b'.repeat(200_000) });
  assert.deepEqual([outcome.state, outcome.statusCode], ['failed', 413]);
});

test('a refused connection failed for certain', async () => {
  const receiver = await new ScriptedReceiver(() => {}).listen();
  const { port } = receiver;
  await receiver[Symbol.asyncDispose]();
  using sender = testSender();
  const { outcome, report } = await sender.send({ port });
  assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'connect', false]);
  assert.match(outcome.message, /connection refused/);
});

test('a name that cannot be resolved failed for certain, in the phase that says so', async () => {
  const nobody = Object.assign(new Error('queryA ENOTFOUND receiver.test'), { code: 'ENOTFOUND' });
  using sender = testSender({ resolver: { resolve: () => Promise.reject(nobody) } });
  const { outcome, report } = await sender.send({ port: 80 }, { host: 'receiver.test' });
  assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'dns', false]);
});

test('a resolver that stays silent is cut by the one deadline', async () => {
  using sender = testSender({ resolver: { resolve: () => new Promise(() => {}) } });
  const { outcome, report } = await sender.send({ port: 80 }, { host: 'receiver.test', timeoutMs: 120 });
  assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'timeout_connect', false]);
  assert.ok(report.durationMs >= 120, String(report.durationMs));
});

test('a certificate that is not trusted is refused before anything is written', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200)), {
    tls: selfSigned,
  }).listen();
  using sender = testSender();
  const refused = await sender.send(receiver, { scheme: 'https', host: 'receiver.test' });
  assert.deepEqual([refused.outcome.state, refused.outcome.reason], ['failed', 'tls']);
  assert.match(refused.outcome.message, /self-signed/);
  assert.equal(receiver.bytes, 0);
  const taken = await sender.send(receiver, { scheme: 'https', host: 'receiver.test', tlsVerify: false });
  assert.equal(taken.outcome.state, 'delivered');
});

test('a refusal that comes after the handshake, as TLS 1.3 has it, proves nothing', async () => {
  const tls = { ...selfSigned, requestCert: true, rejectUnauthorized: true };
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200)), { tls }).listen();
  using sender = testSender();
  const { outcome, report } = await sender.send(receiver, { scheme: 'https', tlsVerify: false });
  assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['unknown', 'connection_lost', true]);
});

test('a TLS handshake that never ends is cut by the deadline', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  using sender = testSender();
  const { outcome, report } = await sender.send(receiver, { scheme: 'https', timeoutMs: 150 });
  assert.deepEqual([outcome.reason, report.phase, report.maybeSent], ['timeout_connect', 'tls', false]);
});

test('plain HTTP where TLS is expected is explained', async () => {
  await using receiver = await new ScriptedReceiver(() => {}, {
    onFirstByte: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  }).listen();
  using sender = testSender();
  const { outcome } = await sender.send(receiver, { scheme: 'https' });
  assert.equal(outcome.reason, 'tls');
  assert.match(outcome.message, /http instead of https/);
});

test('a connection is used again', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200, 'ok'))).listen();
  using sender = testSender();
  for (let count = 0; count < 3; count += 1) assert.equal((await sender.send(receiver)).outcome.state, 'delivered');
  assert.deepEqual([receiver.requests.length, receiver.connections], [3, 1]);
});

test('a connection that was idle too long, by either clock, is not used again', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  let ahead = 0;
  using sender = testSender({ clock: { now: () => systemClock.now() + ahead, monotonic: systemClock.monotonic } });
  await sender.send(receiver);
  ahead = 4_000;
  await sender.send(receiver);
  assert.deepEqual([receiver.requests.length, receiver.connections], [2, 2]);
});

test('at most once, a connection that was idle for a second is not used again, and stays there for others', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  let ahead = 0;
  using sender = testSender({ clock: { now: () => systemClock.now() + ahead, monotonic: systemClock.monotonic } });
  await sender.send(receiver);
  await sender.send(receiver, { atMostOnce: true });
  assert.equal(receiver.connections, 1);
  ahead = 1_000;
  await sender.send(receiver);
  assert.equal(receiver.connections, 1);
  ahead = 2_000;
  await sender.send(receiver, { atMostOnce: true });
  assert.equal(receiver.connections, 2);
});

test('a connection that the receiver closed while idle costs nothing: the request goes out once on a fresh one', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200), () => socket.end())).listen();
  using sender = testSender();
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await sender.send(receiver)).outcome.state, 'delivered');
    await settled();
  }
  assert.deepEqual([receiver.requests.length, receiver.connections], [3, 3]);
});

test('a reset on a used connection proves nothing: unknown, and never sent again', async () => {
  await using receiver = await new ScriptedReceiver((socket, request) => {
    if (request.number === 1) socket.write(answer(200));
    else socket.resetAndDestroy();
  }).listen();
  using sender = testSender();
  await sender.send(receiver);
  const { outcome } = await sender.send(receiver);
  assert.deepEqual([outcome.state, outcome.reason], ['unknown', 'connection_lost']);
  await settled();
  assert.deepEqual([receiver.requests.length, receiver.connections], [2, 1]);
});

test('a process that was paused beyond the deadline writes nothing, on fresh and on used connections', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  let ahead = 0;
  let paused = false;
  const pausing: Partial<HttpClientPorts> = {
    clock: { now: () => systemClock.now() + ahead, monotonic: systemClock.monotonic },
    // A pause right before the write: the deadline's timer has had no chance to run.
    at: (point) => {
      if (paused && point === 'send.before-write') ahead = 1_000;
    },
  };
  for (const before of [0, 1]) {
    ahead = 0;
    paused = false;
    using sender = testSender(pausing);
    for (let count = 0; count < before; count += 1) await sender.send(receiver);
    const { bytes } = receiver;
    paused = true;
    const { outcome, report } = await sender.send(receiver);
    await settled();
    assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'timeout_connect', false]);
    assert.equal(receiver.bytes, bytes);
  }
});

test('a timer that fires early takes nothing from the receiver’s time', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  const early: HttpClientPorts['timers'] = { ...systemTimers, after: (ms, work) => systemTimers.after(ms / 2, work) };
  using sender = testSender({ timers: early });
  const { outcome, report } = await sender.send(receiver, { timeoutMs: 120 });
  assert.equal(outcome.reason, 'timeout_response');
  assert.ok(report.durationMs >= 120, String(report.durationMs));
});

test('a claim that is too old is given back with nothing written', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  using sender = testSender();
  const since = { wall: systemClock.now() - 5_000, monotonic: systemClock.monotonic() };
  const { outcome, report } = await sender.send(receiver, { window: { since, ms: 5_000 } });
  assert.deepEqual([outcome.reason, report.maybeSent, receiver.bytes], ['released', false, 0]);
});

test('a denied address is refused at dial time, literals included', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  using sender = testSender({ guard: { ...allowAll, refusesAddress: (address) => `${address} is not public` } });
  for (const host of ['127.0.0.1', 'receiver.test']) {
    const { outcome, report } = await sender.send(receiver, { host });
    assert.deepEqual([outcome.state, outcome.reason, report.maybeSent], ['failed', 'address_refused', false]);
    assert.equal(outcome.message, '127.0.0.1 is not public');
  }
  assert.equal(receiver.connections, 0);
});

test('one denied address among several refuses the name', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  using sender = testSender({
    resolver: { resolve: () => Promise.resolve(['127.0.0.1', '10.0.0.1']) },
    guard: { ...allowAll, refusesAddress: (address) => (address.startsWith('10.') ? 'private' : undefined) },
  });
  const { outcome } = await sender.send(receiver, { host: 'receiver.test' });
  assert.equal(outcome.reason, 'address_refused');
  assert.equal(receiver.connections, 0);
});

test('a name that is rebound gains nothing: the checked address is dialled', async () => {
  await using trap = await new ScriptedReceiver(() => {}).listen();
  let asked = 0;
  using sender = testSender({
    // 127.0.0.2 plays the public address and 127.0.0.1 the private one.
    resolver: { resolve: () => Promise.resolve([(asked += 1) === 1 ? '127.0.0.2' : '127.0.0.1']) },
    guard: { ...allowAll, refusesAddress: (address) => (address === '127.0.0.1' ? 'private' : undefined) },
  });
  const first = await sender.send(trap, { host: 'rebound.test' });
  const second = await sender.send(trap, { host: 'rebound.test' });
  assert.deepEqual([first.outcome.reason, second.outcome.reason], ['connect', 'address_refused']);
  assert.deepEqual([asked, trap.connections], [2, 0]);
});

test('several good addresses are tried until one connects', async () => {
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  using sender = testSender({ resolver: { resolve: () => Promise.resolve(['127.0.0.2', '127.0.0.1']) } });
  assert.equal((await sender.send(receiver, { host: 'receiver.test' })).outcome.state, 'delivered');
});

test('a source address that is bound is the one that the receiver sees', async () => {
  let seen: string | undefined;
  await using receiver = await new ScriptedReceiver((socket) => {
    seen = socket.remoteAddress;
    socket.write(answer(200));
  }).listen();
  using sender = testSender({ bind: ['127.0.0.3'] });
  await sender.send(receiver);
  assert.equal(seen, '127.0.0.3');
});

test('a request that cannot be made says so', async () => {
  await using receiver = await new ScriptedReceiver(() => {}).listen();
  using sender = testSender();
  const { outcome } = await sender.send(receiver, { headers: ['X-A', 'a\r\nb'] });
  assert.deepEqual([outcome.state, outcome.reason], ['failed', 'unsendable']);
  assert.equal(receiver.bytes, 0);
});

test('proxy settings of the environment do not apply', async () => {
  await using trap = await new ScriptedReceiver(() => {}).listen();
  await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  const before = { ...process.env };
  for (const name of ['HTTP_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY']) {
    process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${trap.port}`;
  }
  try {
    using sender = testSender();
    assert.equal((await sender.send(receiver)).outcome.state, 'delivered');
    assert.equal(trap.connections, 0);
  } finally {
    process.env = before;
  }
});

/** Writes a text in pieces, each in its own packet. */
function inPieces(socket: Parameters<Script>[0], text: string, size: number): void {
  const [piece, rest] = [text.slice(0, size), text.slice(size)];
  socket.setNoDelay(true);
  socket.write(piece, 'latin1');
  if (rest !== '') later(0, () => inPieces(socket, rest, size));
}

/** Time for a request that must not come to come anyway. */
function settled(): Promise<void> {
  return new Promise((resolve) => later(50, resolve));
}
