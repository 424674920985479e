import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { missingAlertmanager, startAlertmanager } from '../counterparts/alertmanager.ts';
import { configurationOf, missingNagios, startNagios } from '../counterparts/nagios.ts';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { missingPrometheus, startPrometheus } from '../counterparts/prometheus.ts';
import { until } from '../support/until.ts';
import { programMs, startSenderScene, type SenderScene } from '../support/sender-scene.ts';
import { pushOf } from '../support/test-app.ts';

/*
 * Real, unchanged programs that send: each fires, changes and recovers, and the service is killed between. Their
 * settings are those of the pages of docs/senders.
 */

/** Programs of the registries are installed first. */
const installMs = 240_000;
const run = promisify(execFile);

let scene: SenderScene;

before(async () => {
  scene = await startSenderScene();
});
after(() => scene.stop());

test(
  'Prometheus itself, without an Alertmanager: it fires, changes its text, and recovers after the service was killed',
  { ...skipWithout(missingPrometheus()), timeout: programMs * 3 },
  async (t) => {
    const { place, alerts, incidents } = await scene.watchedPlace();
    const target = await scene.prometheusTarget(place);
    const prometheus = await startPrometheus([target], { alertname: 'Straight', severity: 'page', instance: 'web-1' });
    t.after(() => prometheus.stop());

    await prometheus.rule(true, 'it burns');
    const [fired] = await scene.told(alerts, 1);
    const { title, alert_severity: severity, description } = fired?.alert ?? {};
    assert.deepEqual([title, severity, description], ['Straight / web-1', 'Critical', 'it burns']);
    await prometheus.rule(true, 'it burns brightly');
    assert.equal((await scene.told(alerts, 2))[1]?.alert?.['description'], 'it burns brightly');
    await scene.killAndRestart();
    await prometheus.rule(false, 'it burns brightly');
    const statuses = (await scene.told(alerts, 3)).map((push) => push.alert?.['alert_status']);
    assert.deepEqual(statuses, ['Critical', 'Critical', 'Ok']);
    assert.deepEqual(await scene.toldTypes(incidents, 2), ['i_new', 'i_rslv']);
  },
);

test(
  'Prometheus through two Alertmanagers: one incident, which closes once',
  { ...skipWithout(missingPrometheus() ?? missingAlertmanager()), timeout: programMs * 3 },
  async (t) => {
    const place = await scene.place();
    const incidents = await place.hook('incident');
    const webhookUrl = `${scene.service.url}/event/push/alert/prometheus/${await scene.keyOf(place, 'prometheus')}`;
    const pair = await Promise.all([startAlertmanager({ webhookUrl }), startAlertmanager({ webhookUrl })]);
    for (const one of pair) t.after(() => one.stop());
    const prometheus = await startPrometheus(pair, { alertname: 'Pair', severity: 'critical', instance: 'web-2' });
    t.after(() => prometheus.stop());

    await prometheus.rule(true, 'twice');
    await scene.told(incidents, 1);
    await scene.killAndRestart();
    await prometheus.rule(false, 'twice');
    await scene.told(incidents, 2);
    // The second to tell of the end finds nothing that is open.
    await until(async () => (await scene.counted('unmatched')) > 0);
    assert.deepEqual(
      incidents.received().map((one) => pushOf(one).event_type),
      ['i_new', 'i_rslv'],
    );
  },
);

const ownSenders: readonly [type: string, receiver: (url: string, key: string) => Record<string, unknown>][] = [
  [
    'pagerduty',
    (url, key) => ({ pagerduty_configs: [{ url: `${url}/v2/enqueue`, routing_key: key, severity: 'critical' }] }),
  ],
  ['opsgenie', (url, key) => ({ opsgenie_configs: [{ api_url: `${url}/`, api_key: key, priority: 'P1' }] })],
];
for (const [type, receiver] of ownSenders) {
  test(
    `an Alertmanager that sends as to ${type}, with another host`,
    { ...skipWithout(missingAlertmanager()), timeout: programMs * 2 },
    async (t) => {
      const place = await scene.place();
      const alerts = await place.hook('alert');
      const alertmanager = await startAlertmanager({
        receiver: receiver(scene.service.url, await scene.keyOf(place, type)),
      });
      t.after(() => alertmanager.stop());
      await alertmanager.fire({ alertname: 'DiskFull', instance: 'db-1' }, { summary: 'the disk is full' });
      const [fired] = await scene.told(alerts, 1);
      assert.equal(fired?.alert?.['alert_status'], 'Critical');
      assert.match(String(fired?.alert?.['title']), /DiskFull/);
      await alertmanager.resolve({ alertname: 'DiskFull', instance: 'db-1' });
      assert.equal((await scene.told(alerts, 2))[1]?.alert?.['alert_status'], 'Ok');
    },
  );
}

