import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../counterparts/program.ts';
import { grownBodies, largestBodies } from '../support/grown-bodies.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';
import { worstInputs, type Schema, type WorstInput } from '../support/worst-inputs.ts';

/**
 * How long one piece of work may hold the event loop, in processor time of its thread. Machines of CI services are
 * slower by a factor, and their neighbours empty the caches.
 */
const limitMs = process.env['CI'] === undefined ? 50 : 100;

/** A slow machine may take so long for all bodies of one test. */
const timeoutMs = 300_000;

/** The least of so many tries counts: the first ones run code that is not compiled yet. */
const triesMax = 5;

/** Bytes of a body by default. */
const bodyMaxBytes = 1_048_576;
const pushMaxBytes = 16_777_216;
/** Up to this size a push is read on the event loop. */
const smallPushMaxBytes = 524_288;

/** Alerts of one body; those of one format are enough, since all are taken in the same pieces. */
const alertsMax = 5_000;
const someAlerts = 500;

/** Alerts and incidents whose texts and labels are as large as they may be. */
const fatAlerts = 130;

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly parameters?: readonly { readonly name?: string; readonly schema?: Schema }[];
}

interface Scene {
  readonly app: TestApp;
  readonly probe: string;
  readonly routes: ReadonlyMap<string, Operation>;
  readonly components: Readonly<Record<string, Schema>>;
  /** Values of things that exist, by the name of the field. */
  readonly known: Readonly<Record<string, unknown>>;
}

async function startScene(mutant = ''): Promise<Scene> {
  const port = await freePort();
  const app = await startTestApp({
    env: {
      TOCSIN_API_RATE: '0',
      // Twice the work for each reply, which no user has.
      TOCSIN_TEST_CHECK_REPLIES: '',
      LOOP_PROBE_PORT: String(port),
      LOOP_PROBE_MUTANT: mutant,
    },
    command: () => [process.execPath, '--import', './test/support/loop-probe.ts', 'dist/tocsin.js', 'serve'],
  });
  const { text } = await app.call('/openapi.json', {}, { method: 'GET', key: '' });
  const { paths, components } = JSON.parse(text) as {
    paths: Record<string, { post?: Operation }>;
    components: { schemas: Record<string, Schema> };
  };
  const routes = new Map(
    Object.entries(paths).flatMap(([path, { post }]) => (post === undefined ? [] : [[path, post]])),
  );
  const known = mutant === '' ? await fill(app) : {};
  return { app, probe: `http://127.0.0.1:${port}`, routes, components: components.schemas, known };
}

/** Things of the largest size, so that what reads or changes them has as much to do as it may. */
async function fill(app: TestApp): Promise<Record<string, unknown>> {
  const { service } = app;
  const place = await app.place();
  const hook = await place.hook('incident');
  const source = await service.api('/integration/create', {
    name: 'fat',
    type: 'prometheus',
    channel_id: place.channelId,
  });
  const alerts = Array.from({ length: fatAlerts }, (_, at) => ({
    status: 'firing',
    labels: Object.fromEntries(
      Array.from({ length: 50 }, (_, label) => [`label_${label}`, `${at} ${'é"'.repeat(1_020)}`]),
    ),
    annotations: { summary: `${at} ${'s'.repeat(400)}`, description: '"\n'.repeat(3_000) },
  }));
  // More than one push may have in bytes.
  for (const half of [alerts.slice(0, fatAlerts / 2), alerts.slice(fatAlerts / 2)]) {
    const answer = await service.push('prometheus', String(source['integration_key']), { alerts: half });
    assert.equal(answer.status, 200, answer.body.slice(0, 300));
  }
  const now = Math.floor(Date.now() / 1000);
  const window = { start_time: now - 3_600, end_time: now + 3_600, limit: 100 };
  const incidents = (await service.api('/incident/list', window))['items'] as { incident_id: string; num: string }[];
  const found = (await service.api('/alert/list', window))['items'] as { alert_id: string; alert_key: string }[];
  assert.deepEqual([incidents.length, found.length], [100, 100]);
  const incidentIds = incidents.map(({ incident_id: id }) => id);
  return {
    ...window,
    p: 1,
    incident_id: incidentIds[0],
    incident_ids: incidentIds,
    source_incident_ids: incidentIds.slice(1),
    target_incident_id: incidentIds[0],
    num: incidents[0]?.num,
    nums: incidents.map(({ num }) => num),
    alert_id: found[0]?.alert_id,
    alert_ids: found.map(({ alert_id: id }) => id),
    alert_keys: found.map(({ alert_key: key }) => key),
    channel_id: place.channelId,
    channel_ids: [place.channelId],
    integration_id: hook.id,
    integration_ids: [hook.id, place.sourceId],
    source_id: place.sourceId,
  };
}

