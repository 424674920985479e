import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/service.ts';
import { pushOf, startTestApp, type TestApp } from '../support/test-app.ts';

/*
 * One push with many alerts, each to many webhooks, by the real program with a small heap. The whole case, 1,500,000
 * deliveries, is a row of the benchmarks: `npm run bench -- --only storm`.
 */

const heapMb = 192;
const webhooks = 100;
const alerts = 60;
const deliveriesPerTransaction = 600;
const drainMaxMs = 100_000;
const pollMs = 100;
/** Longer than a busy machine makes a receiver late: nothing is sent again for that. */
const hook = { event_types: ['a_new'], delivery_mode: 'at_least_once', timeout_ms: 30_000 };

let scene: TestApp;
let key: string;
let channelId: number;
before(async () => {
  scene = await startTestApp({
    env: { TOCSIN_PUSH_DELIVERIES: String(deliveriesPerTransaction), TOCSIN_API_RATE: '0' },
    command: () => [process.execPath, `--max-old-space-size=${heapMb}`, 'dist/tocsin.js', 'serve'],
  });
  const place = await scene.place();
  channelId = place.channelId;
  for (let index = 0; index < webhooks; index += 1) {
    await place.hook('alert', hook);
  }
  const source = { name: 'storm', type: 'prometheus', channel_id: channelId };
  key = String((await scene.service.api('/integration/create', source))['integration_key']);
});
after(() => scene.stop());

function push(name: string): Promise<{ status: number; body: string }> {
  const reports = Array.from({ length: alerts }, (_, index) => ({
    status: 'firing',
    labels: { alertname: `Disk ${name}`, instance: `host-${index}`, severity: 'critical' },
    annotations: { description: 'x'.repeat(200) },
  }));
  return scene.service.push('prometheus', key, { alerts: reports });
}

/** How often each webhook got each alert of a push, once each has it. */
async function arrivals(name: string): Promise<number[]> {
  const counts = new Map<string, number>();
  const due = webhooks * alerts;
  const { received } = scene.receiver;
  const deadline = performance.now() + drainMaxMs;
  for (let seen = 0; counts.size < due; await sleep(pollMs)) {
    for (const one of received.slice(seen)) {
      if (!one.body.includes(`Disk ${name}`)) continue;
      const labels = pushOf(one).alert?.['labels'] as Json | undefined;
      const place = `${one.path} ${String(labels?.['instance'])}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    seen = received.length;
    assert.ok(performance.now() < deadline, `${counts.size} of ${due} came in time`);
  }
  return [...counts.values()];
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${scene.service.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

test('a push to many webhooks is taken in several transactions, and everything arrives once', async () => {
  const { status, body } = await push('first');
  const { data } = JSON.parse(body) as { data: Json };
  assert.deepEqual([status, data['accepted'], (data['results'] as Json[]).length], [200, alerts, alerts]);
  assert.deepEqual([...new Set(await arrivals('first'))], [1]);
  assert.equal(await metric('tocsin_push_deliveries_limit'), deliveriesPerTransaction);
  assert.ok((await metric('tocsin_push_divided_total')) >= 3);
});

test('a process killed between two transactions of a push has lost nothing once the sender repeats it', async () => {
  const { service, receiver } = scene;
  const answer = push('second').catch(() => undefined);
  // The first transactions have committed, and others have not.
  await receiver.waitFor(1, (one) => one.body.includes('Disk second'), drainMaxMs);
  await service.kill('SIGKILL');
  assert.equal(await answer, undefined);
  await service.restart();
  const { status, body } = await push('second');
  const { data } = JSON.parse(body) as { data: Json };
  assert.deepEqual([status, data['accepted']], [200, alerts]);
  const results = (data['results'] as Json[]).map((one) => one['result']);
  assert.ok(results.includes('repeated') && results.includes('opened'), results.join());
  // Requests in flight at the kill are sent again, so some pushes arrive twice, and each arrives.
  assert.ok((await arrivals('second')).every((count) => count <= 2));
});
