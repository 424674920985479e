import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { selfSigned } from '../../test/support/certificate.ts';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { systemClock } from '../runtime/clock.ts';
import { noCrashPoints } from '../runtime/crash-points.ts';
import { systemTimers } from '../runtime/timers.ts';
import { createAddressGuard } from './address-guard.ts';
import { judge, type Outcome } from '../delivery/store/outcome.ts';
import { createHttpClient } from './http-client.ts';
import { parseEgressProxy, type EgressProxy } from './proxy-tunnel.ts';

test('a push goes through the proxy, over HTTP and over HTTPS, with its credentials', async () => {
  await using proxy = await startProxy();
  await using plain = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
  await using secure = await new ScriptedReceiver((socket) => socket.write(answer(200)), {
    tls: selfSigned,
  }).listen();
  const through = { hostname: '127.0.0.1', port: proxy.port, authorization: 'Basic dTpw' };
  assert.equal((await push(through, 'http', plain.port)).state, 'delivered');
  assert.equal((await push(through, 'https', secure.port)).state, 'delivered');
  assert.deepEqual(proxy.asked, [`hooks.example:${plain.port} Basic dTpw`, `hooks.example:${secure.port} Basic dTpw`]);
});

test('a proxy that refuses is named, and nothing was sent', async () => {
  await using proxy = await new ScriptedReceiver((socket) => socket.write(answer(403))).listen();
  const outcome = await push({ hostname: '127.0.0.1', port: proxy.port, authorization: '' }, 'http', 80);
  assert.deepEqual([outcome.state, outcome.reason], ['failed', 'connect']);
  assert.match(outcome.message, /proxy answered 403 to CONNECT hooks\.example:80/);
});

test('an address that the guard refuses never gets to the proxy', async () => {
  await using proxy = await startProxy();
  const through = { hostname: '127.0.0.1', port: proxy.port, authorization: '' };
  assert.equal((await push(through, 'http', 8080, '10.1.2.3')).reason, 'address_refused');
  assert.equal((await push(through, 'http', 80, 'metadata.google.internal')).reason, 'address_refused');
  assert.deepEqual(proxy.asked, []);
});

test('the setting is a URL with or without credentials', () => {
  assert.equal(parseEgressProxy(''), undefined);
  assert.deepEqual(parseEgressProxy('http://proxy.internal:3128'), {
    hostname: 'proxy.internal',
    port: 3128,
    authorization: '',
  });
  assert.deepEqual(parseEgressProxy('http://u:p%40@[::1]'), {
    hostname: '::1',
    port: 80,
    authorization: `Basic ${btoa('u:p@')}`,
  });
});

async function push(
  proxy: EgressProxy,
  scheme: 'http' | 'https',
  port: number,
  host = 'hooks.example',
): Promise<Outcome> {
  const sender = createHttpClient({
    clock: systemClock,
    timers: systemTimers,
    at: noCrashPoints,
    resolver: { resolve: () => Promise.reject(new Error('the proxy resolves names')) },
    guard: createAddressGuard({ allow: [] }),
    bind: [],
    proxy,
  });
  const origin = `${scheme}://${host}:${port}`;
  const target = { origin, hostname: host, port, secure: scheme === 'https', tlsVerify: false, key: origin, path: '/' };
  const report = await sender.send({ target, headers: [], body: '{}', timeoutMs: 1000 });
  sender.close();
  return judge(report);
}

/** A real forward proxy that leads every name to this machine. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head: Buffer) => {
      const [, host, port] = /^CONNECT ([^:]+):(\d+) /.exec(head.toString()) ?? [];
      const [, credentials = ''] = /Proxy-Authorization: (.*)\r\n/.exec(head.toString()) ?? [];
      asked.push(`${host}:${port} ${credentials}`);
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
