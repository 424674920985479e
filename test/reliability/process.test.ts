import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasPostgres } from '../support/databases.ts';
import { startTestApp, type Hook, type Place, type TestApp } from '../support/test-app.ts';
import { until } from '../support/until.ts';

interface Death {
  readonly name: string;
  readonly of: (scene: TestApp) => Promise<void> | void;
  /** How it ended: by an exit code or a signal. */
  readonly code: number | 'signal';
}

const asked =
  (name: NodeJS.Signals) =>
  ({ service }: TestApp) =>
    signal(service.pid, name);

const deaths: readonly Death[] = [
  { name: 'throws where nobody catches', of: asked('SIGUSR2'), code: 1 },
  { name: 'rejects a promise that nobody waits for', of: asked('SIGHUP'), code: 1 },
  { name: 'runs out of memory', of: asked('SIGQUIT'), code: 'signal' },
  {
    name: 'gets SIGTERM twice',
    async of(scene) {
      signal(scene.service.pid, 'SIGTERM');
      const ready = () => scene.call('/readyz', {}, { method: 'GET', key: '' });
      await until(async () => (await ready()).status === 503);
      signal(scene.service.pid, 'SIGTERM');
    },
    code: 1,
  },
];

/** On PostgreSQL what is left behind is found by leases, whatever the death was. */
const plan = { sqlite: deaths, postgres: deaths.slice(0, 1) };

for (const database of ['sqlite', 'postgres'] as const) {
  const skip = database === 'sqlite' || hasPostgres ? false : 'needs PostgreSQL';
  describe(`a service on ${database} that ends with a request out and no answer yet`, { skip }, () => {
    let scene: TestApp;
    let place: Place;
    let once: Hook;
    let repeated: Hook;

    before(async () => {
      const options = ['--max-old-space-size=128', '--import', './test/support/programs/break-down.ts'];
      scene = await startTestApp({
        database,
        command: () => [process.execPath, ...options, 'dist/tocsin.js', 'serve'],
      });
      place = await scene.place();
      once = await place.hook('alert', { timeout_ms: 30_000 });
      repeated = await place.hook('alert', { timeout_ms: 30_000, delivery_mode: 'at_least_once' });
    });
    after(() => scene.stop());

    for (const [index, { name, of, code }] of plan[database].entries()) {
      test(`because it ${name}: at most once it is unknown, at least once it is sent again, and the next one follows`, async () => {
        const { service, receiver } = scene;
        for (const { path } of [once, repeated]) receiver.answer(path, 'hang');
        await place.report({ title: name, alert_key: name });
        // Each death before this one left two requests at the one, and three at the other.
        const [onceBefore, repeatedBefore] = [index * 2, index * 3];
        await Promise.all([once.pushes(onceBefore + 1), repeated.pushes(repeatedBefore + 1)]);
        await place.report({ title: name, alert_key: name, description: 'worse' });
        const ended = service.ended();
        await of(scene);
        const endedBy = await ended;
        assert.equal(endedBy === null ? service.exitCode : 'signal', code);
        for (const { path } of [once, repeated]) receiver.answer(path, { status: 200 });
        await service.restart();

        const records = (await once.history(index * 2 + 2)).slice(-2);
        assert.deepEqual(
          records.map(({ event_type, status, status_code }) => [event_type, status, status_code]),
          [
            ['a_new', 'failed', 0],
            ['a_update', 'success', 200],
          ],
        );
        assert.match(records[0]?.error_message ?? '', /may have/);
        assert.deepEqual(wire(once, onceBefore), ['1 attempt 1', '2 attempt 1']);

        const again = (await repeated.history(index * 2 + 2)).slice(-2);
        assert.deepEqual(
          again.map(({ event_type, status, attempt }) => [event_type, status, attempt]),
          [
            ['a_new', 'success', 2],
            ['a_update', 'success', 1],
          ],
        );
        assert.deepEqual(wire(repeated, repeatedBefore), ['1 attempt 1', '1 attempt 2', '2 attempt 1']);
        const ids = repeated.received().slice(repeatedBefore);
        assert.equal(ids[0]?.headers['webhook-id'], ids[1]?.headers['webhook-id']);
        assert.equal(ids[0]?.body, ids[1]?.body);
      });
    }
  });
}

/** The sequence and the attempt of each request from there on. */
function wire(hook: Hook, from: number): string[] {
  return hook
    .received()
    .slice(from)
    .map(({ headers }) => `${String(headers['tocsin-sequence'])} attempt ${String(headers['tocsin-attempt'])}`);
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(pid, name);
}
