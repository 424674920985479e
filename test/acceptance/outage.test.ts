import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '../counterparts/program.ts';
import { around, startTestApp, type TestApp } from '../support/test-app.ts';
import { until } from '../support/until.ts';

const entities = 500;
const changesEach = 20;
/** Alerts in one push. */
const pushMax = 500;
const maxInFlight = 32;
/** While it is down: attempts that were in flight, and then a probe after one, two, four … seconds. */
const triesMax = maxInFlight + 8;
/** How long a receiver takes over an answer, so that requests at the same time can be seen. */
const answerMs = 4;
/** The history counts no further. */
const countedMax = 1_000;
/** For how long nothing may arrive once the receiver is back: longer than the pause before the next probe. */
const quietMaxMs = 60_000;

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`a receiver that was down, on ${database}`, () => {
    test(
      'with 10,000 changes of 500 entities queued, `latest` gets one push per entity and `every` all of them in order',
      { timeout: 300_000 },
      async (t) => {
        const rig = await startRig(t, database);
        const latest = await rig.hook('latest', { delivery_mode: 'at_least_once', order_policy: 'latest' });
        const every = await rig.hook('every', { delivery_mode: 'at_least_once', order_policy: 'every' });
        const once = await rig.hook('once', { delivery_mode: 'at_most_once', event_types: ['a_new'] });
        const hooks = [latest, every, once];
        // All have answered before, so that nothing below is explained by a receiver that was never there.
        await rig.report([0], 0);
        await Promise.all(hooks.map((hook) => hook.taken(1)));
        for (const hook of hooks) hook.begin('refusing');
        for (let change = 1; change <= changesEach; change += 1) {
          // Half the time it answers 503, then there is nobody to connect to.
          if (change === changesEach / 2) await rig.receiver.close();
          for (let from = 0; from < entities; from += pushMax) {
            await rig.report(
              Array.from({ length: pushMax }, (_, index) => from + index + 1),
              change,
            );
          }
        }
        for (const { pushes, refused } of hooks) {
          const tries = refused();
          assert.ok(tries >= 5 && tries <= triesMax, `it was tried ${tries} times while it was down`);
          assert.deepEqual(pushes, [], 'nothing was taken while it was down');
        }

        for (const hook of hooks) hook.begin('up');
        await rig.receiver.open();
        await Promise.all([latest.taken(entities), every.taken(entities * changesEach)]);
        await rig.settled(latest, { success: entities + 1, failed: countedMax });
        await rig.settled(every, { success: countedMax, failed: 0 });

        const last = String(changesEach);
        const seen = laneOf(latest.pushes);
        assert.equal(seen.size, entities);
        for (const [entity, pushes] of seen) {
          assert.deepEqual(
            pushes.map(({ sequence, description }) => [sequence, description]),
            [[last, `change ${last}`]],
            entity,
          );
        }
        const wanted = Array.from({ length: changesEach }, (_, index) => String(index + 1));
        const all = laneOf(every.pushes);
        assert.equal(all.size, entities);
        for (const [entity, pushes] of all) {
          assert.deepEqual(
            pushes.map(({ sequence }) => sequence),
            wanted,
            entity,
          );
        }
        // At most once, what was tried while it was down has failed, and nothing else.
        const failed = await rig.failedOf(once, entities + 1);
        assert.ok(failed >= 5 && failed <= triesMax, `${failed} failed`);
        assert.deepEqual([once.pushes.length, laneOf(once.pushes).size], [entities - failed, entities - failed]);
        for (const { pushes } of hooks) assertSlowStart(pushes);
      },
    );
  });
}

interface Push {
  readonly entity: string;
  readonly sequence: string;
  readonly description: string;
  /** When it came in: how many had been answered since the receiver was back, and how many were being answered. */
  readonly answered: number;
  readonly inFlight: number;
}

/** One probe, and after each answer no more than twice as many at the same time as before it. */
function assertSlowStart(pushes: readonly Push[]): void {
  for (const [index, { answered, inFlight }] of pushes.entries()) {
    const allowed = Math.min(maxInFlight, 2 ** answered);
    assert.ok(inFlight <= allowed, `push ${index + 1}: ${inFlight} in flight after ${answered} answers`);
  }
  assert.ok(
    pushes.some(({ inFlight }) => inFlight > maxInFlight / 2),
    'in the end it gets as many at the same time as it may',
  );
}

function laneOf(pushes: readonly Push[]): Map<string, Push[]> {
  return Map.groupBy(pushes, ({ entity }) => entity);
}

interface Hook {
  readonly id: number;
  /** Pushes answered with 200 since the last `begin`. */
  readonly pushes: readonly Push[];
  refused(): number;
  begin(phase: 'refusing' | 'up'): void;
  /** Resolves when so many were answered with 200 since the last `begin`. */
  taken(count: number): Promise<void>;
}

