import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { unansweredMax } from './client-connections.ts';
import { openStubServer, type Answered } from '../../../test/support/stub-server.ts';

const reason = 'the service is starting';

describe('while the service starts', () => {
  test('it lives, and says that it is not ready and why', async () => {
    await using server = await openStubServer();
    const health = await fetch(`${server.url}/healthz`);
    assert.deepEqual([health.status, await health.text()], [200, 'ok\n']);
    const said = async () => {
      const readiness = await fetch(`${server.url}/readyz`);
      assert.equal(readiness.headers.get('content-type'), 'application/json; charset=utf-8');
      return [readiness.status, await readiness.json()];
    };
    assert.deepEqual(await said(), [503, { ready: false, reasons: [reason] }]);
    server.door.waitsFor('its database');
    assert.deepEqual(await said(), [503, { ready: false, reasons: [`${reason} and waits for its database`] }]);
    server.door.waitsFor(undefined);
    assert.deepEqual(await said(), [503, { ready: false, reasons: [reason] }]);
  });

  for (const [method, path] of [
    ['POST', '/event/push/alert/standard?integration_key=k'],
    ['POST', '/thing/create'],
    ['POST', '/nowhere'],
    ['GET', '/metrics'],
    ['GET', '/'],
  ] as const) {
    test(`${method} ${path} is asked to come again`, async () => {
      await using server = await openStubServer();
      const answer = await fetch(`${server.url}${path}`, { method });
      const { status, headers } = answer;
      const body = (await answer.json()) as Answered['body'];
      assert.deepEqual([status, body.error?.code], [503, 'ServiceUnavailable']);
      assert.equal(headers.get('retry-after'), '5');
      assert.equal(body.request_id, headers.get('flashcat-request-id'));
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    });
  }

  test('a browser gets a page that loads again', async () => {
    await using server = await openStubServer();
    for (const method of ['GET', 'HEAD']) {
      const page = await fetch(`${server.url}/incident?severity=Critical`, {
        method,
        headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' },
      });
      assert.deepEqual([page.status, page.headers.get('retry-after')], [503, '5']);
      assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
      assert.match(page.headers.get('content-security-policy') ?? '', /trusted-types 'none'/);
      assert.match(await page.text(), method === 'GET' ? /http-equiv="refresh" content="2".*is starting/s : /^$/);
    }
  });

  test('a body is not read, and its sender still sees the answer', async () => {
    await using server = await openStubServer();
    const head = 'POST /thing/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n{';
    assert.match(await server.raw(head), /^HTTP\/1\.1 503 .*connection: close.*ServiceUnavailable/is);
  });

  test('whom a request was sent to is looked at already', async () => {
    await using server = await openStubServer();
    const reply = await server.raw('GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    assert.match(reply, /^HTTP\/1\.1 403 /);
  });

  test('closing waits for nobody', async () => {
    await using server = await openStubServer({ limits: { drainMs: 60_000 } });
    const late = connect(server.port, '127.0.0.1');
    late.on('error', () => undefined);
    late.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: loc');
    await once(late, 'data');
    const cut = once(late, 'close');
    await server.close();
    await cut;
  });
});

test('a connection that was made while the service starts goes on when it has started', async () => {
  await using server = await openStubServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string) =>
    new Promise<[status: number | undefined, port: number | undefined]>((resolve, reject) => {
      const asked = request(`${server.url}${path}`, { agent }, (answer) => {
        const { localPort } = answer.socket;
        answer.resume().on('end', () => resolve([answer.statusCode, localPort]));
      });
      asked.on('error', reject).end();
    });
  const [before, port] = await ask('/readyz');
  assert.equal(before, 503);
  await server.start();
  assert.deepEqual(await ask('/readyz'), [200, port]);
  assert.deepEqual(await ask('/thing/create'), [405, port]);
  agent.destroy();
});

describe('a push that comes while the service starts', () => {
  const path = '/event/push/alert/standard?integration_key=k';
  const send = (url: string) => fetch(`${url}${path}`, { method: 'POST', body: '{"title":"x"}' });

  for (const at of [path, '/v2/enqueue', '/api/v2/alerts/', '/v2/alerts/k/close']) {
    test(`is held and answered once it has started: ${at}`, async () => {
      await using server = await openStubServer({ limits: { holdMs: 20_000 } });
      const answer = fetch(`${server.url}${at}`, { method: 'POST', body: '{"title":"x"}' });
      // Another connection is answered meanwhile, so the push has come by then.
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
      await server.start();
      assert.notEqual((await answer).status, 503);
    });
  }

  test('is refused after its time, and asked to come again', async () => {
    await using server = await openStubServer({ limits: { holdMs: 30 } });
    const answer = await send(server.url);
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5']);
  });

  test('is refused when the start is given up', async () => {
    await using server = await openStubServer({ limits: { holdMs: 600_000 } });
    const answer = send(server.url).then(
      ({ status }) => status,
      () => 'cut',
    );
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    await server.close();
    assert.ok([503, 'cut'].includes(await answer));
  });
});

test('localhost is listened to on each of its addresses', async () => {
  await using server = await openStubServer({ listen: { host: 'localhost', port: 0 } });
  for (const host of ['localhost', '127.0.0.1']) {
    assert.equal((await fetch(`http://${host}:${server.port}/healthz`)).status, 200);
  }
});

test('a port that is taken is a sentence for the operator', async () => {
  await using server = await openStubServer();
  await assert.rejects(openStubServer({ listen: { host: '127.0.0.1', port: server.port } }), {
    name: 'Failure',
    message: new RegExp(
      `^cannot listen on 127\\.0\\.0\\.1:${server.port} \\(.*another program listens there.*TOCSIN_LISTEN$`,
    ),
  });
});

test('an address that only opens connections has a share of them, and its oldest goes first', async () => {
  await using server = await openStubServer({ limits: { connectionsMax: 12 } });
  const open = async () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  // One that has sent a request is not counted any more.
  const spoken = await open();
  spoken.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(spoken, 'data');
  const silent = [await open(), await open(), await open()];
  const cut = once(silent[0] ?? spoken, 'close');
  const late = await open();
  await cut;
  late.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match(String(await once(late, 'data')), /^HTTP\/1\.1 200 /);
  assert.deepEqual(
    [spoken, ...silent.slice(1)].map((socket) => socket.closed),
    [false, false, false],
  );
  for (const socket of [spoken, late, ...silent]) socket.destroy();
});

test('of requests in one packet no more are begun than may wait for their answers, and the connection is cut', async () => {
  await using server = await openStubServer();
  let begun = 0;
  server.door.handTo((_request, response) => {
    begun += 1;
    response.end('ok');
  });
  const one = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const last = one.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
  const answers = (await server.raw(one.repeat(unansweredMax - 1) + last)).match(/HTTP\/1\.1 200/g);
  assert.deepEqual([answers?.length, begun], [unansweredMax, unansweredMax]);

  begun = 0;
  await server.raw(one.repeat(1_000) + last);
  assert.equal(begun, unansweredMax);
});

test('a connection may ask for any number one after the other', async () => {
  await using server = await openStubServer();
  const socket = connect(server.port, '127.0.0.1');
  for (let asked = 0; asked < 2 * unansweredMax; asked += 1) {
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /);
  }
  socket.destroy();
});
