import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { missingCommand, skipWithout } from '../counterparts/program.ts';
import { until } from '../support/until.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/** Comes with Debian's prometheus. */
const promtool = 'promtool';

const root = join(import.meta.dirname, '..', '..');
const operations = join(root, 'docs', 'operations');
/** They are there with PostgreSQL only. */
const clustered = ['tocsin_shards_held', 'tocsin_lease_losses_total'];
let scene: TestApp;
/** The metrics after one alert that fired and recovered, and later ones. */
let early: string;
let metrics: string;

before(async () => {
  // The metrics of threads are there where there are any.
  scene = await startTestApp({ env: { TOCSIN_EGRESS_THREADS: '1' } });
  const place = await scene.place();
  const hook = await place.hook('alert');
  scene.receiver.answer(hook.path, { status: 500 }, { status: 200 });
  await place.report({ title: 'disk "quoted" \\ \n', alert_key: 'disk' });
  await place.report({ title: 'disk', alert_key: 'disk', event_status: 'Ok' });
  await hook.history(2);
  early = (await get('/metrics')).text;
  await brokenHook();
  // A count is at most a second old.
  await until(async () => {
    metrics = (await get('/metrics')).text;
    return metrics.includes(`tocsin_webhook_waiting{webhook_id="${broken}"} 6\n`);
  });
});
after(() => scene.stop());

/** A webhook whose receiver fails until its breaker opens, one that is cancelled, and one that replaces older events. */
async function brokenHook(): Promise<void> {
  const place = await scene.place();
  const hook = await place.hook('alert', { delivery_mode: 'at_least_once' });
  broken = hook.id;
  scene.receiver.answer(hook.path, ...Array.from({ length: 6 }, () => ({ status: 500 })));
  for (let index = 0; index < 6; index += 1) await place.report({ title: 'down', alert_key: `down-${index}` });
  await hook.history(5, { status: 'failed' });
}

let broken: number;

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

test('metrics are for this machine and for callers with a key', async () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.1' };
  const stranger = await scene.call('/metrics', {}, { method: 'GET', key: '', headers: forwarded });
  assert.equal(stranger.status, 401);
  const known = await scene.call('/metrics', {}, { method: 'GET', headers: forwarded });
  assert.deepEqual(
    [known.status, known.headers.get('content-type')],
    [200, 'text/plain; version=0.0.4; charset=utf-8'],
  );
});

test('a process that stood still says for how long, and that its processor did nothing meanwhile', async () => {
  const { service } = scene;
  process.kill(service.pid ?? 0, 'SIGSTOP');
  await new Promise<void>((resolve) => void setTimeout(resolve, 600));
  process.kill(service.pid ?? 0, 'SIGCONT');
  const { text } = await get('/metrics');
  const seconds = Number(/^tocsin_event_loop_pause_seconds (\S+)$/m.exec(text)?.[1]);
  assert.ok(seconds > 0.5, `${seconds} s`);
  const line = service.logs.findLast((one) => one.includes('"event_loop.paused"')) ?? '{}';
  const { pause_ms: pause = 0, cpu_ms: cpu = pause } = JSON.parse(line) as { pause_ms?: number; cpu_ms?: number };
  assert.ok(pause > 500 && cpu < 200, line);
});

