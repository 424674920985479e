import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { missingAlertmanager, startAlertmanager } from '../counterparts/alertmanager.ts';
import { missingCommandWebhook, startCommandWebhook } from '../counterparts/command-webhook.ts';
import { installNodeRed, missingNodeRed, startNodeRed } from '../counterparts/node-red.ts';
import { skipWithout } from '../counterparts/program.ts';
import { verifySignature, type Received } from '../counterparts/receiver.ts';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

/** Counterparts take longer to start and to act than the service, and two other test files may run beside this one. */
const counterpartMs = 30_000;

let scene: TestApp;

before(async () => {
  if ((process.env['CI'] ?? '') !== '') await installNodeRed();
  scene = await startTestApp();
});
after(() => scene.stop());

/** Alertmanager gets nothing but a URL of the service. */
async function prometheusUrl(place: Place): Promise<string> {
  const source = { name: `prometheus of ${place.channelName}`, type: 'prometheus', channel_id: place.channelId };
  return String((await scene.service.api('/integration/create', source))['push_url']);
}

test(
  'an Alertmanager that knows nothing but a URL fires, groups and resolves, and a receiver follows with the official library',
  { ...skipWithout(missingAlertmanager()), timeout: counterpartMs * 2 },
  async (t) => {
    const place = await scene.place();
    const alerts = await place.hook('alert');
    const incidents = await place.hook('incident');
    const alertmanager = await startAlertmanager({ webhookUrl: await prometheusUrl(place) });
    t.after(() => alertmanager.stop());
    const web = (instance: string) => ({ alertname: 'HighCPU', instance, severity: 'warning' });

    await alertmanager.fire(web('web-1'), { summary: 'busy' });
    await scene.receiver.waitFor(2, (one) => mine(one, alerts, incidents), counterpartMs);
    // The second alert of the group makes Alertmanager tell of the whole group again, with what changed of the first.
    await alertmanager.fire(web('web-1'), { summary: 'busier' });
    await alertmanager.fire(web('web-2'), { summary: 'busy' });
    await scene.receiver.waitFor(5, (one) => mine(one, alerts, incidents), counterpartMs);
    await alertmanager.resolve(web('web-1'));
    await alertmanager.resolve(web('web-2'));
    await scene.receiver.waitFor(9, (one) => mine(one, alerts, incidents), counterpartMs);

    for (const hook of [alerts, incidents]) for (const push of hook.received()) verifySignature(push, hook.secret);
    assert.deepEqual(lanesOf(alerts), [
      ['HighCPU / web-1', ['a_new 1', 'a_update 2', 'a_update 3']],
      ['HighCPU / web-2', ['a_new 1', 'a_update 2']],
    ]);
    assert.deepEqual(lanesOf(incidents), [
      ['HighCPU / web-1', ['i_new 1', 'i_rslv 2']],
      ['HighCPU / web-2', ['i_new 1', 'i_rslv 2']],
    ]);
    const [first] = lastOf(alerts, 'HighCPU / web-1');
    assert.deepEqual(
      [first?.alert?.['alert_status'], first?.alert?.['alert_severity'], first?.alert?.['progress']],
      ['Ok', 'Warning', 'Closed'],
    );
    for (const hook of [alerts, incidents]) assert.deepEqual(timesThatDoNotRise(hook), []);
  },
);

test(
  'the same push starts self-healing: a command runs, once, with the incident in its arguments',
  { ...skipWithout(missingAlertmanager() ?? missingCommandWebhook()), timeout: counterpartMs * 2 },
  async (t) => {
    const place = await scene.place();
    const healer = await startCommandWebhook();
    t.after(() => healer.stop());
    const alertmanager = await startAlertmanager({ webhookUrl: await prometheusUrl(place) });
    t.after(() => alertmanager.stop());
    const hook = await place.hook('incident', { endpoint: healer.hookUrl, headers: { ...healer.headers } });

    await alertmanager.fire({ alertname: 'DiskFull', instance: 'db-3', severity: 'critical' });
    const [fired] = await hook.history(1);
    await alertmanager.resolve({ alertname: 'DiskFull', instance: 'db-3', severity: 'critical' });
    const [, resolved] = await hook.history(2);

    assert.deepEqual([fired?.event_type, fired?.status, fired?.status_code], ['i_new', 'success', 200]);
    assert.deepEqual(await healer.runs(), [
      { eventType: 'i_new', incidentId: fired?.ref_id, title: 'DiskFull / db-3' },
    ]);
    // Its rule takes i_new only, and the history tells what it said to the rest.
    assert.deepEqual([resolved?.event_type, resolved?.status, resolved?.status_code], ['i_rslv', 'failed', 403]);
  },
);

test(
  'the same push starts a workflow in Node-RED',
  { ...skipWithout(missingNodeRed()), timeout: counterpartMs * 2 },
  async (t) => {
    const nodeRed = await startNodeRed();
    t.after(() => nodeRed.stop());
    const place = await scene.place();
    const hook = await place.hook('incident', { endpoint: nodeRed.hookUrl, timeout_ms: 10_000 });

    await place.report({ title: 'Größe: 91 %', alert_key: 'disk' });
    await place.report({ title: 'Größe: 91 %', alert_key: 'disk', event_status: 'Ok' });
    const records = await hook.history(2);

    assert.deepEqual(
      records.map((record) => [record.event_type, record.status]),
      [
        ['i_new', 'success'],
        ['i_rslv', 'success'],
      ],
    );
    const received = (await nodeRed.received()) as { event_type: string; incident: { title: string } }[];
    assert.deepEqual(
      received.map((push) => [push.event_type, push.incident.title]),
      [
        ['i_new', 'Größe: 91 %'],
        ['i_rslv', 'Größe: 91 %'],
      ],
    );
  },
);

function mine(received: Received, ...hooks: readonly Hook[]): boolean {
  return hooks.some((hook) => hook.path === received.path);
}

function titleOf(received: Received): string {
  const { alert, incident } = pushOf(received);
  return String((alert ?? incident)?.['title']);
}

/** Per title, what came, in the order of arrival, with its sequence. */
function lanesOf(hook: Hook): [title: string, events: string[]][] {
  const lanes = Map.groupBy(hook.received(), titleOf);
  return [...lanes]
    .map(([title, pushes]): [string, string[]] => [
      title,
      pushes.map((push) => `${pushOf(push).event_type} ${String(push.headers['tocsin-sequence'])}`),
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function lastOf(hook: Hook, title: string) {
  const pushes = hook.received().filter((push) => titleOf(push) === title);
  return pushes.slice(-1).map(pushOf);
}

function timesThatDoNotRise(hook: Hook): string[] {
  return [...Map.groupBy(hook.received(), titleOf)].flatMap(([title, pushes]) => {
    const times = pushes.map((push) => pushOf(push).event_time);
    return times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))
      ? []
      : [`${title}: ${times.join(', ')}`];
  });
}
