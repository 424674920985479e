import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { keys, startStubServer, type StubServer } from '../../../test/support/stub-server.ts';

const good = '{"thing_id":7}';
const bearer = `Authorization: Bearer ${keys.viewer}\r\n`;
const json = 'Content-Type: application/json\r\n';

function request(headers: string, body = good, path = '/thing/info'): string {
  return `POST ${path} HTTP/1.1\r\n${headers}\r\n${body}`;
}

describe('malformed HTTP (C3 53)', () => {
  const length = `Content-Length: ${good.length}\r\n`;
  const rows: [what: string, bytes: string, status: number][] = [
    [
      'length and chunks at once',
      request(`Host: localhost\r\n${bearer}${json}${length}Transfer-Encoding: chunked\r\n`),
      400,
    ],
    ['two lengths', request(`Host: localhost\r\n${bearer}${json}${length}Content-Length: 3\r\n`), 400],
    ['a folded header', request(`Host: localhost\r\n${bearer}X-A: 1\r\n 2\r\n${json}${length}`), 400],
    ['a space before the colon', request(`Host : localhost\r\n${bearer}${json}${length}`), 400],
    ['two hosts', request(`Host: localhost\r\nHost: localhost\r\n${bearer}${json}${length}Connection: close\r\n`), 400],
    ['no host', request(`${bearer}${json}${length}Connection: close\r\n`), 400],
    ['no host in HTTP/1.0', `GET /healthz HTTP/1.0\r\n\r\n`, 400],
    ['not HTTP', 'hello\r\n\r\n', 400],
    ['headers of 20 KB', request(`Host: localhost\r\nX-A: ${'a'.repeat(20_000)}\r\n`), 431],
    [
      'chunk extensions of 20 KB',
      request(`Host: localhost\r\n${bearer}${json}Transfer-Encoding: chunked\r\n`, `1;${'a'.repeat(20_000)}\r\n`),
      413,
    ],
  ];
  for (const [what, bytes, status] of rows) {
    test(`${what}: ${status}, and the connection ends`, async () => {
      await using server = await startStubServer();
      assert.match(await server.raw(bytes), new RegExp(`^HTTP/1\\.1 ${status} `));
    });
  }

  test('what the parser refuses is answered in the envelope too', async () => {
    await using server = await startStubServer();
    const [, body = ''] = (await server.raw('hello\r\n\r\n')).split('\r\n\r\n');
    assert.equal(JSON.parse(body).error.code, 'BadRequest');
  });
});