test('metrics count what was done', () => {
  const families = parseMetrics(early);
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

test('a webhook in trouble shows its failures, what waits, how far it is behind, and its breaker', () => {
  const webhook_id = String(broken);
  const valueOf = (name: string, labels: object) =>
    parseMetrics(metrics)
      .get(name)
      ?.samples.find((one) => isDeepStrictEqual({ ...one.labels }, labels))?.value ?? -1;
  assert.equal(valueOf('tocsin_webhook_breaker_state', { webhook_id }), 2);
  assert.ok(valueOf('tocsin_webhook_failures_total', { webhook_id }) >= 5);
  assert.equal(valueOf('tocsin_webhook_waiting', { webhook_id }), 6);
  const behind = valueOf('tocsin_webhook_behind_seconds', { webhook_id });
  assert.ok(behind > 0 && behind < 60, `${behind} s`);
  assert.equal(valueOf('tocsin_webhook_waiting', { webhook_id: 'other' }), 0);
  const states = ['pending', 'sending', 'retry_wait'].map((state) => valueOf('tocsin_deliveries_open', { state }));
  assert.equal(
    states.reduce((sum, count) => sum + count),
    6,
  );
});

test('requests are counted by the pattern of their route and the class of their status', async () => {
  await scene.call('/nowhere/../at-all-9f3', {}, { method: 'GET', key: '' });
  await scene.call('/webhook/info', { integration_id: 1 });
  const { text } = await get('/metrics');
  const requests = parseMetrics(text).get('tocsin_http_requests_total')?.samples ?? [];
  const count = (route: string, status: string) =>
    requests.find(({ labels }) => labels['route'] === route && labels['status'] === status)?.value ?? 0;
  assert.ok(count('/channel/create', '2xx') >= 2);
  assert.ok(count('/webhook/info', '4xx') >= 1);
  assert.ok(count('none', '4xx') >= 1);
  assert.doesNotMatch(text, /9f3|integration_key/);
});

test('the version, the database and the process are among the metrics', () => {
  const families = parseMetrics(metrics);
  const [build] = families.get('tocsin_build_info')?.samples ?? [];
  assert.deepEqual([build?.value, build?.labels['database'], build?.labels['node']], [1, 'sqlite', process.version]);
  assert.match(build?.labels['version'] ?? '', /^\d+\.\d+\.\d+/);
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
    assert.ok(families.has(name), name);
});

test('the page of the metrics has a row for each of them, and no other', async () => {
  const page = await readFile(join(root, 'docs', 'reference', 'metrics.md'), 'utf8');
  const described = [...page.matchAll(/^\| `([a-z0-9_]+)[`{]/gm)].map(([, name]) => name ?? '');
  assert.deepEqual(
    [...parseMetrics(metrics).keys(), ...clustered].sort(),
    described.filter((name) => /^(tocsin|process|nodejs)_/.test(name)).sort(),
  );
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

test(
  'promtool accepts the alert rules, and each fires on what it is for',
  skipWithout(missingCommand(promtool, 'prometheus')),
  () => {
    const rules = join(operations, 'prometheus-rules.yml');
    const checked = spawnSync(promtool, ['check', 'rules', rules], { encoding: 'utf8' });
    assert.match(checked.stdout, /SUCCESS: \d+ rules found/, checked.stdout + checked.stderr);
    const cases = join(import.meta.dirname, 'prometheus-rules.test.yml');
    const tested = spawnSync(promtool, ['test', 'rules', cases], { encoding: 'utf8' });
    assert.match(tested.stdout, /SUCCESS/, tested.stdout + tested.stderr);
  },
);

test('each rule has its line in the runbook, and its test', async () => {
  const names = (text: string) => [...new Set(text.match(/\bTocsin[A-Z]\w+/g))].sort();
  const rules = names(await readFile(join(operations, 'prometheus-rules.yml'), 'utf8'));
  assert.ok(rules.length >= 10);
  assert.deepEqual(names(await readFile(join(operations, 'runbook.md'), 'utf8')), rules);
  const cases = await readFile(join(import.meta.dirname, 'prometheus-rules.test.yml'), 'utf8');
  const firing = [...cases.matchAll(/alertname: (\w+)\n\s+exp_alerts/g)].map(([, name]) => name ?? '');
  assert.deepEqual(names(firing.join(' ')), rules);
});

test('the rules and the dashboard name metrics that the service has, with labels that they have', async () => {
  const families = parseMetrics(metrics);
  for (const file of ['prometheus-rules.yml', 'grafana-dashboard.json']) {
    const text = await readFile(join(operations, file), 'utf8');
    const named = text.match(/\b(?:tocsin|process|nodejs)_[a-z0-9_]+\b/g) ?? [];
    assert.ok(named.length > 10, file);
    for (const name of new Set(named)) {
      const family = name.replace(/_(?:bucket|sum|count)$/, '');
      assert.ok(families.has(name) || families.has(family) || clustered.includes(name), `${file}: ${name}`);
    }
    for (const [, name = '', label = ''] of text.matchAll(
      /\b(tocsin_\w+)\{\W*(?:job=\W+\$?\w+\W+,)?(reason|outcome|status)[=!]/g,
    )) {
      const shown = families.get(name)?.samples[0]?.labels ?? {};
      assert.ok(label in shown, `${file}: ${name} has no label ${label}`);
    }
  }
});

test('the dashboard is one that Grafana imports: its model, and panels that do not overlap', async () => {
  const text = await readFile(join(operations, 'grafana-dashboard.json'), 'utf8');
  const { panels } = dashboard.parse(JSON.parse(text));
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'an id stands twice');
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    const { x, y, w, h } = gridPos;
    assert.ok(x + w <= 24, `${title} is too wide`);
    for (let place = 0; place < w * h; place += 1) {
      const cell = `${x + (place % w)},${y + Math.floor(place / w)}`;
      assert.ok(!taken.has(cell), `${title} overlaps another panel`);
      taken.add(cell);
    }
  }
});

/** The parts of Grafana's dashboard model (schemaVersion 39) that this one uses. */
const source = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const place = z.strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) });
const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: source,
  expr: z.string().min(1),
  legendFormat: z.string().min(1),
  instant: z.boolean().optional(),
});
const rowPanel = z.strictObject({
  id: z.int(),
  type: z.literal('row'),
  title: z.string().min(1),
  collapsed: z.literal(false),
  gridPos: place,
  panels: z.array(z.never()),
});
const chart = z.strictObject({
  id: z.int(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource: source,
  gridPos: place,
  fieldConfig: z.strictObject({
    defaults: z.object({ unit: z.string(), min: z.literal(0) }),
    overrides: z.array(z.never()),
  }),
  options: z.object({}),
  targets: z.array(target).min(1),
});
const dashboard = z.strictObject({
  title: z.literal('Tocsin'),
  uid: z.literal('tocsin'),
  schemaVersion: z.literal(39),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.int(),
  timezone: z.string(),
  refresh: z.string(),
  tags: z.array(z.string()),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({ list: z.array(z.object({ name: z.string(), type: z.enum(['datasource', 'query']) })) }),
  annotations: z.strictObject({ list: z.array(z.never()) }),
  panels: z.array(z.union([rowPanel, chart])).min(10),
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
