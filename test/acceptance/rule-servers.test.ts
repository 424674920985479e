import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { missingNetdata, notifySettingsOf, startNetdata } from '../counterparts/netdata.ts';
import { skipWithout } from '../counterparts/program.ts';
import { missingPrometheus, startPrometheus } from '../counterparts/prometheus.ts';
import { missingVmalert, startVmalert } from '../counterparts/vmalert.ts';
import { pushOf } from '../support/test-app.ts';
import { until } from '../support/until.ts';
import { programMs, startSenderScene, type SenderScene } from '../support/sender-scene.ts';

/*
 * Real, unchanged programs that evaluate rules and send what fires straight, without an Alertmanager: each fires, gets worse,
 * repeats and recovers, and the service is killed between.
 */

let scene: SenderScene;

before(async () => {
  scene = await startSenderScene();
});
after(() => scene.stop());

test(
  'vmalert: it fires, measures more, repeats, and recovers after the service was killed',
  { ...skipWithout(missingVmalert()), timeout: programMs * 3 },
  async (t) => {
    const { place, alerts, incidents } = await scene.watchedPlace();
    const key = await scene.keyOf(place, 'prometheus');
    const url = `${scene.service.url}/event/push/alert/prometheus/${key}`;
    const vmalert = await startVmalert(url, { alertname: 'Pressure', severity: 'page' });
    t.after(() => vmalert.stop());

    vmalert.measured(4);
    const [fired] = await scene.told(alerts, 1);
    const { title, alert_severity: severity, description } = fired?.alert ?? {};
    assert.deepEqual([title, severity, description], ['Pressure / web-3', 'Critical', 'measured 4']);
    const repeats = await scene.counted('duplicate');
    await until(async () => (await scene.counted('duplicate')) > repeats);
    vmalert.measured(6);
    assert.equal((await scene.told(alerts, 2))[1]?.alert?.['description'], 'measured 6');
    await scene.killAndRestart();
    vmalert.measured(undefined);
    assert.equal((await scene.told(alerts, 3))[2]?.alert?.['alert_status'], 'Ok');
    assert.deepEqual(await scene.toldTypes(incidents, 2), ['i_new', 'i_rslv']);
  },
);

test(
  'two Prometheus servers with one rule, of which the second sees it begin later: one incident, which closes once',
  { ...skipWithout(missingPrometheus()), timeout: programMs * 3 },
  async (t) => {
    const { place, alerts, incidents } = await scene.watchedPlace();
    const target = await scene.prometheusTarget(place);
    const labels = { alertname: 'Twice', severity: 'critical', instance: 'web-4' };
    const pair = [await startPrometheus([target], labels), await startPrometheus([target], labels)] as const;
    for (const one of pair) t.after(() => one.stop());

    await pair[0].rule(true, 'it burns');
    await scene.told(incidents, 1);
    const repeats = await scene.counted('duplicate');
    await until(async () => (await scene.counted('duplicate')) > repeats + 3);
    await pair[1].rule(true, 'it burns');
    await scene.killAndRestart();
    // Each names its own page of the rule, so what they repeat replaces labels.
    await until(async () => (await scene.counted('refreshed')) > 3);
    await pair[0].rule(false, 'it burns');
    await scene.told(incidents, 2);
    // The other one still fires, and what it repeats is of the occurrence that has ended.
    await until(async () => (await scene.counted('stale')) > 1);
    await pair[1].rule(false, 'it burns');
    await until(async () => (await scene.counted('unmatched')) > 1);
    const types = [incidents, alerts].map((hook) => hook.received().map((one) => pushOf(one).event_type));
    assert.deepEqual(types, [
      ['i_new', 'i_rslv'],
      ['a_new', 'a_update'],
    ]);
  },
);

test(
  'Netdata, with the function of the page: warning, critical, and recovered after the service was killed',
  { ...skipWithout(missingNetdata()), timeout: programMs * 3 },
  async (t) => {
    const { place, alerts, incidents } = await scene.watchedPlace();
    const page = join(import.meta.dirname, '..', '..', 'docs', 'senders', 'netdata.md');
    const netdata = await startNetdata(await notifySettingsOf(page, scene.service.url, place.sourceKey));
    t.after(() => netdata.stop());

    netdata.measure(4);
    const [warned] = await scene.told(alerts, 1);
    const { title, alert_key: key, alert_severity: severity, labels } = warned?.alert ?? {};
    assert.deepEqual([title, severity], ['pump_pressure / web-9', 'Warning']);
    assert.equal(key, 'web-9!statsd_pump.gauge.pump_pressure');
    assert.equal((labels as Record<string, string>)['value'], '4 bar');
    netdata.measure(6);
    const [, worse] = await scene.told(alerts, 2);
    assert.equal(worse?.alert?.['alert_severity'], 'Critical');
    assert.match(String(worse?.alert?.['description']), /^pressure at C:.pump & .valve.\s*: 6 bar$/);
    await scene.killAndRestart();
    netdata.measure(1);
    assert.equal((await scene.told(alerts, 3))[2]?.alert?.['alert_status'], 'Ok');
    assert.deepEqual(await scene.toldTypes(incidents, 3), ['i_new', 'i_r_severity', 'i_rslv']);
  },
);
