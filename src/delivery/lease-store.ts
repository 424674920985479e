import { sql, type RawBuilder } from 'kysely';
import type { Transaction } from '../database/database.ts';
import { shardsMax } from '../database/shard.ts';
import { lineageStands } from './lineage-store.ts';
import type { Holding, Tenure } from './owner.ts';

/*
 * Leases of shards, on PostgreSQL only: where one process has the database to itself there are none. All instants are the
 * database's, because nodes' clocks need not agree. Rows are always locked in the order of shards.
 */

const now = sql`(extract(epoch from clock_timestamp()) * 1000)::int8`;

/** A node that was not heard of for so long is forgotten; until then others expect it back. */
const forgottenMs = 3_600_000;

/** Makes the rows that are missing. Those that are there are not touched: who is renewing them may be paused. */
export async function prepareShards(tx: Transaction): Promise<void> {
  await sql`
    insert into shard_lease (shard, owner, fence, expires_at)
    select shard, '', 0, 0 from generate_series(0, ${shardsMax - 1}::int8) as shard
    where not exists (select 1 from shard_lease as present where present.shard = shard)
    on conflict (shard) do nothing`.execute(tx.query);
}

/** Frees what a process held that has ended for certain: one whose node id begins so. */
export async function freeShardsOf(tx: Transaction, formerly: string): Promise<void> {
  await sql`delete from node where starts_with(node_id, ${formerly})`.execute(tx.query);
  await sql`
    with former as materialized (
      select shard from shard_lease where starts_with(owner, ${formerly}) order by shard for update)
    update shard_lease set owner = '', expires_at = 0 where shard in (select shard from former)`.execute(tx.query);
}

/** Says that the node is alive, and wants its share. */
export async function announceNode(tx: Transaction, nodeId: string): Promise<void> {
  await sql`
    insert into node (node_id, started_at, heartbeat_at) values (${nodeId}, ${now}, ${now})
    on conflict (node_id) do update set heartbeat_at = excluded.heartbeat_at`.execute(tx.query);
  await sql`delete from node where heartbeat_at < ${now} - ${forgottenMs}::int8`.execute(tx.query);
}

/** Holds on to what the node still has, be it expired, as long as nobody took it. @returns that; the rest is lost. */
export async function renewShards(
  tx: Transaction,
  nodeId: string,
  tenures: readonly Tenure[],
  leaseMs: number,
): Promise<Tenure[]> {
  const result = await sql<Tenure>`
    with mine as materialized (${locked(nodeId, tenures)} for update)
    update shard_lease set expires_at = ${now} + ${leaseMs}::int8 where shard in (select shard from mine)
    returning shard, fence`.execute(tx.query);
  return result.rows;
}

export interface Leases {
  /** Nodes that were heard of within a lease. */
  readonly nodes: readonly string[];
  /** Nodes that were heard of, and have not said that they leave. */
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
 * Takes shards that nobody holds, each under a new fence. One that somebody has a lock on is left: that may be the claim
 * of an owner that was paused, and it must be over before its deliveries are looked at.
 */
export async function takeShards(
  tx: Transaction,
  nodeId: string,
  shards: readonly number[],
  leaseMs: number,
): Promise<Tenure[]> {
  if (shards.length === 0) return [];
  const result = await sql<Tenure>`
    with free as materialized (
      select shard from shard_lease where shard = any(${shards}::int8[]) and expires_at <= ${now}
      order by shard for update skip locked)
    update shard_lease set owner = ${nodeId}, fence = fence + 1, expires_at = ${now} + ${leaseMs}::int8
    where shard in (select shard from free)
    returning shard, fence`.execute(tx.query);
  return result.rows;
}

/** Gives shards up. Nothing may be in flight in them. */
export async function releaseShards(tx: Transaction, nodeId: string, tenures: readonly Tenure[]): Promise<void> {
  await sql`
    with mine as materialized (${locked(nodeId, tenures)} for update)
    update shard_lease set owner = '', expires_at = 0 where shard in (select shard from mine)`.execute(tx.query);
}

/** The node takes nothing more, so its share is the others'. */
export async function removeNode(tx: Transaction, nodeId: string): Promise<void> {
  await sql`delete from node where node_id = ${nodeId}`.execute(tx.query);
}

/**
 * A condition on `delivery`: that the claimer holds its shard, and that the server is the one that gave it. It keeps the
 * lease from being taken over until the transaction ends, so that whoever takes it over sees all that was claimed under it.
 */
export function heldBy(lease: Holding['lease']): RawBuilder<boolean> {
  if (lease === undefined) return sql<boolean>`1 = 1`;
  const lineage = lease.lineage === undefined ? sql`` : sql`and ${lineageStands(lease.lineage)}`;
  return sql<boolean>`delivery.shard in (
    select shard from (${locked(lease.nodeId, lease.tenures, sql`and expires_at > ${now}`)} for share) as held) ${lineage}`;
}

function locked(nodeId: string, tenures: readonly Tenure[], further = sql``): RawBuilder<unknown> {
  return sql`
    select shard_lease.shard from shard_lease
    join unnest(${tenures.map(({ shard }) => shard)}::int8[], ${tenures.map(({ fence }) => fence)}::int8[])
      as tenure (shard, fence) on tenure.shard = shard_lease.shard and tenure.fence = shard_lease.fence
    where shard_lease.owner = ${nodeId} ${further}
    order by shard_lease.shard`;
}
