import type { SharedDatabase } from '../../database/database.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Births } from '../attempt/birth-claims.ts';
import { Dispatcher, type DispatcherParts } from '../dispatcher.ts';
import { type HandOff } from '../store/hand-off.ts';
import { ShardLeases } from './shard-leases.ts';
import { settleTimeline } from './failover.ts';
import { PeerNotifier } from './peer-notifier.ts';
import { soleOwner } from '../store/ownership.ts';
import { recover } from '../maintenance/crash-recovery.ts';
import { StuckClaimReaper } from '../maintenance/stuck-claim-reaper.ts';

/** How long a lease lasts unless the settings say otherwise. */
export const leaseMsDefault = 10_000;

export interface NodeParts extends Omit<DispatcherParts, 'owner'> {
  readonly ids: Ids;
  /** The node's name, where no other process can have it; see `database/node-folder.ts`. */
  readonly nodeName?: string | undefined;
  readonly leaseMetrics: Metrics;
  /** How long a lease lasts, where several nodes share the database. */
  readonly leaseMs: number;
}

/** This process's part of the deliveries: all of them, or those in the shards that it holds. */
export interface Node {
  /** Called with the deliveries committed here, and with webhooks that may send again. */
  readonly handOff: HandOff & Pick<Dispatcher, 'limit' | 'retryNow'>;
  /** Claims in the transactions of changes. */
  readonly births: Births;
  /** What this node knows of a webhook's receiver. */
  breakerOf: Dispatcher['breakerOf'];
  /** Deliveries that are claimed, and whose result is not written yet. */
  inFlight(): number;
  /** Settles the interrupted attempts in this node's part, then begins to send. */
  start(): Promise<void>;
  /** Begins nothing more, lets others take over, and resolves when what is in flight has its result written. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

export function createNode(parts: NodeParts): Node {
  const { shared } = parts.database;
  return shared === undefined ? createSoleNode(parts) : createSharingNode(parts, shared);
}

function createSoleNode(parts: NodeParts): Node {
  const dispatcher = new Dispatcher({ ...parts, owner: soleOwner });
  const reaper = new StuckClaimReaper({ ...parts, owner: soleOwner, isBusy: (shard) => dispatcher.isBusy(shard) });
  return {
    handOff: dispatcher,
    births: dispatcher.births,
    breakerOf: (webhookId) => dispatcher.breakerOf(webhookId),
    inFlight: () => dispatcher.inFlight,
    async start() {
      await recover(parts);
      await dispatcher.start();
      reaper.start();
    },
    async drain() {
      await reaper.stop();
      await dispatcher.stop();
    },
    stop: () => Promise.resolve(),
  };
}

function createSharingNode(parts: NodeParts, shared: SharedDatabase): Node {
  const formerly = parts.nodeName === undefined ? undefined : `${parts.nodeName}.`;
  const leases: ShardLeases = new ShardLeases(
    { ...parts, shared, metrics: parts.leaseMetrics, formerly, nodeId: `${formerly ?? ''}${parts.ids.object()}` },
    {
      settle: (timeline) => settleTimeline(parts, timeline),
      recover: (shards) => recover(parts, { shards }),
      shardsAcquired: () => dispatcher.shardsAcquired(),
      shardsLost: () => dispatcher.shardsLost(),
      isBusy: (shard) => dispatcher.isBusy(shard),
      released: () => notifier.leasesChanged(),
    },
  );
  const dispatcher = new Dispatcher({ ...parts, owner: leases });
  const notifier = new PeerNotifier({ ...parts, shared }, dispatcher, leases);
  const reaper = new StuckClaimReaper({ ...parts, owner: leases, isBusy: (shard) => dispatcher.isBusy(shard) });
  return {
    handOff: notifier,
    births: dispatcher.births,
    breakerOf: (webhookId) => dispatcher.breakerOf(webhookId),
    inFlight: () => dispatcher.inFlight,
    async start() {
      notifier.start();
      await leases.start();
      await dispatcher.start();
      // Others give up what is this node's share now.
      notifier.leasesChanged();
      reaper.start();
    },
    async drain() {
      await reaper.stop();
      await leases.leave();
      await dispatcher.stop();
    },
    async stop() {
      await leases.stop();
      await notifier.stop();
    },
  };
}
