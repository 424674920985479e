import { sql, type RawBuilder } from 'kysely';
import type { Transaction } from '../../database/database.ts';
import { shardsMax } from '../../database/shard.ts';
import { timelineUnchanged } from './failover-store.ts';
import type { ClaimContext, ShardLease } from './ownership.ts';

/*
 * Leases of shards, on PostgreSQL only. All instants are the database's, because the clocks of nodes may differ. Rows
 * are locked in the order of shards.
 */

const now = sql`(extract(epoch from clock_timestamp()) * 1000)::int8`;

/** A node that is silent for this long is forgotten; until then others expect it back. */
const forgottenMs = 3_600_000;

/** Inserts missing rows. Existing ones are not touched: a paused node may hold their locks. */
export async function prepareShards(tx: Transaction): Promise<void> {
  await sql`
    insert into shard_lease (shard, owner, fence, expires_at)
    select shard, '', 0, 0 from generate_series(0, ${shardsMax - 1}::int8) as shard
    where not exists (select 1 from shard_lease as present where present.shard = shard)
    on conflict (shard) do nothing`.execute(tx.query);
}

/** Frees the shards of a process that has certainly ended: one whose node id begins so. */
export async function freeShardsOf(tx: Transaction, formerly: string): Promise<void> {
  await sql`delete from node where starts_with(node_id, ${formerly})`.execute(tx.query);
  await sql`
    with former as materialized (
      select shard from shard_lease where starts_with(owner, ${formerly}) order by shard for update)
    update shard_lease set owner = '', expires_at = 0 where shard in (select shard from former)`.execute(tx.query);
}

/** Marks the node as alive and wanting its share. */
export async function announceNode(tx: Transaction, nodeId: string): Promise<void> {
  await sql`
    insert into node (node_id, started_at, heartbeat_at) values (${nodeId}, ${now}, ${now})
    on conflict (node_id) do update set heartbeat_at = excluded.heartbeat_at`.execute(tx.query);
  await sql`delete from node where heartbeat_at < ${now} - ${forgottenMs}::int8`.execute(tx.query);
}

/**
 * Renews the shards that the node still has, expired or not, as long as nobody took them. @returns them; the rest is
 * lost.
 */
export async function renewShards(
  tx: Transaction,
  nodeId: string,
  leases: readonly ShardLease[],
  leaseMs: number,
): Promise<ShardLease[]> {
  const result = await sql<ShardLease>`
    with mine as materialized (${locked(nodeId, leases)} for update)
    update shard_lease set expires_at = ${now} + ${leaseMs}::int8 where shard in (select shard from mine)
    returning shard, fence`.execute(tx.query);
  return result.rows;
}

export interface Leases {
  /** Nodes seen within a lease. */
  readonly nodes: readonly string[];
  /** Nodes that were seen, and have not left. */
  readonly expected: number;
  readonly free: readonly number[];
}

export async function readLeases(tx: Transaction, leaseMs: number): Promise<Leases> {
  const nodes = await sql<{ node_id: string; alive: boolean }>`
    select node_id, heartbeat_at >= ${now} - ${leaseMs}::int8 as alive from node`.execute(tx.query);
  const free = await sql<{ shard: number }>`
    select shard from shard_lease where expires_at <= ${now} order by shard`.execute(tx.query);
  return {
    nodes: nodes.rows.flatMap((row) => (row.alive ? [row.node_id] : [])),
    expected: nodes.rows.length,
    free: free.rows.map((row) => row.shard),
  };
}

/**
 * Takes free shards, each under a new fence. Skips locked ones: the lock may belong to the claim of a paused owner,
 * which must end before its deliveries are read.
 */
export async function takeShards(
  tx: Transaction,
  nodeId: string,
  shards: readonly number[],
  leaseMs: number,
): Promise<ShardLease[]> {
  if (shards.length === 0) return [];
  const result = await sql<ShardLease>`
    with free as materialized (
      select shard from shard_lease where shard = any(${shards}::int8[]) and expires_at <= ${now}
      order by shard for update skip locked)
    update shard_lease set owner = ${nodeId}, fence = fence + 1, expires_at = ${now} + ${leaseMs}::int8
    where shard in (select shard from free)
    returning shard, fence`.execute(tx.query);
  return result.rows;
}

/** Releases shards. No attempt may be in flight in them. */
export async function releaseShards(tx: Transaction, nodeId: string, leases: readonly ShardLease[]): Promise<void> {
  await sql`
    with mine as materialized (${locked(nodeId, leases)} for update)
    update shard_lease set owner = '', expires_at = 0 where shard in (select shard from mine)`.execute(tx.query);
}

/** The node takes no more shards; others share its part. */
export async function removeNode(tx: Transaction, nodeId: string): Promise<void> {
  await sql`delete from node where node_id = ${nodeId}`.execute(tx.query);
}

/**
 * A condition on `delivery`: the claimer holds its shard, on the server that gave the lease. It blocks a takeover of
 * the lease until the transaction ends, so that the next owner sees all claims under it.
 * @param locking what to do about a lease that is locked, where it must not be waited for.
 */
export function heldBy(lease: ClaimContext['lease'], locking = sql``): RawBuilder<boolean> {
  if (lease === undefined) return sql<boolean>`1 = 1`;
  const timeline = lease.timeline === undefined ? sql`` : sql`and ${timelineUnchanged(lease.timeline)}`;
  return sql<boolean>`delivery.shard in (
    select shard from (${locked(lease.nodeId, lease.leases, sql`and expires_at > ${now}`)} for share ${locking}) as held) ${timeline}`;
}

function locked(nodeId: string, leases: readonly ShardLease[], further = sql``): RawBuilder<unknown> {
  return sql`
    select shard_lease.shard from shard_lease
    join unnest(${leases.map(({ shard }) => shard)}::int8[], ${leases.map(({ fence }) => fence)}::int8[])
      as held_lease (shard, fence) on held_lease.shard = shard_lease.shard and held_lease.fence = shard_lease.fence
    where shard_lease.owner = ${nodeId} ${further}
    order by shard_lease.shard`;
}
