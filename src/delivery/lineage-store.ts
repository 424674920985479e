import { sql, type RawBuilder } from 'kysely';
import type { Transaction } from '../database/database.ts';

/*
 * The lineage of a database says which server's history it lies in, on PostgreSQL only: the identifier that a server keeps
 * from when it was made, and its timeline, which is another one as soon as a standby is promoted or a backup is recovered.
 * On either, the last changes of the lineage before may be missing. The row with the known lineage comes along with what
 * is replicated or restored, so it is the old one there until all that may have been sent is settled.
 */

/** For the server that runs this very statement; null on a standby, which writes nothing. */
const present = sql<string | null>`case when pg_is_in_recovery() then null else
  (select system_identifier::text from pg_control_system()) || '/' ||
  substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`;

const databaseMs = sql`(extract(epoch from clock_timestamp()) * 1000)::int8`;
/** Claims of one delivery are fewer than milliseconds pass; this much is for a clock that was set back. */
const floorStep = 1_000_000;

export interface Lineage {
  /** '' = the server is a standby, which writes nothing. */
  readonly present: string;
  /** Deliveries up to this one may have been sent in the lineage before; absent = that is settled. */
  readonly until?: string;
  /** Claims get fences above this: one that was lost with a lineage before may have had the same fence else. */
  readonly fenceFloor: number;
}

/**
 * A condition: the lineage that was settled last is the server's, and the one that the asker looked at. Asked of the server
 * in the same statement as what rests on it.
 */
export function lineageStands({ fenceFloor }: Pick<Lineage, 'fenceFloor'>): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from lineage where fence_floor = ${fenceFloor}::int8 and known = ${present})`;
}

/** A claim with this fence was made after a lineage had been lost, and what was lost may have had its number. */
export function mayRepeatAttempt(fence: number): boolean {
  return fence > floorStep;
}

/** @throws whatever the server says where it does not tell its lineage to us. */
export async function readPresent(tx: Transaction): Promise<string> {
  const { rows } = await sql<{ present: string | null }>`select ${present} as present`.execute(tx.query);
  return rows[0]?.present ?? '';
}

export async function doesLineageStand(tx: Transaction, lineage: Lineage): Promise<boolean> {
  const { rows } = await sql<{ stands: boolean }>`select ${lineageStands(lineage)} as stands`.execute(tx.query);
  return rows[0]?.stands === true;
}

/**
 * Compares the server's lineage with the known one, and takes it for known when none is. Another one is marked as being
 * settled, once: nobody may claim until that is done, and no lease ends sooner than one that was given just before.
 */
export async function heedLineage(tx: Transaction, leaseMs: number): Promise<Lineage> {
  const now = await readPresent(tx);
  // A standby refuses the statements that follow.
  if (now === '') return { present: '', fenceFloor: 0 };
  const seen = await readRow(tx);
  if (seen?.known === now) return { present: now, fenceFloor: seen.fence_floor };
  await sql`
    insert into lineage (singleton, known, settling, settle_until, fence_floor) values (1, ${now}, '', '', 0)
    on conflict (singleton) do nothing`.execute(tx.query);
  let row = await readRow(tx, sql`for update`);
  if (row?.known === now) return { present: now, fenceFloor: row.fence_floor };
  if (row?.settling !== now) row = await beginSettling(tx, now, leaseMs);
  return { present: now, until: row?.settle_until ?? '', fenceFloor: row?.fence_floor ?? 0 };
}

/** Keeps the settling from being ended elsewhere until the transaction ends. */
export async function isSettling(tx: Transaction, lineage: string): Promise<boolean> {
  const row = await readRow(tx, sql`for share`);
  return row?.settling === lineage && (await readPresent(tx)) === lineage;
}

/** All is settled: shards may be taken, and deliveries claimed. */
export async function endSettling(tx: Transaction, lineage: string): Promise<void> {
  await sql`
    update lineage set known = settling, settling = '', settle_until = ''
    where settling = ${lineage} and settling = ${present}`.execute(tx.query);
}

interface Row {
  readonly known: string;
  readonly settling: string;
  readonly settle_until: string;
  readonly fence_floor: number;
}

async function readRow(tx: Transaction, lock: RawBuilder<unknown> = sql``): Promise<Row | undefined> {
  const { rows } = await sql<Row>`select known, settling, settle_until, fence_floor from lineage ${lock}`.execute(
    tx.query,
  );
  return rows[0];
}

/**
 * What is committed later, whatever its id, was not sent by anybody. Owners that the lost changes do not know of have
 * windows that end within a lease, so until then nobody but the known owner, who can renew, goes on in a shard.
 */
async function beginSettling(tx: Transaction, lineage: string, leaseMs: number): Promise<Row | undefined> {
  await sql`
    with lease as materialized (select shard from shard_lease order by shard for update)
    update shard_lease set expires_at = greatest(expires_at, ${databaseMs} + ${leaseMs}::int8)
    where shard in (select shard from lease)`.execute(tx.query);
  const { rows } = await sql<Row>`
    update lineage set settling = ${lineage}, fence_floor = greatest(fence_floor + ${floorStep}::int8, ${databaseMs}),
      settle_until = coalesce((select max(delivery_id) from delivery), '')
    returning known, settling, settle_until, fence_floor`.execute(tx.query);
  return rows[0];
}
