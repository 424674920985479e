import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { openToyServer, type Answered } from '../../test/support/toy-server.ts';

const reason = 'the service is starting';

describe('while the service starts', () => {
  test('it lives, and says that it is not ready and why', async () => {
    await using server = await openToyServer();
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
      await using server = await openToyServer();
      const answer = await fetch(`${server.url}${path}`, { method });
      const { status, headers } = answer;
      const body = (await answer.json()) as Answered['body'];
      assert.deepEqual([status, body.error?.code], [503, 'ServiceUnavailable']);
      assert.equal(headers.get('retry-after'), '5');
      assert.equal(body.request_id, headers.get('flashcat-request-id'));
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    });
  }

  test('a body is not read, and its sender still sees the answer', async () => {
    await using server = await openToyServer();
    const head = 'POST /thing/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n{';
    assert.match(await server.raw(head), /^HTTP\/1\.1 503 .*connection: close.*ServiceUnavailable/is);
  });

  test('whom a request was sent to is looked at already', async () => {
    await using server = await openToyServer();
    const reply = await server.raw('GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    assert.match(reply, /^HTTP\/1\.1 403 /);
  });

  test('closing waits for nobody', async () => {
    await using server = await openToyServer({ limits: { drainMs: 60_000 } });
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
  await using server = await openToyServer();
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

test('localhost is listened to on each of its addresses', async () => {
  await using server = await openToyServer({ listen: { host: 'localhost', port: 0 } });
  for (const host of ['localhost', '127.0.0.1']) {
    assert.equal((await fetch(`http://${host}:${server.port}/healthz`)).status, 200);
  }
});

test('a port that is taken is a sentence for the operator', async () => {
  await using server = await openToyServer();
  await assert.rejects(openToyServer({ listen: { host: '127.0.0.1', port: server.port } }), {
    name: 'Failure',
    message: new RegExp(
      `^cannot listen on 127\\.0\\.0\\.1:${server.port} \\(.*another program listens there.*TOCSIN_LISTEN$`,
    ),
  });
});