async function startRig(t: TestContext, database: 'sqlite' | 'postgres') {
  const scene = await startTestApp({ database, env: { TOCSIN_INGEST_RATE: '0' } });
  t.after(() => scene.stop());
  const receiver = await OutageReceiver.open();
  t.after(() => receiver.close());
  const { channel_id } = await scene.service.api('/channel/create', { channel_name: 'outage' });
  const source = await scene.service.api('/integration/create', { name: 'outage', type: 'prometheus', channel_id });
  return {
    receiver,
    async hook(name: string, settings: object): Promise<Hook> {
      const webhook = await scene.service.api('/webhook/create', {
        type: 'alert',
        name,
        endpoint: `${receiver.url}/${name}`,
        max_in_flight: maxInFlight,
        timeout_ms: 10_000,
        ...settings,
      });
      return receiver.hook(`/${name}`, Number(webhook['integration_id']));
    },
    /** One push of these alerts, each of which changes by it. */
    async report(numbers: readonly number[], change: number): Promise<void> {
      const severity = ['critical', 'warning', 'info'][change % 3];
      const alerts = numbers.map((number) => ({
        status: 'firing',
        fingerprint: `entity${number}`,
        labels: { alertname: `entity ${number}`, severity },
        annotations: { description: `change ${change}` },
      }));
      const answer = await scene.service.push('prometheus', String(source['integration_key']), { alerts });
      assert.equal(answer.status, 200, answer.body);
    },
    /** Results are written a moment after the answer; superseded deliveries count as failed there. */
    settled: (hook: Hook, wanted: Readonly<Record<'success' | 'failed', number>>) =>
      until(async () => isDeepStrictEqual(await countsOf(scene, hook), wanted)),
    /** How many have failed, when so many have ended. */
    async failedOf(hook: Hook, ended: number): Promise<number> {
      await until(async () => {
        const { success, failed } = await countsOf(scene, hook);
        return success + failed === ended;
      });
      return (await countsOf(scene, hook)).failed;
    },
  };
}

async function countsOf(scene: TestApp, hook: Hook): Promise<{ success: number; failed: number }> {
  return { success: await countOf(scene, hook, 'success'), failed: await countOf(scene, hook, 'failed') };
}

async function countOf(scene: TestApp, { id }: Hook, status: string): Promise<number> {
  const { total } = await scene.service.api('/webhook/history/list', {
    ...around(),
    integration_id: id,
    status,
    limit: 1,
  });
  return Number(total);
}

/** Up it takes pushes, refusing it answers 503, and closed there is nobody at its port. */
class OutageReceiver {
  readonly #hooks = new Map<string, (request: IncomingMessage, body: string, response: ServerResponse) => void>();
  #server: Server | undefined;
  #port = 0;

  static async open(): Promise<OutageReceiver> {
    const receiver = new OutageReceiver();
    receiver.#port = await freePort();
    await receiver.open();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#hooks.get(request.url ?? '')?.(request, String(Buffer.concat(chunks)), response));
      request.on('error', () => {});
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  hook(path: string, id: number): Hook {
    let phase: 'refusing' | 'up' = 'up';
    let refused = 0;
    let inFlight = 0;
    let answered = 0;
    const pushes: Push[] = [];
    let enough: (() => void) | undefined;
    let wanted = 0;
    // After the slow start answers wait until more than half of the most are there, so that a slow machine shows it too.
    let sawMany = false;
    let waiting: (() => void)[] = [];
    const answerSoon = (answer: () => void): void => {
      if (!sawMany && answered >= maxInFlight) waiting.push(answer);
      else setTimeout(answer, answerMs);
      if (inFlight <= maxInFlight / 2) return;
      sawMany = true;
      for (const one of waiting) setTimeout(one, answerMs);
      waiting = [];
    };
    this.#hooks.set(path, (request, body, response) => {
      if (phase === 'refusing') {
        refused += 1;
        response.writeHead(503).end();
        return;
      }
      inFlight += 1;
      const { alert } = JSON.parse(body) as { alert: { alert_key: string; description: string } };
      const sequence = String(request.headers['tocsin-sequence']);
      pushes.push({ entity: alert.alert_key, sequence, description: alert.description, answered, inFlight });
      answerSoon(() => {
        inFlight -= 1;
        answered += 1;
        response.writeHead(200).end();
        if (answered >= wanted) enough?.();
      });
    });
    return {
      id,
      pushes,
      refused: () => refused,
      begin(next) {
        phase = next;
        pushes.length = 0;
        answered = 0;
        sawMany = false;
        wanted = Number.POSITIVE_INFINITY;
      },
      async taken(count) {
        wanted = count;
        if (answered >= count) return;
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        enough = resolve;
        let seen = answered;
        const late = setInterval(() => {
          if (answered === seen) reject(new Error(`${path}: ${answered} of ${count} came`));
          seen = answered;
        }, quietMaxMs);
        await promise.finally(() => clearInterval(late));
      },
    };
  }
}
