import { storedAttempts } from './stored-attempts.ts';
import type { Database } from '../../src/database/database.ts';
import { createHttpClient, type HttpClient } from '../../src/egress/http-client.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { systemRandom, type Random } from '../../src/runtime/random.ts';
import { systemTimers, type Timers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { TestWebhooks, testWebhook } from './deliveries.ts';
import { countStates, createTestEngine, forOneNode, happen, untilEnded } from './delivery-engine.ts';
import type { ScriptedReceiver } from './scripted-receiver.ts';

export const later = (ms: number, work: () => void) => void systemTimers.after(ms, work);

/** Timers that never fire: what still happens was woken by what happened before. */
export const soonOnly: Timers = { after: () => () => {}, soon: systemTimers.soon };

interface HarnessOptions {
  readonly started?: boolean;
  /** The engine's; its HTTP client always has real ones. */
  readonly timers?: Timers;
  readonly random?: Random;
  /** More deliveries of one transaction are read from the database. */
  readonly handedOnMax?: number;
  /** Stands between the engine and the network. */
  readonly network?: (http: HttpClient) => HttpClient;
  /** Sees the result of each of the engine's transactions. */
  readonly flaky?: (result: Promise<unknown>) => Promise<void>;
}

/** One node's engine with the real store and the real network. */
export async function createDispatcherHarness(
  open: () => Promise<Database>,
  list: readonly Webhook[],
  options: HarnessOptions = {},
) {
  const database = await open();
  const webhooks = new TestWebhooks(list);
  const metrics = createMetrics();
  const http = createHttpClient({
    clock: systemClock,
    timers: systemTimers,
    at: noCrashPoints,
    resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
    guard: { refusesAddress: () => undefined, refusesName: () => undefined },
    bind: [],
  });
  const { flaky } = options;
  const engine = createTestEngine({
    database: forOneNode(flaky === undefined ? database : withFlaky(database, flaky)),
    webhooks,
    metrics,
    timers: options.timers ?? systemTimers,
    random: options.random ?? systemRandom,
    http: options.network?.(http) ?? http,
    ...(options.handedOnMax === undefined ? {} : { handedOnMax: options.handedOnMax }),
  });
  if (options.started !== false) await engine.start();

  const states = () => countStates(database.read);
  return {
    database,
    webhooks,
    metrics,
    engine,
    states,
    happen: (events: readonly Event[]) => happen(database, engine.fanOut, events),
    ended: (count: number) => untilEnded(database.read, count),
    /** Resolves when so many attempts have been written. */
    async settled(count: number): Promise<void> {
      for (;;) {
        if ((await storedAttempts(database.read)).length >= count) return;
        await quiet(2);
      }
    },
    async [Symbol.asyncDispose]() {
      await engine.stop();
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