/** What a name means behind some paths. */
function knownAt(path: string, known: Scene['known']): Scene['known'] {
  const { source_id: source, ...others } = known;
  if (/^\/(?:integration|route)\//.test(path)) return { ...others, integration_id: source };
  if (!/^\/webhook\/(?:history|stats)/.test(path)) return others;
  const [start, end] = [others['start_time'], others['end_time']].map((seconds) => Number(seconds) * 1000);
  return { ...others, start_time: start, end_time: end, ref_ids: others['incident_ids'] };
}

/** The longest time that the service's event loop was held since the last call. */
async function held({ probe }: Scene): Promise<{ heldMs: number; ran: string }> {
  return (await (await fetch(probe)).json()) as { heldMs: number; ran: string };
}

async function send(
  { app }: Scene,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  key = app.service.appKey,
): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) };
  const answer = await fetch(app.service.url + path, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

interface Held {
  readonly path: string;
  readonly what: string;
  readonly ms: number;
  readonly ran: string;
}

/** What held the loop for longer than the limit in each of its tries. */
async function tooLong(scene: Scene, path: string, inputs: readonly WorstInput[], key?: string): Promise<Held[]> {
  await held(scene);
  for (const { body } of inputs) await send(scene, path, body, key);
  const limit = limitMs;
  const { heldMs } = await held(scene);
  if (heldMs <= limit) return [];
  const found: Held[] = [];
  for (const { what, body } of inputs) {
    // Two say enough about a path.
    if (found.length === 2) break;
    let least = { heldMs: Infinity, ran: '' };
    for (let tries = 0; tries < triesMax && least.heldMs > limit; tries += 1) {
      await send(scene, path, body, key);
      const one = await held(scene);
      if (one.heldMs < least.heldMs) least = one;
    }
    if (least.heldMs > limit) found.push({ path, what, ms: Math.round(least.heldMs), ran: least.ran });
  }
  return found;
}

/** Each call changes a hundred incidents or alerts with the largest labels, so it takes long; their texts are short. */
const ofMany =
  /^\/incident\/(?:ack|unack|resolve|comment|assign|snooze|wake|reopen|responder\/add|merge|remove|disable-merge)$|^\/alert\/(?:close|merge)$/;

type Kind = 'reads' | 'changes' | 'removals';

/** Removals come last, so that there is something to read and to change. */
function kindOf(path: string): Kind {
  if (/delete|remove|merge|disable|revoke/.test(path)) return 'removals';
  return /list|info|stats|summary|feed|desc|search|try|explain|preview|rehearse/.test(path) ? 'reads' : 'changes';
}

describe('the largest input that its limits allow holds the event loop for a bounded time', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene();
  });
  after(() => scene.app.stop());

  for (const kind of ['reads', 'changes', 'removals'] satisfies Kind[]) {
    test(`every operation: ${kind}`, { timeout: timeoutMs }, async (t) => {
      const found: Held[] = [];
      let sent = 0;
      for (const [path, { requestBody }] of scene.routes) {
        const schema = requestBody?.content['application/json']?.schema;
        if (schema === undefined || path.includes('{') || kindOf(path) !== kind) continue;
        const all = worstInputs({ ...scene, known: knownAt(path, scene.known), schema, bytesMax: bodyMaxBytes });
        const inputs = ofMany.test(path) ? all.slice(-7) : all;
        sent += inputs.length;
        found.push(...(await tooLong(scene, path, inputs)));
      }
      t.diagnostic(`${sent} bodies`);
      assert.deepEqual(found, []);
    });
  }

  test('every format of pushes', { timeout: timeoutMs }, async (t) => {
    const { service } = scene.app;
    const types = scene.routes.get('/event/push/alert/{type}')?.parameters?.find(({ name }) => name === 'type')
      ?.schema?.enum;
    assert.ok(types !== undefined && types.length > 10);
    const found: Held[] = [];
    let sent = 0;
    for (const type of types.map(String)) {
      const { channel_id: channelId } = scene.known;
      const source = await service.api('/integration/create', { name: type, type, channel_id: channelId });
      const path = `/event/push/alert/${type}?integration_key=${String(source['integration_key'])}`;
      const inputs = [
        ...grownBodies(type, smallPushMaxBytes),
        ...largestBodies(type, pushMaxBytes, type === 'prometheus' ? alertsMax : someAlerts),
      ];
      sent += inputs.length;
      found.push(...(await tooLong(scene, path, inputs, '')).map((one) => ({ ...one, path: type })));
    }
    t.diagnostic(`${sent} bodies`);
    assert.deepEqual(found, []);
  });

  test('every page', async () => {
    const found: Held[] = [];
    const { url } = scene.app.service;
    const long = `${'a%20'.repeat(3_000)}=${'%CC%81'.repeat(500)}`;
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/reference', '/nothing']) {
      let least = { heldMs: Infinity, ran: '' };
      for (let tries = 0; tries < triesMax && least.heldMs > limitMs; tries += 1) {
        await held(scene);
        await (await fetch(`${url}${path}?${long}`, { headers: { cookie: 'a=b;'.repeat(300) } })).arrayBuffer();
        const one = await held(scene);
        if (one.heldMs < least.heldMs) least = one;
      }
      if (least.heldMs > limitMs)
        found.push({ path, what: 'a long query', ms: Math.round(least.heldMs), ran: least.ran });
    }
    assert.deepEqual(found, []);
  });
});

test('an operation that holds the loop is found, and named', async (t) => {
  const path = '/team/list';
  const scene = await startScene(path);
  t.after(() => scene.app.stop());
  const inputs = [{ what: 'nothing', body: '{}' }];
  assert.deepEqual(await tooLong(scene, '/channel/list', inputs), []);
  const [found] = await tooLong(scene, path, inputs);
  assert.deepEqual([found?.path, found?.what, found?.ran], [path, 'nothing', path]);
});
