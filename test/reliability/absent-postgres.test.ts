import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { hasPostgres } from '../support/databases.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import type { Received } from '../counterparts/receiver.ts';
import { pushOf, startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const modes = ['at_most_once', 'at_least_once'] as const;

describe('a service whose PostgreSQL is away', { skip: hasPostgres ? false : 'needs PostgreSQL' }, () => {
  const stack = new AsyncDisposableStack();
  let proxy: TcpProxy;
  let scene: TestApp;
  let place: Place;
  let hooks: Hook[];

  before(async () => {
    const database = stack.use(await emptyPostgres('absent'));
    const between = await TcpProxy.before(database.url);
    ({ proxy } = between);
    stack.defer(() => proxy.close());
    proxy.cut();
    // The start waits for it.
    const starting = startTestApp({ database: 'postgres', databaseUrl: between.url });
    void setTimeout(500).then(() => proxy.mend());
    scene = await starting;
    stack.defer(() => scene.stop());
    place = await scene.place();
    hooks = [];
    for (const mode of modes) hooks.push(await place.hook('alert', { delivery_mode: mode, timeout_ms: 30_000 }));
  });
  after(() => stack.disposeAsync());

  /** Of all pushes about an alert, once the second one has come. */
  async function sequencesOf(alertKey: string, hook: Hook | undefined): Promise<unknown[]> {
    const isOwn = (push: Received) => push.path === hook?.path && pushOf(push).alert?.['alert_key'] === alertKey;
    await scene.receiver.waitFor(1, (push) => isOwn(push) && push.headers['tocsin-sequence'] === '2');
    return scene.receiver.received.filter(isOwn).map(({ headers }) => headers['tocsin-sequence']);
  }

  /** One for the alert that was new and one for its change. */
  async function assertTwoPushes(alertKey: string): Promise<void> {
    for (const { path } of hooks) {
      const pushes = await scene.receiver.waitFor(
        2,
        (push) => push.path === path && pushOf(push).alert?.['alert_key'] === alertKey,
      );
      assert.deepEqual(
        pushes.map((push) => [pushOf(push).event_type, push.headers['tocsin-sequence']]),
        [
          ['a_new', '1'],
          ['a_update', '2'],
        ],
      );
    }
  }

  test('says so, takes nothing, and lives; what was in flight gets its result when it is back, and all goes on', async () => {
    for (const { path } of hooks) scene.receiver.answer(path, 'hang');
    await place.report({ title: 'one', alert_key: 'one' });
    for (const hook of hooks) await hook.pushes(1);
    proxy.cut();
    const pushed = await fetch(`${scene.service.url}/event/push/alert/standard?integration_key=${place.sourceKey}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'two', alert_key: 'two', event_status: 'Critical' }),
    });
    await pushed.body?.cancel();
    assert.equal(pushed.status, 503);
    assert.match(pushed.headers.get('retry-after') ?? '', /^\d+$/);
    const open = { method: 'GET', key: '' };
    assert.equal((await scene.call('/readyz', {}, open)).status, 503);
    assert.equal((await scene.call('/healthz', {}, open)).status, 200);
    for (const { path } of hooks) scene.receiver.answer(path, { status: 200 });
    scene.receiver.release(200);
    proxy.mend();
    await place.report({ title: 'one', alert_key: 'one', event_status: 'Warning' });
    for (const hook of hooks) {
      const records = await hook.history(2);
      assert.deepEqual(
        records.map(({ event_type, status, attempt }) => [event_type, status, attempt]),
        [
          ['a_new', 'success', 1],
          ['a_update', 'success', 1],
        ],
      );
      assert.equal(hook.received().length, 2);
    }
    assert.equal((await scene.call('/readyz', {}, open)).status, 200);
  });

  test('before it said that a push was committed: the service takes it again, and it is one event, also when the sender repeats it', async () => {
    proxy.loseCommitAfter('insert into "delivery"');
    await place.report({ title: 'three', alert_key: 'three' });
    assert.equal(proxy.lost, 1);
    await place.report({ title: 'three', alert_key: 'three' });
    await place.report({ title: 'three', alert_key: 'three', event_status: 'Warning' });
    await assertTwoPushes('three');
  });

  test('before it said that a push was committed, and the process is killed then: sent again, it is one event', async () => {
    const held = proxy.holdCommitAfter('insert into "delivery"');
    const unanswered = assert.rejects(place.report({ title: 'four', alert_key: 'four' }));
    await held;
    await scene.service.kill('SIGKILL');
    await unanswered;
    await scene.service.restart();
    await place.report({ title: 'four', alert_key: 'four' });
    await place.report({ title: 'four', alert_key: 'four', event_status: 'Warning' });
    const [once, repeated] = hooks;
    assert.deepEqual(await sequencesOf('four', repeated), ['1', '2']);
    // Where the change was committed with the claim of its push, that may have been sent.
    const sent = await sequencesOf('four', once);
    const records = (await once?.history(6)) ?? [];
    const interrupted = records.filter(({ error_message: why }) => /interrupted/.test(String(why)));
    assert.deepEqual(sent, interrupted.length === 1 ? ['2'] : ['1', '2']);
  });

  test('before it said that a change of settings was committed: it is not made twice under one Idempotency-Key', async () => {
    const create = () =>
      scene.call('/channel/create', { channel_name: 'lost' }, { headers: { 'idempotency-key': 'lost-answer-1' } });
    proxy.loseCommitAfter('insert into "channel"');
    assert.equal((await create()).status, 503);
    assert.equal(proxy.lost, 3);
    assert.equal((await create()).error?.code, 'RequestLocked');
    const named = async () => {
      const { items } = await scene.service.api('/channel/list', {});
      return (items as { channel_name: string }[]).filter(({ channel_name }) => channel_name === 'lost').length;
    };
    // As for a change that was made on another node, the list is up to half a second old.
    await until(async () => (await named()) > 0);
    assert.equal(await named(), 1);
  });

  test('costs no push when it is back within 1.5 s, at 200 pushes a second', async () => {
    const url = `${scene.service.url}/event/push/alert/standard?integration_key=${place.sourceKey}`;
    const answers: Promise<number>[] = [];
    const awayMs = 1_500;
    const begun = performance.now();
    proxy.cut();
    for (let number = 0; performance.now() - begun < awayMs + 500; number += 1) {
      if (performance.now() - begun > awayMs) proxy.mend();
      const body = JSON.stringify({ title: 'away', alert_key: `away-${number}`, event_status: 'Info' });
      answers.push(fetch(url, { method: 'POST', body }).then(({ status }) => status));
      await setTimeout(5);
    }
    assert.deepEqual([...new Set(await Promise.all(answers))], [200]);
    assert.ok(answers.length > 100, `${answers.length} pushes`);
  });
});
