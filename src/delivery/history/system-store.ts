import type { Database } from '../../database/database.ts';
import { isOpen } from '../store/delivery-state-store.ts';

export interface NodeFacts {
  readonly nodeId: string;
  /** Both by the database's clock, Unix milliseconds. */
  readonly startedAt: number;
  readonly heartbeatAt: number;
  readonly shards: number;
}

export interface SystemFacts {
  readonly bytes: number;
  /** Empty where one node owns the database. */
  readonly nodes: readonly NodeFacts[];
  /** Exact below {@link waitingMax}. */
  readonly waiting: number;
}

/** Waiting deliveries that are counted. */
const waitingMax = 10_000;

/** The size of the database, its nodes, and how much waits. */
export async function readSystem({ read, longRead, dialect }: Database): Promise<SystemFacts> {
  // Not by `longRead`, which has a search index beside the database.
  const size = await read.selectNoFrom(dialect.bytes.as('bytes')).executeTakeFirst();
  const nodes = await longRead.selectFrom('node').selectAll().orderBy('started_at').orderBy('node_id').execute();
  const leases = await longRead
    .selectFrom('shard_lease')
    .select(['owner', ({ fn }) => fn.countAll<number>().as('shards')])
    .groupBy('owner')
    .execute();
  const some = longRead.selectFrom('delivery').select('delivery_id').where(isOpen()).limit(waitingMax);
  const waiting = await longRead
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return {
    bytes: size?.bytes ?? 0,
    nodes: nodes.map((row) => ({
      nodeId: row.node_id,
      startedAt: row.started_at,
      heartbeatAt: row.heartbeat_at,
      shards: leases.find(({ owner }) => owner === row.node_id)?.shards ?? 0,
    })),
    waiting: waiting?.count ?? 0,
  };
}
