import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopPause } from '../../src/runtime/loop-meter.ts';
import type { Json } from '../support/service.ts';
import { kubeAlert } from '../support/kube-alert.ts';
import { shareOfMachine } from '../support/machine.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/*
 * The largest bodies that a push may have, at the real service: they are answered within the time that senders wait, and the
 * event loop is never held for long meanwhile. A meter in the service tells what held it.
 */

/** Alertmanager and most other senders give up after this. */
const answerMaxMs = 10_000;
/** Orchestrators give a probe of the health so long. */
const healthMaxMs = 1_000;
/** In processor time of its thread. Machines of CI services are slower by a factor, and their neighbours empty the caches. */
const pauseMaxMs = process.env['CI'] === undefined ? 50 : 100;

let scene: TestApp;
let key: string;
let hookPath: string;
let hookId: number;

before(async () => {
  const watched = [process.execPath, '--import', './test/support/watch-loop.ts', 'dist/tocsin.js', 'serve'] as const;
  scene = await startTestApp({ env: { TOCSIN_INGEST_RATE: '0' }, command: () => [...watched] });
  const place = await scene.place();
  const hook = await place.hook('alert');
  hookPath = hook.path;
  hookId = hook.id;
  const source = { name: 'storm', type: 'prometheus', channel_id: place.channelId };
  key = String((await scene.service.api('/integration/create', source))['integration_key']);
  // The thread that reads large bodies starts with the first one, and code is compiled as it first runs.
  await push(group('warm', 600, 1_500));
  await scene.receiver.waitFor(600, (one) => one.path === hookPath);
});
after(async () => {
  // A service that ends finishes its pushes, and here thousands are open.
  await scene.service.api('/webhook/delete', { integration_id: hookId });
  await scene.stop();
});

/** Alerts as kube-prometheus sends them, each filled up to so many bytes by its link. */
function group(name: string, count: number, bytes: number): { status: string; alerts: Json[] } {
  const alerts = Array.from({ length: count }, (_, index) => {
    const alert = kubeAlert('shop-production', name, index);
    const missing = Math.max(0, bytes - JSON.stringify(alert).length - 1);
    return { ...alert, generatorURL: alert.generatorURL + 'x'.repeat(missing) };
  });
  return { status: 'firing', alerts };
}

function push(body: object, to = key) {
  return scene.call(`/event/push/alert/prometheus?integration_key=${to}`, body, { key: '' });
}

/** Asks for the health until the signal, and gives the longest wait for an answer. */
async function longestHealth(signal: AbortSignal): Promise<number> {
  let longest = 0;
  while (!signal.aborted) {
    const from = performance.now();
    await (await fetch(`${scene.service.url}/healthz`)).text();
    longest = Math.max(longest, performance.now() - from);
    await sleep(5);
  }
  return longest;
}

/** What held the event loop for too long since so many lines, the longest first. */
function longPausesSince(line: number): LoopPause[] {
  const lines = scene.service.logs.slice(line).filter((one) => one.startsWith('loop '));
  const pauses = lines.map((one) => JSON.parse(one.slice(5)) as LoopPause).sort((a, b) => b.cpuMs - a.cpuMs);
  // Where the machine gave the process no time, the loop did not hold it.
  return pauses.filter((pause) => Math.min(pause.ms, pause.cpuMs) > pauseMaxMs);
}

const rows: readonly [what: string, name: string, count: number, bytes: number][] = [
  ['2,500 alerts of kube-prometheus', 'cart', 2_500, 1_300],
  ['5,000 alerts in 16 MiB', 'pay', 5_000, 3_350],
];
for (const [what, name, count, bytes] of rows) {
  test(`${what} are taken in time, and hold the event loop for no longer than ${pauseMaxMs} ms`, async () => {
    const body = group(name, count, bytes);
    for (const result of ['opened', 'repeated']) {
      const line = scene.service.logs.length;
      const stop = new AbortController();
      const health = longestHealth(stop.signal);
      const from = performance.now();
      const { status, data } = await push(body);
      const took = performance.now() - from;
      stop.abort();
      const worst = await health;
      assert.deepEqual([status, data['accepted'], (data['results'] as Json[])[0]?.['result']], [200, count, result]);
      const share = shareOfMachine();
      assert.ok(took < answerMaxMs * share, `${result}: it took ${took} ms`);
      assert.ok(worst < healthMaxMs * share, `${result}: the health check waited for ${worst} ms`);
      assert.deepEqual(longPausesSince(line), [], result);
    }
  });
}

test(`an incident of 5,000 alerts is resolved, and holds the event loop for no longer than ${pauseMaxMs} ms`, async () => {
  const { api } = scene.service;
  const together = { method: 'p', equals: [['labels.namespace']] };
  const channel = await api('/channel/create', { channel_name: 'one incident', group: together });
  const settings = { name: 'one incident', type: 'prometheus', channel_id: channel['channel_id'] };
  const source = await api('/integration/create', settings);
  const { status, data } = await push(group('all', 5_000, 3_350), String(source['integration_key']));
  const incidentId = (data['results'] as Json[])[0]?.['incident_id'];
  assert.deepEqual([status, data['accepted']], [200, 5_000]);
  const line = scene.service.logs.length;
  await api('/incident/resolve', { incident_ids: [incidentId] });
  assert.deepEqual(longPausesSince(line), []);
  const incident = await api('/incident/info', { incident_id: incidentId });
  assert.deepEqual([incident['progress'], incident['alert_cnt'], incident['active_alert_cnt']], ['Closed', 5_000, 0]);
});
