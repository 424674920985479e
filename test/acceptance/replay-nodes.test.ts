import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Received } from '../counterparts/receiver.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService, type Service } from '../support/service.ts';
import { around, startTestApp } from '../support/test-app.ts';

const alerts = 60;
const eventsEach = 5;
const total = alerts * eventsEach;
/** Requests of the webhook in flight on one node: what a death may leave in doubt. */
const maxInFlight = 4;
const untilMaxMs = 90_000;
const pollMs = 50;

interface ReplayInfo {
  readonly state: string;
  readonly total: number;
  readonly done: number;
  readonly waiting: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

test('a replay outlives the node that runs it: another one goes on, and nothing that was sent goes out twice', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await emptyPostgres('replay_nodes'));
  const env = { TOCSIN_SECRET_KEY: randomBytes(32).toString('base64'), TOCSIN_LEASE_SECONDS: '2' };
  const scene = await startTestApp({ database: 'postgres', databaseUrl: database.url, env });
  stack.defer(() => scene.stop());
  const one = scene.service;
  const place = await scene.place();
  const hook = await place.hook('alert', {
    event_types: ['a_new', 'a_update'],
    timeout_ms: 10_000,
    max_in_flight: maxInFlight,
  });
  scene.receiver.answer(hook.path, { status: 404 });
  const happen = async (alert: number): Promise<void> => {
    for (let event = 0; event < eventsEach; event += 1) {
      await place.report({ title: `storm ${alert}`, alert_key: `storm-${alert}`, description: `${event}` });
    }
  };
  await Promise.all(Array.from({ length: alerts }, (_, alert) => happen(alert)));
  await hook.pushes(total);
  const failed = { ...around(), integration_id: hook.id, states: ['failed'] };
  while (Number((await one.api('/webhook/history/list', failed))['total']) < total) await sleep(pollMs);
  scene.receiver.answer(hook.path, { status: 200 });

  // It dies inside the transaction of its third piece. The other one is there before the replay begins.
  await one.kill('SIGKILL');
  await one.restart({ TOCSIN_TEST_CRASH: 'replay.before-commit:3' });
  const folder = join(scene.folder, 'second');
  const two = await startService({ folder, database: 'postgres', databaseUrl: database.url, env });
  stack.defer(() => two.kill('SIGKILL'));
  const begun = await one.api('/webhook/replay', { integration_id: hook.id, ...around(), max_per_second: 100 });
  const replayId = String(begun['replay_id']);
  const isReplayed = (push: Received): boolean => push.headers['tocsin-replay'] === replayId;
  assert.equal(await one.ended(), 'SIGKILL');
  const atDeath = scene.receiver.received.filter(isReplayed).length;
  assert.ok(atDeath < total, `all ${total} had been sent before the first node died`);

  // The second one has taken it up. It dies too, and the first one is back.
  const enough = atDeath + Math.ceil((total - atDeath) / 3);
  await scene.receiver.waitFor(enough, isReplayed);
  assert.equal((await infoOf(two, replayId)).state, 'running');
  await one.restart();
  await two.kill('SIGKILL');
  const over = await ended(one, replayId);

  assert.deepEqual([over.state, over.total, over.done, over.waiting], ['done', total, total, 0]);
  const { delivered = 0, unknown = 0 } = over.outcomes;
  assert.equal(delivered + unknown, total, 'what a dead node was sending is unknown, and nothing else');
  assert.ok(unknown <= 2 * maxInFlight, `${unknown} are unknown after two deaths`);
  const sent = scene.receiver.received.filter(isReplayed);
  assert.equal(new Set(sent.map((push) => push.headers['webhook-id'])).size, sent.length, 'a push went out twice');
  assert.ok(sent.length >= delivered && sent.length <= total, `${sent.length} were sent, ${delivered} delivered`);
  const last = new Map<string, number>();
  for (const push of sent) {
    const { alert } = JSON.parse(push.body) as { alert: { alert_id: string } };
    const sequence = Number(push.headers['tocsin-sequence']);
    assert.ok(sequence > (last.get(alert.alert_id) ?? 0), `${alert.alert_id} ${sequence} came late`);
    last.set(alert.alert_id, sequence);
  }
});

async function infoOf(node: Service, replayId: string): Promise<ReplayInfo> {
  return (await node.api('/replay/info', { replay_id: replayId })) as unknown as ReplayInfo;
}

/** Polls, because it goes on over the life of nodes. */
async function ended(node: Service, replayId: string): Promise<ReplayInfo> {
  const deadline = performance.now() + untilMaxMs;
  for (;;) {
    const replay = await infoOf(node, replayId);
    if (replay.state !== 'running') return replay;
    if (performance.now() > deadline) throw new Error(`it stays at ${JSON.stringify(replay)}`);
    await sleep(pollMs);
  }
}
