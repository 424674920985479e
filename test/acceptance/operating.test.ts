import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { missingCommand, skipWithout } from '../counterparts/program.ts';
import { startScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';

/** Comes with Debian's prometheus. */
const promtool = 'promtool';

let scene: Scene;
let metrics: string;

before(async () => {
  scene = await startScene();
  const place = await scene.place();
  const hook = await place.hook('alert');
  scene.receiver.answer(hook.path, { status: 500 }, { status: 200 });
  await place.report({ title: 'disk "quoted" \\ \n', alert_key: 'disk' });
  await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Ok' });
  await hook.history(2);
  metrics = (await get('/metrics')).text;
});
after(() => scene.stop());

function get(path: string) {
  return scene.call(path, {}, { method: 'GET', key: '' });
}

test('liveness, readiness, a first page and the reference need no key', async () => {
  const health = await get('/healthz');
  assert.deepEqual([health.status, health.text], [200, 'ok\n']);
  const ready = await get('/readyz');
  assert.deepEqual([ready.status, ready.text], [200, '{"ready":true,"reasons":[]}']);
  assert.match((await get('/')).text, /^Tocsin \d+\.\d+\.\d+/);
  const document = JSON.parse((await get('/openapi.json')).text) as Record<'paths' | 'webhooks', object>;
  const { paths, webhooks } = document;
  assert.equal((document as { openapi?: unknown }).openapi, '3.1.0');
  assert.ok(Object.keys(paths).length > 60);
  for (const push of ['incident.i_new', 'incident.i_rslv', 'alert.a_new', 'alert.a_update', 'alert.a_merge']) {
    assert.ok(push in webhooks, push);
  }
});

test('metrics are for this machine and for whoever has a key', async () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.1' };
  const stranger = await scene.call('/metrics', {}, { method: 'GET', key: '', headers: forwarded });
  assert.equal(stranger.status, 401);
  const known = await scene.call('/metrics', {}, { method: 'GET', headers: forwarded });
  assert.deepEqual(
    [known.status, known.headers.get('content-type')],
    [200, 'text/plain; version=0.0.4; charset=utf-8'],
  );
});

test('metrics count what was done', () => {
  const families = parseMetrics(metrics);
  const valueOf = (family: string, name: string, labels: object) =>
    families.get(family)?.samples.find((one) => one.name === name && isDeepStrictEqual({ ...one.labels }, labels))
      ?.value;
  const attempts = 'tocsin_delivery_attempts_total';
  const duration = 'tocsin_delivery_duration_seconds';
  const reports = 'tocsin_reports_total';
  assert.equal(valueOf(attempts, attempts, { reason: 'server_error' }), 1);
  assert.equal(valueOf(attempts, attempts, { reason: 'ok' }), 1);
  assert.equal(valueOf(attempts, attempts, { reason: 'timeout_response' }), 0);
  assert.equal(valueOf(duration, `${duration}_count`, {}), 2);
  assert.equal(valueOf(reports, reports, { outcome: 'opened' }), 1);
  assert.equal(valueOf(reports, reports, { outcome: 'recovered' }), 1);
});

test('metrics are what the Prometheus text format says', () => {
  for (const [name, { type, help, samples }] of parseMetrics(metrics)) {
    assert.ok(help !== '', `${name} has no HELP`);
    assert.ok(['counter', 'gauge', 'histogram', 'summary'].includes(type), `${name} is a ${type}`);
    if (type === 'counter') assert.match(name, /_total$/);
    const series = samples.map((sample) => `${sample.name}${JSON.stringify(sample.labels)}`);
    assert.equal(new Set(series).size, series.length, `${name} has a series twice`);
    if (type === 'histogram') assertHistogram(name, samples);
  }
});

test('promtool finds nothing to say about the metrics', skipWithout(missingCommand(promtool, 'prometheus')), () => {
  const checked = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
  assert.deepEqual([checked.status, checked.stdout + checked.stderr], [0, '']);
});

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  type: string;
  help: string;
  readonly samples: Sample[];
}

/** Reads version 0.0.4 of the text format, and throws at the first line that it does not allow. */
function parseMetrics(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const families = new Map<string, Family>();
  let current = '';
  const enter = (name: string): Family => {
    if (name !== current && (families.get(name)?.samples.length ?? 0) > 0) throw new Error(`${name} is torn apart`);
    current = name;
    const family = families.get(name) ?? { type: '', help: '', samples: [] };
    families.set(name, family);
    return family;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      const family = enter(name);
      if (kind === 'HELP') family.help = rest;
      else family.type = rest;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|\+Inf|NaN)$/i.exec(
      line,
    );
    if (sample === null) throw new Error(`no line of the format: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    const base = name.replace(/_(?:bucket|sum|count)$/, '');
    const family = families.has(name) ? enter(name) : enter(base);
    if (family.type === '') throw new Error(`${name} has no TYPE before it`);
    family.samples.push({ name, labels: parseLabels(labels), value: Number(value.replace('Inf', 'Infinity')) });
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;
  let end = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(label)) {
    assert.ok(!(name in labels), `${name} stands twice in ${text}`);
    labels[name] = value;
    end += whole.length;
  }
  assert.equal(end, text.length, `wrong labels: ${text}`);
  return labels;
}

function assertHistogram(name: string, samples: readonly Sample[]): void {
  const key = ({ le: _le, ...labels }: Sample['labels']) => JSON.stringify(labels);
  for (const [labels, series] of Map.groupBy(samples, (sample) => key(sample.labels))) {
    const buckets = series.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map((sample) => Number(sample.labels['le']?.replace('Inf', 'Infinity')));
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
    );
    assert.equal(bounds.at(-1), Infinity, `${name}${labels} has no +Inf`);
    const counts = buckets.map((sample) => sample.value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
    const count = series.find((sample) => sample.name === `${name}_count`);
    assert.equal(count?.value, counts.at(-1));
    assert.ok(series.some((sample) => sample.name === `${name}_sum`));
  }
}
