import { storedAttempts } from './stored-attempts.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgres, type PostgresOptions } from '../../src/database/postgres/open.ts';
import type { DeliveryEngine } from '../../src/delivery/engine.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import type { Webhook } from '../../src/webhooks/webhook.ts';
import { freshPostgres } from './databases.ts';
import { TestWebhooks } from './deliveries.ts';
import { countStates, createTestEngine, happen, untilEnded } from './delivery-engine.ts';

const leaseMs = 1_000;

interface JoinOptions extends Partial<
  Pick<PostgresOptions, 'url' | 'poolMax' | 'lockTimeoutMs' | 'statementTimeoutMs'>
> {
  readonly hears?: boolean;
  /** By which it frees what the process before it held. */
  readonly name?: string;
  /** The database was restored from a backup. */
  readonly restored?: boolean;
}

export interface TestNode {
  readonly database: Database;
  readonly delivery: DeliveryEngine;
  happen(events: readonly Event[]): Promise<void>;
  /** Shards that it sends in. */
  held(): Promise<number>;
  /** Shards that it lost because it could not renew their leases. */
  losses(): Promise<number>;
  leave(): Promise<void>;
}

/**
 * Several nodes on one PostgreSQL, in this process, each with its own connections and client.
 * @param given a database with the schema, which stays the caller's.
 */
export async function createCluster(list: readonly Webhook[], given?: string) {
  const { url, remove } = given === undefined ? await freshPostgres() : { url: given, remove: async () => {} };
  const webhooks = new TestWebhooks(list);
  const ports = { clock: systemClock, timers: systemTimers };
  const looking = await openPostgres({ url, ...ports, poolMax: 2 });
  const nodes = new Set<TestNode>();
  const states = () => countStates(looking.read);
  const close = async () => {
    for (const node of nodes) await node.leave();
    await looking.close();
  };
  let closing: Promise<void> | undefined;
  return {
    url,
    webhooks,
    states,
    /** Attempts that were kept, of all deliveries. */
    async attempts(): Promise<number> {
      return (await storedAttempts(looking.read)).length;
    },
    async join({ hears = true, restored = false, name, ...options }: JoinOptions = {}): Promise<TestNode> {
      const database = await openPostgres({ url, ...ports, poolMax: 4, ...options });
      const left = () => nodes.delete(node);
      const node = createTestNode({ database: hears ? database : deafened(database), webhooks, restored, name, left });
      nodes.add(node);
      await node.delivery.start();
      return node;
    },
    ended: (count: number) => untilEnded(looking.read, count),
    close: () => (closing ??= close()),
    async [Symbol.asyncDispose]() {
      await (closing ??= close());
      await remove();
    },
  };
}

interface NodeParts {
  readonly database: Database;
  readonly webhooks: TestWebhooks;
  readonly restored: boolean;
  readonly name: string | undefined;
  readonly left: () => void;
}

function createTestNode({ database, webhooks, restored, name, left }: NodeParts): TestNode {
  const metrics = createMetrics();
  const delivery = createTestEngine({ database, webhooks, metrics, nodeName: name }, { leaseMs, restored });
  let leaving: Promise<void> | undefined;
  const valueOf = async (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await metrics.text())?.[1]);
  return {
    database,
    delivery,
    happen: (events) => happen(database, delivery.fanOut, events),
    held: () => valueOf('tocsin_shards_held'),
    losses: () => valueOf('tocsin_lease_losses_total'),
    leave: () =>
      (leaving ??= (async () => {
        left();
        await delivery.drain();
        await delivery.stop();
        await database.close();
      })()),
  };
}

/** As behind a transaction pooler. */
function deafened(database: Database): Database {
  const { shared, ...rest } = database;
  if (shared === undefined) throw new Error('nobody could be heard anyway');
  const listen = () => ({ say: () => Promise.resolve(), close: () => Promise.resolve() });
  return { ...rest, shared: { ...shared, listen } };
}
