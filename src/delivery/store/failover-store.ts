import { sql, type RawBuilder } from 'kysely';
import type { Transaction } from '../../database/database.ts';

/*
 * The timeline of a database, on PostgreSQL only: the server's identifier, fixed when it was made, and its timeline
 * number, which changes when a standby is promoted or a backup is recovered. After either, the last changes of the
 * earlier timeline may be missing. The row with the known timeline is replicated and restored with the rest, so it is
 * the old one until every delivery that may have been sent is ended.
 */

/** Of the server that runs the statement; null on a standby, which writes nothing. */
const present = sql<string | null>`case when pg_is_in_recovery() then null else
  (select system_identifier::text from pg_control_system()) || '/' ||
  substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`;

const databaseMs = sql`(extract(epoch from clock_timestamp()) * 1000)::int8`;
/** A delivery has fewer claims than milliseconds pass; this allows for a clock that was set back. */
const floorStep = 1_000_000;

export interface DatabaseTimeline {
  /** '' = the server is a standby, which writes nothing. */
  readonly present: string;
  /** Deliveries up to this one may have been sent in the earlier timeline; absent = they are ended. */
  readonly until?: string;
  /** Claims get fences above this, because a claim that was lost with an earlier timeline may have had the same one. */
  readonly fenceFloor: number;
}

/**
 * A condition: the known timeline is the server's, and the one that the node saw. Part of the statement that depends on
 * it.
 */
export function timelineUnchanged({ fenceFloor }: Pick<DatabaseTimeline, 'fenceFloor'>): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from database_timeline where fence_floor = ${fenceFloor}::int8 and known = ${present})`;
}

/** A claim with this fence was made after a failover, and a lost claim may have had its attempt number. */
export function mayRepeatAttempt(fence: number): boolean {
  return fence > floorStep;
}

/** @throws the server's error where it does not show its timeline. */
export async function readPresent(tx: Transaction): Promise<string> {
  const { rows } = await sql<{ present: string | null }>`select ${present} as present`.execute(tx.query);
  return rows[0]?.present ?? '';
}

export async function isTimelineUnchanged(tx: Transaction, timeline: DatabaseTimeline): Promise<boolean> {
  const { rows } = await sql<{ stands: boolean }>`select ${timelineUnchanged(timeline)} as stands`.execute(tx.query);
  return rows[0]?.stands === true;
}

/**
 * Compares the server's timeline with the known one, or makes it known when there is none. Another one is marked as
 * being settled, once: nobody may claim until that is done. Existing leases are extended by one lease period.
 */
export async function checkTimeline(tx: Transaction, leaseMs: number): Promise<DatabaseTimeline> {
  const now = await readPresent(tx);
  // A standby refuses the statements that follow.
  if (now === '') return { present: '', fenceFloor: 0 };
  const seen = await readRow(tx);
  if (seen?.known === now) return { present: now, fenceFloor: seen.fence_floor };
  await sql`
    insert into database_timeline (singleton, known, settling, settle_until, fence_floor) values (1, ${now}, '', '', 0)
    on conflict (singleton) do nothing`.execute(tx.query);
  let row = await readRow(tx, sql`for update`);
  if (row?.known === now) return { present: now, fenceFloor: row.fence_floor };
  if (row?.settling !== now) row = await beginSettling(tx, now, leaseMs);
  return { present: now, until: row?.settle_until ?? '', fenceFloor: row?.fence_floor ?? 0 };
}

/** Keeps other nodes from ending the settling until the transaction ends. */
export async function isSettling(tx: Transaction, timeline: string): Promise<boolean> {
  const row = await readRow(tx, sql`for share`);
  return row?.settling === timeline && (await readPresent(tx)) === timeline;
}

/** Ends the settling: shards may be taken, and deliveries claimed. */
export async function endSettling(tx: Transaction, timeline: string): Promise<void> {
  await sql`
    update database_timeline set known = settling, settling = '', settle_until = ''
    where settling = ${timeline} and settling = ${present}`.execute(tx.query);
}

interface Row {
  readonly known: string;
  readonly settling: string;
  readonly settle_until: string;
  readonly fence_floor: number;
}

async function readRow(tx: Transaction, lock: RawBuilder<unknown> = sql``): Promise<Row | undefined> {
  const { rows } =
    await sql<Row>`select known, settling, settle_until, fence_floor from database_timeline ${lock}`.execute(tx.query);
  return rows[0];
}

/**
 * Later deliveries were not sent by anybody. Owners whose takeover was lost have windows that end within a lease, so
 * until then only the known owner, who can renew, continues in a shard.
 */
async function beginSettling(tx: Transaction, timeline: string, leaseMs: number): Promise<Row | undefined> {
  await sql`
    with lease as materialized (select shard from shard_lease order by shard for update)
    update shard_lease set expires_at = greatest(expires_at, ${databaseMs} + ${leaseMs}::int8)
    where shard in (select shard from lease)`.execute(tx.query);
  const { rows } = await sql<Row>`
    update database_timeline set settling = ${timeline}, fence_floor = greatest(fence_floor + ${floorStep}::int8, ${databaseMs}),
      settle_until = coalesce((select max(delivery_id) from delivery), '')
    returning known, settling, settle_until, fence_floor`.execute(tx.query);
  return rows[0];
}
