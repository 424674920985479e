import type { Database } from '../database/database.ts';
import type { FanOut } from '../events/event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Timers } from '../runtime/timers.ts';
import type { ActionCaller, TestPush } from '../webhooks/ports.ts';
import type { DeliveriesOf } from '../webhooks/webhook-service.ts';
import { madeAs, type DeliveryChange } from './attempt/result-writer.ts';
import { createActionCaller } from './attempt/custom-action-call.ts';
import { createAddressGuard, type AddressGuard } from '../egress/address-guard.ts';
import { createDeliveryMetrics, type DeliveryMetrics } from './metrics.ts';
import { createFanOut } from './fan-out.ts';
import { createNode, leaseMsDefault } from './cluster/node.ts';
import type { WebhookSource } from '../webhooks/webhook-index.ts';
import type { HandOff } from './store/hand-off.ts';
import { isBehind, settleRestored } from './maintenance/restore-recovery.ts';
import { createRequestBuilder, type RequestBuilder } from './attempt/push-request.ts';
import { createEgress } from '../egress/egress.ts';
import { OpenDeliveries } from './history/open-deliveries.ts';
import { WebhookHealthReader } from './history/webhook-health.ts';
import { HistoryPruner } from './history/history-pruner.ts';
import { createResend, type Resend } from './history/resend.ts';
import type { HttpClient } from '../egress/http-client.ts';
import { createTestPush } from './attempt/test-push.ts';
import type { QueueLimits } from './queue/memory-budget.ts';
import { readPage } from '../egress/read-page.ts';
import { parseEgressProxy } from '../egress/proxy-tunnel.ts';
import { webhookDeliveries } from './webhook-deliveries.ts';

export interface DeliveryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly random: Random;
  readonly webhooks: WebhookSource;
  readonly at: CrashPoints;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly version: string;
  /** See `delivery/node.ts`. */
  readonly nodeName?: string | undefined;
  /** In place of the network, where a whole engine runs in a simulation. */
  readonly http?: HttpClient;
  /** In place of the usual ones, where a simulation shows what a large backlog does with a small one. */
  readonly queueLimits?: QueueLimits;
  /** The same for the deliveries of one transaction that are handed on in memory. */
  readonly handedOnMax?: number;
  /** Called for each delivery whose state has changed on this node. */
  readonly changed?: (change: DeliveryChange) => void;
}

export interface DeliverySettings {
  readonly allow: readonly string[];
  readonly bind: readonly string[];
  /** `http://host:port`; '' = none. */
  readonly proxy: string;
  /** Threads that make the requests; 0 = the event loop does. */
  readonly egressThreads?: number;
  /** The crash points of a test, for its threads. */
  readonly crashPlan?: string;
  readonly historyDays: number;
  /** Where several nodes share a database: after how long the shards of one that has gone are taken over. */
  readonly leaseMs?: number;
  /** The database was restored from a backup: its pending deliveries may have been sent since. */
  readonly restored?: boolean;
}

/** Deliveries, from the transaction that makes them to their history. */
export interface DeliveryEngine extends Resend {
  readonly fanOut: FanOut;
  readonly deliveries: DeliveriesOf;
  readonly trial: TestPush;
  /** Builds requests as they are sent, to show them. */
  readonly build: RequestBuilder;
  /** Takes deliveries that others have made and committed. */
  readonly handOff: HandOff;
  readonly actions: ActionCaller;
  readonly health: WebhookHealthReader;
  readonly refusesName: AddressGuard['refusesName'];
  /** Reads a page of another server, through the same guard as every push. */
  readPage(url: string): Promise<{ readonly status: number; readonly body: string }>;
  /** What earlier processes left: attempts in flight, and deliveries that a restore ended. */
  recovered(): ReturnType<DeliveryMetrics['recovered']>;
  inFlight(): number;
  /** Deliveries that have not ended; `undefined` while the database is away. */
  waiting(): Promise<number | undefined>;
  /** Settles what a dead process left behind, then begins to send. */
  start(): Promise<void>;
  /** Begins nothing more, and resolves when what is in flight has its result written. */
  drain(): Promise<void>;
  /** Cuts off what is still in flight, and resolves when its result is written. */
  stop(): Promise<void>;
}

/** Puts the engine together. @throws Failure that names every wrong entry of the egress settings. */
export function createDelivery(parts: DeliveryParts, settings: DeliverySettings): DeliveryEngine {
  const { database, clock, timers } = parts;
  const guard = createAddressGuard({ allow: settings.allow });
  const egress = { allow: settings.allow, bind: settings.bind, proxy: parseEgressProxy(settings.proxy) };
  const { egressThreads: count = 0, crashPlan = '' } = settings;
  const http = parts.http ?? createEgress({ ...parts, guard, settings: egress, count, crashPlan });
  const build = createRequestBuilder(parts.version);
  const metrics = createDeliveryMetrics(parts.metrics);
  const node = createNode({
    ...parts,
    build,
    http,
    metrics,
    leaseMetrics: parts.metrics,
    leaseMs: settings.leaseMs ?? leaseMsDefault,
  });
  const open = new OpenDeliveries({ ...parts, shown: metrics.shown, breakerOf: node.breakerOf });
  metrics.watchOpen(open);
  const { handOff } = node;
  const announced: HandOff = {
    enqueue(deliveries) {
      handOff.enqueue(deliveries);
      for (const one of deliveries) parts.changed?.(madeAs('pending', one));
    },
    resume: (webhookId, anew) => handOff.resume(webhookId, anew),
  };
  const retention = new HistoryPruner({ ...parts, historyDays: settings.historyDays });
  const drain = async () => {
    await retention.stop();
    await node.drain();
  };
  return {
    fanOut: createFanOut({ ...parts, handOff: announced, births: node.births }),
    deliveries: webhookDeliveries({ database, clock, dispatcher: handOff, metrics }),
    ...createResend({ ...parts, handOff: announced }),
    build,
    handOff: announced,
    trial: createTestPush({ build, http, clock, ids: parts.ids }),
    actions: createActionCaller({ ...parts, build, http }),
    health: new WebhookHealthReader({ database, clock, timers, breakerOf: node.breakerOf }),
    refusesName: guard.refusesName.bind(guard),
    recovered: () => metrics.recovered(),
    inFlight: () => node.inFlight(),
    waiting: () => open.count(),
    readPage: (url) => readPage(http, url, parts.version),
    async start() {
      const restored = isBehind(database, parts.logger) || settings.restored === true;
      if (restored) await settleRestored({ ...parts, metrics });
      http.start?.();
      await node.start();
      database.lossSettled?.();
      retention.start();
    },
    drain,
    async stop() {
      // Attempts that have not ended by now are cut off, and get a result like any other.
      const drained = drain();
      http.close();
      await drained;
      await node.stop();
    },
  };
}
