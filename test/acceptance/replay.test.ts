import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Received } from '../counterparts/receiver.ts';
import type { Json } from '../support/service.ts';
import { around, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';

const untilMaxMs = 60_000;
const pollMs = 50;

interface ReplayInfo {
  readonly state: string;
  readonly total: number;
  readonly done: number;
  readonly waiting: number;
  readonly paused_until: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly message: string;
}

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`replays, on ${database}`, () => {
    let scene: TestApp;
    let place: Place;
    before(async () => {
      scene = await startTestApp({ database });
      place = await scene.place();
    });
    after(() => scene.stop());

    const info = async (replay_id: string) =>
      (await scene.service.api('/replay/info', { replay_id })) as unknown as ReplayInfo;
    /** Polls, because a replay goes on over restarts of the service. */
    const until = async (replayId: string, is: (replay: ReplayInfo) => boolean) => {
      const deadline = performance.now() + untilMaxMs;
      for (;;) {
        const replay = await info(replayId);
        if (is(replay)) return replay;
        if (performance.now() > deadline) throw new Error(`it stays at ${JSON.stringify(replay)}`);
        await sleep(pollMs);
      }
    };
    const ended = (replayId: string) => until(replayId, ({ state }) => state !== 'running');
    const replay = async (hook: Hook, body: Json = {}) => {
      const begun = await scene.service.api('/webhook/replay', { integration_id: hook.id, ...around(), ...body });
      return begun as { replay_id: string; count: number; pushes: number; by_type: Json[]; oldest: number };
    };
    /** Alerts with some events each, one after the other for each alert; all alerts at once. */
    const happen = async (alerts: number, eventsEach: number, name: string, where = place) => {
      const one = async (index: number) => {
        for (let event = 0; event < eventsEach; event += 1) {
          await where.report({ title: `${name} ${index}`, alert_key: `${name}-${index}`, description: `${event}` });
        }
      };
      await Promise.all(Array.from({ length: alerts }, (_, index) => one(index)));
    };
    const total = async (hook: Hook, filter: Json) => {
      const page = await scene.service.api('/webhook/history/list', {
        ...around(),
        integration_id: hook.id,
        ...filter,
      });
      return Number(page['total']);
    };
    const sentBy = (hook: Hook, replayId: string) =>
      hook.received().filter((one) => one.headers['tocsin-replay'] === replayId);

    test('500 failed pushes go out again, each once and in order, though the service is killed twice meanwhile', async () => {
      const hook = await place.hook('alert', { event_types: ['a_new', 'a_update'], timeout_ms: 10_000 });
      scene.receiver.answer(hook.path, { status: 404 });
      await happen(50, 10, 'storm');
      await hook.pushes(500);
      while ((await total(hook, { states: ['pending', 'sending'] })) > 0) await sleep(pollMs);
      scene.receiver.answer(hook.path, { status: 200 });

      const dry = await replay(hook, { dry_run: true });
      assert.deepEqual([dry.replay_id, dry.count, dry.pushes], ['', 500, 500]);
      assert.equal(await total(hook, { states: ['failed', 'unknown', 'expired', 'cancelled'] }), 500);
      assert.deepEqual(dry.by_type, [
        { event_type: 'a_update', count: 450 },
        { event_type: 'a_new', count: 50 },
      ]);
      const [oldest] = await hook.history(1);
      assert.equal(dry.oldest, Date.parse(oldest?.event_time ?? ''));

      const { replay_id } = await replay(hook, { max_per_second: 200 });
      const isReplayed = (one: Received) => one.path === hook.path && one.headers['tocsin-replay'] === replay_id;
      await scene.receiver.waitFor(100, isReplayed);
      await scene.service.kill('SIGKILL');
      // In the next life it dies inside the transaction of a piece.
      await scene.service.restart({ TOCSIN_TEST_CRASH: 'replay.before-commit:2' });
      assert.equal(await scene.service.ended(), 'SIGKILL');
      await scene.service.restart();
      const over = await ended(replay_id);

      assert.deepEqual([over.state, over.total, over.done, over.waiting], ['done', 500, 500, 0]);
      const { delivered = 0, unknown = 0 } = over.outcomes;
      assert.equal(delivered + unknown, 500, 'a claim that died with the process may have been sent, and nothing else');
      const sent = sentBy(hook, replay_id);
      const ids = new Set(sent.map((one) => one.headers['webhook-id']));
      assert.equal(ids.size, sent.length, 'a push went out twice');
      assert.ok(sent.length >= delivered && sent.length <= 500);
      assert.ok(sent.every((one) => one.headers['tocsin-redelivery'] === '1'));
      assertOrdered(sent);
      assert.equal(await total(hook, { replay_id, states: ['delivered', 'unknown'] }), 500);
      // The first record says that the replay has delivered its event.
      const failed = await hook.history(1, { states: ['failed'] });
      const marked = failed.filter(({ delivered_later }) => delivered_later?.replay_id === replay_id);
      assert.ok(marked.length > 0 && failed.length - marked.length <= unknown);
      // All of it has arrived now, so there is nothing left to send again, but for what nobody knows of.
      assert.equal((await replay(hook, { dry_run: true, states: ['failed'] })).pushes, unknown);
    });

    test('latest sends one push of each object: the last that did not arrive', async () => {
      const hook = await place.hook('alert', { event_types: ['a_new', 'a_update'] });
      scene.receiver.answer(hook.path, { status: 400 });
      await happen(3, 4, 'latest');
      await hook.pushes(12);
      await hook.history(12, { states: ['failed'] });
      scene.receiver.answer(hook.path, { status: 200 });
      await place.report({ title: 'latest 0', alert_key: 'latest-0', description: 'arrives' });
      await hook.pushes(13);
      await hook.history(1, { states: ['delivered'] });

      const dry = await replay(hook, { order_policy: 'latest', dry_run: true });
      // Of the first one a later event has arrived.
      assert.deepEqual([dry.count, dry.pushes], [12, 2]);
      const { replay_id } = await replay(hook, { order_policy: 'latest' });
      const over = await ended(replay_id);
      assert.deepEqual([over.state, over.outcomes['delivered']], ['done', 2]);
      assert.deepEqual(
        sentBy(hook, replay_id).map((one) => one.headers['tocsin-sequence']),
        ['4', '4'],
      );
    });

    test('named records are sent whatever came after them, and only those', async () => {
      const hook = await place.hook('alert', { event_types: ['a_new', 'a_update'] });
      await happen(1, 3, 'named');
      await hook.pushes(3);
      const records = await hook.history(3, { states: ['delivered'] });
      const record_ids = records.slice(0, 2).map((one) => one.event_id);
      const body = { integration_id: hook.id, record_ids, states: ['delivered'] };
      const begun = await scene.service.api('/webhook/replay', body);
      const over = await ended(String(begun['replay_id']));
      assert.deepEqual([begun['count'], over.outcomes['delivered']], [2, 2]);
      const sent = sentBy(hook, String(begun['replay_id']));
      assert.deepEqual(
        sent.map((one) => one.headers['tocsin-sequence']),
        ['1', '2'],
      );
      assert.equal(sent[0]?.body, hook.received()[0]?.body);
      const nothing = await scene.call('/webhook/replay', { integration_id: hook.id, record_ids });
      assert.match(nothing.error?.message ?? '', /nothing is selected/);
    });

    test('a replay that fails harms neither the health nor the pace of new events, and waits for the receiver', async () => {
      // No webhook of another test gets these events, so nothing else counts as an attempt.
      const own = await scene.place();
      const hook = await own.hook('alert', { event_types: ['a_new'] });
      await happen(12, 1, 'health', own);
      await hook.pushes(12);
      await hook.history(12, { states: ['delivered'] });
      const before = await attempts(scene);
      scene.receiver.answer(hook.path, { status: 503 });
      const { replay_id } = await replay(hook, { states: ['delivered'], max_per_second: 5 });
      const paused = await until(replay_id, (one) => one.paused_until > 0);
      assert.ok(paused.done < 12 && (paused.outcomes['failed'] ?? 0) >= 5);
      const { items } = (await scene.service.api('/webhook/list', { query: hook.path })) as {
        items: { integration_id: number; health: { state: string; success_rate: number; closed_until: number } }[];
      };
      const health = items.find((one) => one.integration_id === hook.id)?.health;
      assert.deepEqual([health?.state, health?.success_rate, health?.closed_until], ['delivering', 1, 0]);
      assert.equal(await attempts(scene), before);

      scene.receiver.answer(hook.path, { status: 200 });
      await own.report({ title: 'new', alert_key: 'health-new' });
      const fresh = await scene.receiver.waitFor(1, (one) => one.path === hook.path && one.body.includes('health-new'));
      assert.equal(fresh[0]?.headers['tocsin-replay'], undefined);
      const over = await ended(replay_id);
      assert.deepEqual([over.state, over.done], ['done', 12]);
      assert.ok((over.outcomes['delivered'] ?? 0) > 0);
    });

    test('a cancelled replay sends nothing more, and says what became of it', async () => {
      const hook = await place.hook('alert', { event_types: ['a_new'] });
      await happen(10, 1, 'cancel');
      await hook.pushes(10);
      await hook.history(10, { states: ['delivered'] });
      await scene.service.api('/webhook/pause', { integration_id: hook.id });
      const { replay_id } = await replay(hook, { states: ['delivered'], max_per_second: 1_000 });
      const again = await scene.call('/webhook/replay', {
        integration_id: hook.id,
        ...around(),
        states: ['delivered'],
      });
      assert.match(again.error?.message ?? '', /^the replay [0-9a-f]{24} of this webhook runs/);
      await until(replay_id, (one) => one.waiting === 10);
      assert.deepEqual(await scene.service.api('/replay/cancel', { replay_id }), { cancelled: 10 });
      assert.deepEqual(await scene.service.api('/replay/cancel', { replay_id }), { cancelled: 0 });
      const over = await info(replay_id);
      assert.deepEqual([over.state, over.outcomes['cancelled'], over.waiting], ['cancelled', 10, 0]);
      await scene.service.api('/webhook/resume', { integration_id: hook.id });
      await place.report({ title: 'after', alert_key: 'cancel-after' });
      await hook.pushes(11);
      assert.deepEqual(sentBy(hook, replay_id), []);
      const listed = await scene.service.api('/replay/list', { integration_id: hook.id });
      assert.deepEqual(
        (listed['items'] as { replay_id: string; state: string }[]).map((one) => [one.replay_id, one.state]),
        [[replay_id, 'cancelled']],
      );
    });

    test('a webhook that is disabled ends its replay, and the log says who began it', async () => {
      const hook = await place.hook('alert', { event_types: ['a_new'] });
      await happen(3, 1, 'disable');
      await hook.pushes(3);
      await hook.history(3, { states: ['delivered'] });
      const { replay_id } = await replay(hook, { states: ['delivered'], max_per_second: 1 });
      await scene.service.api('/webhook/disable', { integration_id: hook.id });
      const over = await ended(replay_id);
      assert.deepEqual([over.state, over.message], ['failed', 'the webhook was disabled']);
      const refused = await scene.call('/webhook/replay', { integration_id: hook.id, ...around() });
      assert.match(refused.error?.message ?? '', /is disabled: enable it first/);
      const { docs } = (await scene.service.api('/audit/search', {
        start_time: Math.floor(Date.now() / 1000) - 3600,
        end_time: Math.floor(Date.now() / 1000) + 60,
        operations: ['webhook:replay'],
      })) as { docs: { operation: string; body: string }[] };
      assert.ok(docs.some(({ body }) => body.includes(String(hook.id))));
    });
  });
}

/** Within each alert, by its sequence. */
function assertOrdered(sent: readonly Received[]): void {
  const last = new Map<string, number>();
  for (const one of sent) {
    const { alert } = JSON.parse(one.body) as { alert: { alert_id: string } };
    const sequence = Number(one.headers['tocsin-sequence']);
    assert.ok(sequence > (last.get(alert.alert_id) ?? 0), `${alert.alert_id} ${sequence} came late`);
    last.set(alert.alert_id, sequence);
  }
}

/** Attempts that the metrics count, but for those of replays. */
async function attempts(scene: TestApp): Promise<number> {
  const { text } = await scene.call('/metrics', undefined, { method: 'GET' });
  return [...text.matchAll(/^tocsin_delivery_attempts_total\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}
