import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { usualCommand } from '../support/service.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/*
 * The real program may open few files, and a stranger takes what he can get of them. Connections that come in leave room for
 * those that go out; where these run out all the same, no push ends for it.
 */

const descriptors = 128;
/** Half of what the files of the program leave. */
const connectionsMax = 32;
const alertsCount = 80;

let scene: TestApp;
before(async () => {
  scene = await startTestApp({
    env: { TOCSIN_STRANGER_RATE: '0' },
    command: () => ['bash', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...usualCommand],
  });
});
after(() => scene.stop());

/** Opens more connections than there is room for, and opens them again when they are cut, until it is stopped. */
function startStranger(url: string): { stop(): void } {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let stopped = false;
  const open = (asks: boolean) => {
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {});
    // Half of them are quiet, and the others have asked for something and stay.
    socket.on('connect', () => asks && socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    socket.on('close', () => {
      sockets.delete(socket);
      if (!stopped) setTimeout(() => open(asks), 20);
    });
  };
  for (let index = 0; index < 4 * descriptors; index += 1) open(index % 2 === 0);
  return {
    stop() {
      stopped = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Through the flood, in which the stranger has most of the room. */
async function asked<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 200) throw error;
    }
    await sleep(50);
  }
}

test('with few descriptors and a flood of connections, no push that goes at most once ends unsent', async () => {
  const { service, receiver } = scene;
  assert.match(service.logs.join('\n'), new RegExp(`"connectionsMax":${connectionsMax}.*connections.limited`));
  const place = await scene.place();
  // More requests at once than there are descriptors for, and the first fault ends a push.
  const settings = { delivery_mode: 'at_most_once', max_in_flight: 64, unsent_retry_seconds: 0, timeout_ms: 30_000 };
  const hooks = [await place.hook('alert', settings), await place.hook('alert', settings)];
  const source = { name: 'flood', type: 'prometheus', channel_id: place.channelId };
  const key = String((await service.api('/integration/create', source))['integration_key']);
  const push = (from: number, count: number) => {
    const alerts = Array.from({ length: count }, (_, index) => ({
      status: 'firing',
      labels: { alertname: 'Flood', instance: `host-${from + index}`, severity: 'critical' },
    }));
    return service.push('prometheus', key, { alerts });
  };
  // A receiver that has shown that it answers gets as many requests at once as it is allowed.
  await push(0, 1);
  for (const hook of hooks) {
    await hook.pushes(1);
    receiver.answer(hook.path, { status: 200, delayMs: 300 });
  }
  const stranger = startStranger(service.url);
  try {
    const { status } = await asked(() => push(1, alertsCount));
    assert.equal(status, 200);
    const metrics = await asked(async () => (await fetch(`${service.url}/metrics`)).text());
    assert.match(metrics, new RegExp(`^tocsin_connections_limit ${connectionsMax}$`, 'm'));
    const open = Number(/^tocsin_connections_open (\d+)$/m.exec(metrics)?.[1]);
    assert.ok(open > 1 && open <= connectionsMax, `${open} connections`);
    await receiver.waitFor(2 * (alertsCount + 1), () => true, 60_000);
  } finally {
    stranger.stop();
  }
  while (!/^tocsin_deliveries_in_flight 0$/m.test(await (await fetch(`${service.url}/metrics`)).text()))
    await sleep(50);
  for (const hook of hooks) {
    assert.deepEqual(await hook.history(0, { status: 'failed' }), []);
    assert.equal((await hook.history(alertsCount + 1, { status: 'success' })).length, alertsCount + 1);
    assert.equal(hook.received().length, alertsCount + 1);
  }
});