describe('whom the request was sent to (C5 69)', () => {
  const rows: [host: string, status: number][] = [
    ['localhost', 200],
    ['LOCALHOST:8567', 200],
    ['127.0.0.1:8567', 200],
    ['[::1]:8567', 200],
    ['10.1.2.3', 200],
    ['tocsin.example.org', 200],
    ['tocsin.example.org:443', 200],
    ['alerts.example.org', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost@evil.example', 403],
    ['tocsin.example.org.', 403],
    ['[::1', 403],
    ['', 403],
  ];
  for (const [host, status] of rows) {
    test(`Host: ${host} gives ${status}`, async () => {
      await using server = await startStubServer({ publicUrl: 'https://alerts.example.org:8443/' });
      const reply = await server.raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${status} `));
      if (status === 403) assert.match(reply, /TOCSIN_TRUSTED_HOSTS/);
    });
  }
});

describe('how much is read (C3 38, 52)', () => {
  const limits = { bodyMaxBytes: 65_536 };

  test('a body that is announced too large is refused, and the connection ends', async () => {
    await using server = await startStubServer({ limits });
    const reply = await server.raw(request(`Host: localhost\r\n${bearer}${json}Content-Length: 70000\r\n`, '{'));
    assert.match(reply, /^HTTP\/1\.1 413 .*connection: close.*EntityTooLarge/is);
  });

  test('a body that grows too large is refused while it streams', async () => {
    await using server = await startStubServer({ limits });
    const head = request(`Host: localhost\r\n${bearer}${json}Transfer-Encoding: chunked\r\n`, '');
    const { reply } = await flood(server, head);
    assert.match(reply, /^HTTP\/1\.1 413 .*connection: close.*EntityTooLarge/is);
  });

  test('a client that reads only after it has sent everything still sees why it was refused', async () => {
    await using server = await startStubServer({ limits });
    const body = Buffer.alloc(16 * 1024 * 1024, 'x');
    const head = request(`Host: localhost\r\n${bearer}${json}Content-Length: ${body.length}\r\n`, '');
    assert.match(await sendThenRead(server, head, body), /^HTTP\/1\.1 413 /);
  });

  test('the body of a stranger is not read, and the stranger still sees the answer', async () => {
    await using server = await startStubServer();
    const head = request(`Host: localhost\r\n${json}Transfer-Encoding: chunked\r\n`, '');
    const { reply, accepted } = await flood(server, head);
    assert.match(reply, /^HTTP\/1\.1 401 .*connection: close.*Unauthorized/is);
    assert.ok(accepted < floodBytes / 4, `${accepted} bytes were taken`);
  });

  test('a body shorter than announced is never handled', async () => {
    await using server = await startStubServer({ limits: { requestTimeoutMs: 300, headerTimeoutMs: 200 } });
    const reply = await server.raw(request(`Host: localhost\r\n${bearer}${json}Content-Length: 500\r\n`));
    assert.match(reply, /^HTTP\/1\.1 408 /);
  });

  test('half a header and then silence is cut', async () => {
    await using server = await startStubServer({ limits: { headerTimeoutMs: 200 } });
    assert.match(await server.raw('POST /thing/info HTTP/1.1\r\nHost: loc'), /^HTTP\/1\.1 408 /);
  });

  test('a connection that never says anything is cut', async () => {
    await using server = await startStubServer({ limits: { headerTimeoutMs: 200 } });
    assert.match(await server.raw(''), /^(HTTP\/1\.1 408 |$)/);
  });

  test('connections beyond the cap are dropped', async () => {
    await using server = await startStubServer({ limits: { connectionsMax: 1 } });
    const first = connect(server.port, '127.0.0.1');
    first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // The server learns of a connection a little after the client does: with its answer it is certain.
    await once(first, 'data');
    assert.equal(await server.raw('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'), '');
    first.destroy();
  });
});

const floodBytes = 64 * 1024 * 1024;

/** Sends chunks as fast as they are taken, until the server ends the connection; says how many bytes left this side. */
function flood(server: StubServer, head: string): Promise<{ reply: string; accepted: number }> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(head, more));
    const chunk = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    let reply = '';
    const more = (error?: Error | null) => {
      if (error || socket.bytesWritten > floodBytes) return;
      socket.write(chunk, more);
    };
    socket.on('data', (data) => {
      reply += data.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ reply, accepted: socket.bytesWritten }));
  });
}

/** As blocking clients do it. */
function sendThenRead(server: StubServer, head: string, body: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(head);
      socket.write(body, () => {
        socket.on('data', (data) => {
          reply += data.toString('latin1');
        });
      });
    });
    let reply = '';
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(reply));
  });
}

describe('closing (B1 10)', () => {
  test('a draining server is not ready, refuses writes, and still answers reads', async () => {
    await using server = await startStubServer();
    server.drain();
    assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    const write = await server.post('/thing/create', { name: 'x' });
    assert.equal(write.status, 503);
    assert.equal(write.headers.get('retry-after'), '5');
    assert.equal((await server.post('/event/push/alert/standard?integration_key=k')).status, 503);
    const read = await server.post('/thing/info', { thing_id: 1 });
    assert.equal(read.status, 200);
    assert.equal(read.headers.get('connection'), 'close');
  });

  test('a request that runs gets its answer before the server is closed', async () => {
    await using server = await startStubServer();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    Object.assign(server.toys, { gate: gate.promise, reached: reached.resolve });
    const answer = server.post('/thing/slow');
    await reached.promise;
    const closed = server.close();
    gate.resolve();
    assert.equal((await answer).status, 200);
    await closed;
    await assert.rejects(fetch(`${server.url}/healthz`));
  });

  test('a request that runs too long is cut when the drain is over', async () => {
    await using server = await startStubServer({ limits: { drainMs: 50 } });
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    Object.assign(server.toys, { gate: gate.promise, reached: reached.resolve });
    const answer = server.post('/thing/slow').then(
      () => 'answered',
      () => 'cut',
    );
    await reached.promise;
    await server.close();
    assert.equal(await answer, 'cut');
    gate.resolve();
  });
});
