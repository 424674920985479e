import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browserClient, type BrowserClient } from '../support/browser-client.ts';
import { around, startTestApp, type Hook, type TestApp } from '../support/test-app.ts';
import { until } from '../support/until.ts';

const arrivesMaxMs = 20_000;
const good = 'Vier Birnen + 1 Velo';

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** An open stream, read as it comes. */
interface Stream {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly told: Told[];
  /** Resolves with the first that fits. */
  until(fits: (told: Told) => boolean): Promise<Told>;
  /** Resolves when the service has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

function listen(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { headers, agent: false }, (response) => {
      const told: Told[] = [];
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = Object.fromEntries(
            block
              .split('\n')
              .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
          );
          if (fields['event'] === undefined) continue;
          told.push({
            event: fields['event'],
            id: fields['id'] ?? '',
            data: JSON.parse(fields['data'] ?? '{}') as Told['data'],
          });
        }
      });
      const ended = new Promise<void>((done) => void response.on('close', done));
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        told,
        ended,
        close: () => void outgoing.destroy(),
        async until(fits) {
          for (const began = Date.now(); Date.now() - began < arrivesMaxMs; await sleep(10)) {
            const found = told.find(fits);
            if (found !== undefined) return found;
          }
          throw new Error(`the hint is missing; it has ${JSON.stringify(told)}`);
        },
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`the live stream, on ${database}`, () => {
    let scene: TestApp;
    let browser: BrowserClient;
    const open: Stream[] = [];
    const listenTo = async (path: string, headers: Readonly<Record<string, string>> = { cookie: browser.cookie }) => {
      const stream = await listen(scene.service.url, path, headers);
      open.push(stream);
      return stream;
    };
    before(async () => {
      scene = await startTestApp({ database, env: { TOCSIN_ADMIN_PASSWORD: good } });
      browser = browserClient(scene.service.url);
      await browser.call('/session/create', { email: 'admin@example.org', password: good });
    });
    after(async () => {
      for (const stream of open) stream.close();
      await scene.stop();
    });

    test('an alert, its incident and its push are hinted by ids alone', async () => {
      const place = await scene.place();
      const hook = await place.hook('incident');
      const stream = await listenTo('/live');
      assert.equal(stream.status, 200);
      assert.match(String(stream.headers['content-type']), /^text\/event-stream/);
      assert.equal(stream.headers['cache-control'], 'no-store');
      await stream.until(({ event }) => event === 'hello');
      await place.report({ event_status: 'Critical', title: 'secret-title', alert_key: 'k' });
      const incident = await stream.until(
        ({ event, data }) => event === 'incident' && data['channel_id'] === place.channelId,
      );
      assert.deepEqual([incident.data['event_type'], incident.data['sequence']], ['i_new', 1]);
      await stream.until(({ event, data }) => event === 'alert' && data['event_type'] === 'a_new');
      const push = await stream.until(({ event, data }) => event === 'delivery' && data['state'] === 'delivered');
      assert.deepEqual([push.data['integration_id'], push.data['ref_id']], [hook.id, incident.data['incident_id']]);
      const [record] = await hook.history(1);
      assert.equal(push.data['event_id'], record?.event_id);
      assert.ok(!JSON.stringify(stream.told).includes('secret-title'));
    });

    test('topics, a webhook and a channel narrow it; what is unknown is named', async () => {
      const [here, there] = [await scene.place(), await scene.place()];
      const narrow = await listenTo(`/live?topics=incident&channel=${here.channelId}`);
      await narrow.until(({ event }) => event === 'hello');
      await there.report({ event_status: 'Critical', title: 'x', alert_key: 'k' });
      await here.report({ event_status: 'Critical', title: 'y', alert_key: 'k' });
      await narrow.until(({ event }) => event === 'incident');
      assert.ok(
        narrow.told.every(
          ({ event, data }) =>
            event === 'hello' || event === 'gap' || (event === 'incident' && data['channel_id'] === here.channelId),
        ),
      );
      const wrong = await scene.call('/live?topics=incidents&webhook=one', undefined, { method: 'GET' });
      assert.deepEqual([wrong.status, wrong.error?.faults?.map(({ field }) => field)], [400, ['topics', 'webhook']]);
    });

    test('a stream is resumed where it broke off', async () => {
      const place = await scene.place();
      const [stays, breaks] = [await listenTo('/live?topics=incident'), await listenTo('/live?topics=incident')];
      await Promise.all([stays, breaks].map((stream) => stream.until(({ event }) => event === 'hello')));
      await place.report({ event_status: 'Critical', title: 'one', alert_key: 'one' });
      const last = await breaks.until(({ event }) => event === 'incident');
      breaks.close();
      await place.report({ event_status: 'Critical', title: 'two', alert_key: 'two' });
      await stays.until(({ event, data }) => event === 'incident' && data['incident_id'] !== last.data['incident_id']);
      const again = await listenTo('/live?topics=incident', { cookie: browser.cookie, 'last-event-id': last.id });
      await again.until(({ event, data }) => event === 'incident' && data['incident_id'] !== last.data['incident_id']);
      const strange = await listenTo('/live', { cookie: browser.cookie, 'last-event-id': '1-1' });
      await strange.until(({ event }) => event === 'gap');
    });

    test('a replay that somebody cancels is hinted, and one that ends with its webhook', async () => {
      const place = await scene.place();
      const stream = await listenTo('/live?topics=replay');
      const ends = async (state: string, end: (replayId: string, hook: Hook) => Promise<unknown>) => {
        const hook = await place.hook('alert', { event_types: ['a_new'] });
        await place.report({ title: state, alert_key: String(hook.id) });
        await hook.history(1, { states: ['delivered'] });
        await scene.service.api('/webhook/pause', { integration_id: hook.id });
        const selection = { ...around(), states: ['delivered'], max_per_second: 1 };
        const begun = await scene.service.api('/webhook/replay', { integration_id: hook.id, ...selection });
        const replayId = String(begun['replay_id']);
        await end(replayId, hook);
        const told = await stream.until(({ data }) => data['replay_id'] === replayId && data['state'] === state);
        assert.deepEqual([told.data['integration_id'], told.data['total']], [hook.id, 1]);
      };
      await ends('cancelled', (replay_id) => scene.service.api('/replay/cancel', { replay_id }));
      await ends('failed', (_, { id }) => scene.service.api('/webhook/disable', { integration_id: id }));
      await ends('failed', (_, { id }) => scene.service.api('/webhook/delete', { integration_id: id }));
    });

    test('nobody listens without a key or a session, and no page of another site does', async () => {
      assert.equal((await listenTo('/live', {})).status, 401);
      assert.equal((await listenTo('/live', { authorization: `Bearer ${scene.service.appKey}` })).status, 200);
      for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
        assert.equal((await listenTo('/live', { cookie: browser.cookie, ...headers })).status, 403);
      }
      assert.equal((await listenTo('/live', { cookie: browser.cookie, 'sec-fetch-site': 'same-origin' })).status, 200);
      const { status } = await scene.call('/live', {});
      assert.equal(status, 405);
    });

    test('nobody takes all streams: a member has twenty, and others listen beside', async () => {
      const key = await scene.keyOf('viewer');
      const own: Stream[] = [];
      for (let number = 0; number < 20; number += 1)
        own.push(await listenTo('/live', { authorization: `Bearer ${key}` }));
      assert.deepEqual([...new Set(own.map(({ status }) => status))], [200]);
      const refused = await listenTo('/live', { authorization: `Bearer ${key}` });
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '10']);
      assert.equal((await listenTo('/live')).status, 200);
      own[0]?.close();
      await until(async () => (await listenTo('/live', { authorization: `Bearer ${key}` })).status === 200);
      for (const stream of own) stream.close();
    });

    test('it ends with the session, and with the service', async () => {
      const other = browserClient(scene.service.url);
      await other.call('/session/create', { email: 'admin@example.org', password: good });
      const stream = await listenTo('/live', { cookie: other.cookie });
      const kept = await listenTo('/live');
      await kept.until(({ event }) => event === 'hello');
      const began = Date.now();
      await browser.call('/session/revoke', { all_others: true });
      await stream.ended;
      assert.ok(Date.now() - began < 2_000, `it took ${Date.now() - began} ms`);
      const stopping = scene.service.kill('SIGTERM');
      await kept.ended;
      await stopping;
    });
  });
}
