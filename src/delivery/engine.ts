import type { Database } from '../database/database.ts';
import type { FanOut } from '../events/event.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CrashPoints } from '../runtime/crash-points.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Timers } from '../runtime/timers.ts';
import type { ActionCaller } from '../webhooks/action-caller.ts';
import type { Trial } from '../webhooks/trial.ts';
import type { DeliveriesOf } from '../webhooks/webhooks.ts';
import { createActionCaller } from './action-caller.ts';
import { createAddressGuard, type AddressGuard } from './address-guard.ts';
import { createDeliveryMetrics } from './delivery-metrics.ts';
import { createFanOut } from './fan-out.ts';
import { createNode, leaseMsDefault } from './node.ts';
import type { WebhookSource } from './pipeline.ts';
import { settleRestored } from './restored.ts';
import { createRequestBuilder } from './request.ts';
import { systemResolver } from './resolver.ts';
import { Retention } from './retention.ts';
import { createResend, type Resend } from './resend.ts';
import { createSender, type Sender } from './sender.ts';
import { createTrial } from './trial.ts';
import { parseEgressProxy } from './tunnel.ts';
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
  readonly sender?: Sender;
}

export interface DeliverySettings {
  readonly allow: readonly string[];
  readonly bind: readonly string[];
  /** `http://host:port`; '' = none. */
  readonly proxy: string;
  readonly historyDays: number;
  /** Where several nodes share a database: after how long the shards of one that has gone are taken over. */
  readonly leaseMs?: number;
  /** The database was restored from a backup: what waits in it may have been sent since. */
  readonly restored?: boolean;
}

/** What is owed to webhooks, from the transaction that owes it to the history that it becomes. */
export interface DeliveryEngine extends Resend {
  readonly fanOut: FanOut;
  readonly deliveries: DeliveriesOf;
  readonly trial: Trial;
  readonly actions: ActionCaller;
  readonly refusesName: AddressGuard['refusesName'];
  /** Settles what a dead process left behind, then begins to send. */
  start(): Promise<void>;
  /** Begins nothing more, and resolves when what is in flight has its result written. */
  drain(): Promise<void>;
  /** Cuts off what is still in flight, and resolves when its result is written. */
  stop(): Promise<void>;
}

/** Puts the engine together. @throws Failure that names every wrong entry of the egress settings. */
export function createDelivery(parts: DeliveryParts, settings: DeliverySettings): DeliveryEngine {
  const { database, clock, timers, at } = parts;
  const guard = createAddressGuard({ allow: settings.allow });
  const proxy = parseEgressProxy(settings.proxy);
  const sender =
    parts.sender ??
    createSender({ clock, timers, at, resolver: systemResolver(clock), guard, bind: settings.bind, proxy });
  const build = createRequestBuilder(parts.version);
  const metrics = createDeliveryMetrics(parts.metrics);
  const node = createNode({
    ...parts,
    build,
    sender,
    metrics,
    leaseMetrics: parts.metrics,
    leaseMs: settings.leaseMs ?? leaseMsDefault,
  });
  const { hints } = node;
  const retention = new Retention({ ...parts, historyDays: settings.historyDays });
  const drain = async () => {
    await retention.stop();
    await node.drain();
  };
  return {
    fanOut: createFanOut({ ...parts, hints }),
    deliveries: webhookDeliveries({ database, clock, dispatcher: hints }),
    ...createResend({ ...parts, hints }),
    trial: createTrial({ build, sender, clock, ids: parts.ids }),
    actions: createActionCaller({ ...parts, build, sender }),
    refusesName: guard.refusesName.bind(guard),
    async start() {
      if (settings.restored === true) await settleRestored(parts);
      await node.start();
      retention.start();
    },
    drain,
    async stop() {
      // What has not ended by now is cut off, and has its result like anything else.
      const drained = drain();
      sender.close();
      await drained;
      await node.stop();
    },
  };
}
