import type { SharedDatabase } from '../database/database.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { Dispatcher, type Hints } from './dispatcher.ts';
import { Leases } from './leases.ts';
import { settleLineage } from './lineage.ts';
import { Neighbours } from './neighbours.ts';
import { soleOwner } from './owner.ts';
import type { PipelineParts } from './pipeline.ts';
import { recover } from './recovery.ts';
import { Strays } from './strays.ts';

/** How long a lease lasts unless the settings say otherwise. */
export const leaseMsDefault = 10_000;

export interface NodeParts extends Omit<PipelineParts, 'owner'> {
  readonly ids: Ids;
  /** The node's name, where no other process can have it; see `database/node-folder.ts`. */
  readonly nodeName?: string | undefined;
  readonly leaseMetrics: Metrics;
  /** How long a lease lasts, where several nodes share the database. */
  readonly leaseMs: number;
}

/** This process's part in sending what is owed: all of it, or the shards that it holds. */
export interface Node {
  /** Are told what was committed here, and which webhooks may send again. */
  readonly hints: Hints & { wake(webhookId: number): void };
  /** Settles what was left behind in what is this node's to do, then begins to send. */
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
  const strays = new Strays({ ...parts, owner: soleOwner, isBusy: (shard) => dispatcher.isBusy(shard) });
  return {
    hints: dispatcher,
    async start() {
      await recover(parts);
      await dispatcher.start();
      strays.start();
    },
    async drain() {
      await strays.stop();
      await dispatcher.stop();
    },
    stop: () => Promise.resolve(),
  };
}

function createSharingNode(parts: NodeParts, shared: SharedDatabase): Node {
  const formerly = parts.nodeName === undefined ? undefined : `${parts.nodeName}.`;
  const leases: Leases = new Leases(
    { ...parts, shared, metrics: parts.leaseMetrics, formerly, nodeId: `${formerly ?? ''}${parts.ids.object()}` },
    {
      settle: (lineage) => settleLineage(parts, lineage),
      recover: (shards) => recover(parts, { shards }),
      gained: () => dispatcher.gained(),
      lost: () => dispatcher.lost(),
      isBusy: (shard) => dispatcher.isBusy(shard),
      released: () => neighbours.leasesChanged(),
    },
  );
  const dispatcher = new Dispatcher({ ...parts, owner: leases });
  const neighbours = new Neighbours({ ...parts, shared }, dispatcher, leases);
  const strays = new Strays({ ...parts, owner: leases, isBusy: (shard) => dispatcher.isBusy(shard) });
  return {
    hints: neighbours,
    async start() {
      neighbours.start();
      await leases.start();
      await dispatcher.start();
      // Others give up what is this node's share now.
      neighbours.leasesChanged();
      strays.start();
    },
    async drain() {
      await strays.stop();
      await leases.leave();
      await dispatcher.stop();
    },
    async stop() {
      await leases.stop();
      await neighbours.stop();
    },
  };
}
