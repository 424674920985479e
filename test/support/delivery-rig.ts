import assert from 'node:assert/strict';
import { type Database } from '../../src/database/database.ts';
import { createDeliveryMetrics } from '../../src/delivery/delivery-metrics.ts';
import type { DeliveryState } from '../../src/delivery/delivery.ts';
import { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { createFanOut } from '../../src/delivery/fan-out.ts';
import { soleOwner } from '../../src/delivery/owner.ts';
import { createRequestBuilder } from '../../src/delivery/request.ts';
import { createSender } from '../../src/delivery/sender.ts';
import { appendEvents } from '../../src/events/event-store.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { systemRandom, type Random } from '../../src/runtime/random.ts';
import { systemTimers, type Timers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { TestWebhooks, testWebhook } from './deliveries.ts';
import type { ScriptedReceiver } from './scripted-receiver.ts';

export const later = (ms: number, work: () => void) => void systemTimers.after(ms, work);

/** Timers that never fire: what still happens was woken by what happened before. */
export const soonOnly: Timers = { after: () => () => {}, soon: systemTimers.soon };

interface RigOptions {
  readonly started?: boolean;
  /** The dispatcher's; the sender always has real ones. */
  readonly timers?: Timers;
  readonly random?: Random;
  /** Sees the result of each of the dispatcher's transactions. */
  readonly flaky?: (result: Promise<unknown>) => Promise<void>;
}

/** The dispatcher with the real store and the real sender. */
export async function createRig(open: () => Promise<Database>, list: readonly Webhook[], options: RigOptions = {}) {
  const database = await open();
  const webhooks = new TestWebhooks(list);
  const metrics = createMetrics();
  const base = { clock: systemClock, at: noCrashPoints, webhooks, logger: silentLogger };
  const sender = createSender({
    ...base,
    timers: systemTimers,
    resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
    guard: { refusesAddress: () => undefined, refusesName: () => undefined },
    bind: [],
  });
  const { flaky } = options;
  const dispatcher = new Dispatcher({
    ...base,
    database: flaky === undefined ? database : withFlaky(database, flaky),
    timers: options.timers ?? systemTimers,
    random: options.random ?? systemRandom,
    build: createRequestBuilder('test'),
    sender,
    metrics: createDeliveryMetrics(metrics),
    owner: soleOwner,
  });
  const fanOut = createFanOut({ ...base, ids: systemIds(systemClock, systemRandom), hints: dispatcher });
  if (options.started !== false) await dispatcher.start();

  const states = async () => {
    const rows = await database.read
      .selectFrom('delivery')
      .select(['state', ({ fn }) => fn.countAll().as('count')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map((row) => [row.state as DeliveryState, Number(row.count)]));
  };
  return {
    database,
    webhooks,
    metrics,
    dispatcher,
    states,
    happen: (events: readonly Event[]) =>
      database.transaction(async (tx) => {
        await appendEvents(tx, events);
        await fanOut.owe(tx, events);
      }),
    /** Resolves when so many deliveries have ended; rejects when for long none has. */
    async ended(count: number): Promise<void> {
      let [most, since] = [0, systemClock.monotonic()];
      for (;;) {
        const { pending = 0, sending = 0, retry_wait: waiting = 0, ...ended } = await states();
        const sum = Object.values(ended).reduce((total, part) => total + part, 0);
        if (sum >= count) return;
        assert.ok(pending + sending + waiting > 0, 'nothing is left to wait for');
        if (sum > most) [most, since] = [sum, systemClock.monotonic()];
        assert.ok(systemClock.monotonic() - since < 10_000, `only ${sum} of ${count} have ended`);
        await quiet(10);
      }
    },
    /** Resolves when so many attempts have been written. */
    async settled(count: number): Promise<void> {
      for (;;) {
        const attempts = await database.read.selectFrom('attempt').select('attempt').execute();
        if (attempts.length >= count) return;
        await quiet(2);
      }
    },
    async [Symbol.asyncDispose]() {
      const stopped = dispatcher.stop();
      // Ends what hangs, so that it can be settled.
      sender.close();
      await stopped;
      await database.close();
    },
  };
}

function withFlaky(database: Database, flaky: (result: Promise<unknown>) => Promise<void>): Database {
  return {
    ...database,
    async transaction(work) {
      const result = database.transaction(work);
      await flaky(result);
      return result;
    },
  };
}

/** A webhook that points at the receiver. */
export function to(receiver: ScriptedReceiver, change: Partial<Webhook> = {}): Webhook {
  return testWebhook({ endpoint: `http://127.0.0.1:${receiver.port}/hook`, ...change });
}

export function pushOf({ body }: { readonly body: string }): { lane: string; sequence: number } {
  const push = JSON.parse(body) as { incident: { incident_id: string }; sequence: number };
  return { lane: push.incident.incident_id, sequence: push.sequence };
}

/** Time for what must not happen to happen anyway. */
export function quiet(ms = 60): Promise<void> {
  return new Promise((resolve) => later(ms, resolve));
}
