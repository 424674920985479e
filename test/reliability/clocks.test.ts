import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { startReceiver, verifySignature, type Received } from '../counterparts/receiver.ts';
import { hasPostgres } from '../support/databases.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { pushOf, startTestApp, type Hook } from '../support/test-app.ts';
import { startService, type Service } from '../support/service.ts';
import { until } from '../support/until.ts';

const needsFaketime = skipWithout(missingCommand('faketime', 'faketime'));
const needsBoth = needsFaketime.skip === false && !hasPostgres ? { skip: 'needs PostgreSQL' } : needsFaketime;
const modes = ['at_most_once', 'at_least_once'] as const;
const dayMs = 86_400_000;
/** So long an alert takes further reports: else one of three days later is another alert's. */
const longAlerts = { TOCSIN_EVENT_HOURS: '1000' };
/** What a push waits at most: more than any clock below is ahead, or it would expire. */
const retry = { max_age_seconds: 14 * 86_400 };

test(
  'a clock that jumps three days ahead and an hour back: event_time rises, and all goes out in order',
  needsFaketime,
  async (t) => {
    const folder = await temporaryFolder('clocks');
    t.after(() => folder.remove());
    const clock = fakeClock(folder.path);
    const scene = await startTestApp({ env: { ...clock.env, ...longAlerts } });
    t.after(() => scene.stop());
    const place = await scene.place();
    const hooks: Hook[] = [];
    for (const delivery_mode of modes) hooks.push(await place.hook('alert', { delivery_mode, retry }));
    const change = async (number: number) => {
      await place.report({ title: 'disk', alert_key: 'disk', description: `change ${number}` });
      for (const hook of hooks) await hook.pushes(number);
    };
    await change(1);
    clock.set('+3d');
    await change(2);
    clock.set('-1h');
    await change(3);
    await scene.service.stop();
    await scene.service.restart();
    await change(4);

    for (const hook of hooks) {
      const pushes = hook.received();
      assertOneLane(pushes);
      const [first = 0, ahead = 0, third = 0, fourth = 0] = pushes.map((push) => pushOf(push).event_time);
      assert.ok(ahead - first >= 3 * dayMs);
      assert.deepEqual([third, fourth], [ahead + 1, ahead + 2], 'set back, it goes on from the last');
      // A receiver whose clock is right sees that the sender's is not.
      const verdicts = pushes.map((push) => isSigned(push, hook.secret));
      assert.deepEqual(verdicts, [true, false, false, false]);
    }
  },
);

test(
  'two nodes, one three days ahead and one an hour behind: each lane is in order, and leases stay where they are',
  needsBoth,
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const folder = await temporaryFolder('skew');
    stack.defer(() => folder.remove());
    const database = stack.use(await emptyPostgres('skew'));
    const receiver = await startReceiver();
    stack.defer(() => receiver.stop());
    const secret = randomBytes(32).toString('base64');
    const shared = { TOCSIN_SECRET_KEY: secret, TOCSIN_LEASE_SECONDS: '2', ...longAlerts };
    const nodes: Service[] = [];
    for (const shift of ['+3d', '-1h']) {
      const own = join(folder.path, shift);
      const node = await startService({
        folder: own,
        database: 'postgres',
        databaseUrl: database.url,
        env: { ...shared, ...fakeClock(folder.path, shift).env },
      });
      stack.defer(() => node.stop());
      nodes.push(node);
    }
    const [ahead, behind] = nodes;
    assert.ok(ahead !== undefined && behind !== undefined);
    const { channel_id } = await ahead.api('/channel/create', { channel_name: 'skew' });
    const source = await ahead.api('/integration/create', { name: 'skew', type: 'standard', channel_id });
    for (const delivery_mode of modes) {
      const endpoint = `${receiver.url}/${delivery_mode}`;
      await ahead.api('/webhook/create', { type: 'alert', name: delivery_mode, endpoint, delivery_mode, retry });
    }
    const areHeld = async () => (await shardsOf(ahead)) === 32 && (await shardsOf(behind)) === 32;
    await until(areHeld);
    const alerts = Array.from({ length: 6 }, (_, index) => `alert ${index}`);
    const changes = 20;
    const begun = performance.now();
    for (let number = 1; number <= changes; number += 1) {
      const node: Service = number % 2 === 0 ? ahead : behind;
      const statuses = alerts.map(async (title) => {
        const report = { title, alert_key: title, event_status: 'Warning', description: `change ${number}` };
        return (await node.push('standard', String(source['integration_key']), report)).status;
      });
      assert.deepEqual(new Set(await Promise.all(statuses)), new Set([200]));
      await receiver.waitFor(number * alerts.length * modes.length);
    }
    t.diagnostic(`${changes} changes in ${Math.round(performance.now() - begun)} ms`);
    assert.ok(await areHeld(), 'by the clock of neither did a lease end');
    for (const mode of modes) {
      const own = receiver.received.filter(({ path }) => path === `/${mode}`);
      const lanes = Map.groupBy(own, (push) => String(pushOf(push).alert?.['alert_key']));
      assert.deepEqual([lanes.size, own.length], [alerts.length, alerts.length * changes]);
      for (const pushes of lanes.values()) assertOneLane(pushes);
    }
  },
);

interface FakeClock {
  /** For a process whose wall clock is to be this one; its monotonic clock stays as it is. */
  readonly env: Readonly<Record<string, string>>;
  /** Moves it, at once and in a process that runs. @param shift from the real time, as `+3d`. */
  set(shift: string): void;
}

function fakeClock(folder: string, shift = '+0'): FakeClock {
  const file = join(folder, `clock-${randomBytes(4).toString('hex')}`);
  const set = (to: string) => writeFileSync(file, to);
  set(shift);
  // Only the program knows where its library lies.
  const library = String(execFileSync('faketime', ['-f', '+0', 'sh', '-c', 'printf %s "$LD_PRELOAD"']));
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
  };
}

/** Each event once, sequence and event_time rising. */
function assertOneLane(pushes: readonly Received[]): void {
  const sequences = pushes.map(({ headers }) => Number(headers['tocsin-sequence']));
  assert.deepEqual(
    sequences,
    pushes.map((_, index) => index + 1),
  );
  const times = pushes.map((push) => pushOf(push).event_time);
  for (const [index, time] of times.slice(1).entries()) assert.ok(time > (times[index] ?? 0), times.join(' '));
  assert.equal(new Set(pushes.map((push) => pushOf(push).event_id)).size, pushes.length);
}

function isSigned(push: Received, secret: string): boolean {
  try {
    verifySignature(push, secret);
    return true;
  } catch {
    return false;
  }
}

async function shardsOf(node: Service): Promise<number> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(/^tocsin_shards_held (\d+)/m.exec(text)?.[1]);
}