test(
  'Nagios, configured as the page says: warning, critical, and recovered after the service was killed',
  { ...skipWithout(missingNagios()), timeout: programMs * 3 },
  async (t) => {
    const { place, alerts, incidents } = await scene.watchedPlace();
    const page = join(import.meta.dirname, '..', '..', 'docs', 'senders', 'nagios.md');
    const nagios = await startNagios(
      await configurationOf(page, scene.service.url, await scene.keyOf(place, 'nagios')),
    );
    t.after(() => nagios.stop());

    await nagios.report('WARNING', 'HTTP WARNING: "slow" & 4.2 s');
    const [warned] = await scene.told(alerts, 1);
    const { title, alert_key: key, alert_severity: severity } = warned?.alert ?? {};
    assert.deepEqual([title, key, severity], ['HTTP / web-1', 'web-1!HTTP', 'Warning']);
    assert.match(String(warned?.alert?.['description']), /^HTTP WARNING: slow +4\.2 s$/);
    await nagios.report('CRITICAL', 'connection refused');
    assert.equal((await scene.told(alerts, 2))[1]?.alert?.['alert_severity'], 'Critical');
    await scene.killAndRestart();
    await nagios.report('OK', 'HTTP OK');
    assert.equal((await scene.told(alerts, 3))[2]?.alert?.['alert_status'], 'Ok');
    await scene.receiver.waitFor(1, (one) => one.path === incidents.path && pushOf(one).event_type === 'i_rslv');
  },
);

const pythonProgram = `
import sys
from pdpyras import EventsAPISession
url, key = sys.argv[1:]
session = EventsAPISession(key)
session.url = url
for severity, text in (("warning", "slow"), ("critical", "stands still"), ("critical", "stands still")):
    print(session.trigger("Pump 1", "plant-2", dedup_key="pump-1", severity=severity, custom_details={"why": text}))
session.acknowledge("pump-1")
session.resolve("pump-1")
`;

test(
  'the Python library of PagerDuty, with another host alone',
  { skip: missingCommand('python3', 'python3') ?? missingCommand('pip3', 'python3-pip') ?? false, timeout: installMs },
  async (t) => {
    const folder = await temporaryFolder('pdpyras');
    t.after(() => folder.remove());
    const installed = await run('pip3', ['install', '--quiet', '--target', folder.path, 'pdpyras==5.4.1']).catch(
      (error: unknown) => String(error),
    );
    if (typeof installed === 'string') return t.skip(`pdpyras cannot be had: ${installed.slice(0, 200)}`);
    const place = await scene.place();
    const alerts = await place.hook('alert');
    const env = { ...process.env, PYTHONPATH: folder.path };
    const { stdout } = await run(
      'python3',
      ['-c', pythonProgram, scene.service.url, await scene.keyOf(place, 'pagerduty')],
      {
        env,
      },
    );
    assert.deepEqual(stdout.trim().split('\n'), ['pump-1', 'pump-1', 'pump-1']);
    const pushes = await scene.told(alerts, 3);
    assert.deepEqual(
      pushes.map((push) => [push.alert?.['alert_severity'], push.alert?.['alert_status'], push.alert?.['description']]),
      [
        ['Warning', 'Warning', 'why: slow'],
        ['Critical', 'Critical', 'why: stands still'],
        ['Critical', 'Ok', 'why: stands still'],
      ],
    );
  },
);

const goProgram = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/PagerDuty/go-pagerduty"
)

func main() {
	client := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(os.Args[1]))
	send := func(key string, action string, severity string) {
		event := &pagerduty.V2Event{RoutingKey: key, Action: action, DedupKey: "pump-2"}
		if action == "trigger" {
			event.Payload = &pagerduty.V2Payload{Summary: "Pump 2", Source: "plant-2", Severity: severity}
		}
		answer, err := client.ManageEventWithContext(context.Background(), event)
		if err != nil {
			fmt.Println("refused:", err)
		} else {
			fmt.Println(answer.Status, answer.DedupKey)
		}
	}
	send(os.Args[2], "trigger", "warning")
	send(os.Args[2], "trigger", "critical")
	send(os.Args[2], "resolve", "")
	send("00000000000000000000000000000000", "trigger", "critical")
}
`;

test(
  'the Go library of PagerDuty, with another host alone, and a refusal that it can read',
  { skip: missingCommand('go', 'golang-go') ?? false, timeout: installMs },
  async (t) => {
    const folder = await temporaryFolder('go-pagerduty');
    t.after(() => folder.remove());
    await writeFile(join(folder.path, 'main.go'), goProgram);
    const go = (...args: string[]) =>
      run('go', args, { cwd: folder.path, env: { ...process.env, GOFLAGS: '-mod=mod' } });
    const built = await go('mod', 'init', 'sender')
      .then(() => go('get', 'github.com/PagerDuty/go-pagerduty@v1.8.0'))
      .then(() => go('build', '-o', 'sender', '.'))
      .catch((error: unknown) => String(error));
    if (typeof built === 'string') return t.skip(`go-pagerduty cannot be had: ${built.slice(0, 200)}`);
    const place = await scene.place();
    const alerts = await place.hook('alert');
    const { stdout } = await run(join(folder.path, 'sender'), [
      scene.service.url,
      await scene.keyOf(place, 'pagerduty'),
    ]);
    const lines = stdout.trim().split('\n');
    assert.deepEqual(lines.slice(0, 3), ['success pump-2', 'success pump-2', 'success pump-2']);
    // It looks for the errors of another API of PagerDuty in the body, and stumbles over none of ours.
    assert.match(lines[3] ?? '', /^refused: HTTP response failed with status code 400/);
    const statuses = (await scene.told(alerts, 3)).map((push) => push.alert?.['alert_status']);
    assert.deepEqual(statuses, ['Warning', 'Critical', 'Ok']);
  },
);
