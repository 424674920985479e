import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import pg from 'pg';
import { databaseFile } from '../../src/database/open.ts';
import { payloadText } from '../../src/events/stored-payload-store.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { LeaseChange, Move, Stored, StoredAttempt, StoredDelivery, StoredEntity, StoredEvent } from './stored.ts';

const waitMaxMs = 30_000;
const int8Oid = 20;

/** The database of a torture run, seen from beside the service. */
export interface DatabaseLog {
  /** Of the service's own database; absent for SQLite. */
  readonly url?: string;
  /** Lets the database write down each change of a delivery and of a lease from now on. The service must not run. */
  begin(): Promise<void>;
  /** How many deliveries have not ended, of webhooks other than these. */
  countOpen(except: readonly number[]): Promise<number>;
  read(): Promise<Stored>;
  /** Ends connections of the service. @param choose gets one fraction after the other. @returns how many. */
  endBackends(share: number, choose: () => number): Promise<number>;
}

export function sqliteLog(folder: string): DatabaseLog {
  const file = join(folder, databaseFile);
  const on = async <Result>(work: (rows: Rows) => Promise<Result>): Promise<Result> => {
    // While the service runs, it may be in the way for a moment.
    const database = new DatabaseSync(file, { timeout: waitMaxMs });
    try {
      return await work(async (text) => database.prepare(text).all());
    } finally {
      database.close();
    }
  };
  return {
    begin: () =>
      on(async (rows) => {
        for (const statement of sqliteLogs) await rows(statement);
      }),
    countOpen: (except) => on((rows) => countOpen(rows, except)),
    read: () => on((rows) => readStored(rows, { committedAt: '0', movedAt: 'at', leases: false })),
    endBackends: () => Promise.reject(new Error('SQLite has no backends')),
  };
}

/** @param server started with `track_commit_timestamp`. */
/** @param server started with `track_commit_timestamp`. */
export function postgresLog({ url }: PostgresServer): DatabaseLog {
  const on = async <Result>(work: (rows: Rows) => Promise<Result>): Promise<Result> => {
    const client = new pg.Client({ connectionString: url, types: { getTypeParser: typeParser } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(async (text) => (await client.query<Record<string, unknown>>(text)).rows);
    } finally {
      await client.end();
    }
  };
  return {
    url,
    begin: () => on(async (rows) => void (await rows(postgresLogs))),
    countOpen: (except) => on((rows) => countOpen(rows, except)),
    read: () =>
      on((rows) =>
        readStored(rows, { committedAt: commitTime('event.xmin'), movedAt: commitTime('xmin'), leases: true }),
      ),
    endBackends: (share, choose) =>
      on(async (rows) => {
        const found = await rows(`
          select pid from pg_stat_activity where application_name like 'tocsin%' and datname = current_database()
          order by pid`);
        const chosen = found.filter(() => choose() < share);
        const pids = (chosen.length > 0 ? chosen : found.slice(0, 1)).map((row) => Number(row['pid']));
        await rows(`select pg_terminate_backend(pid) from unnest('{${pids.join(', ')}}'::int4[]) as pid`);
        return pids.length;
      }),
  };
}

function commitTime(xmin: string): string {
  return `(extract(epoch from pg_xact_commit_timestamp(${xmin})) * 1000)::float8`;
}

/** Counts and instants come as numbers. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === int8Oid ? Number : pg.types.getTypeParser(oid, format ?? 'text');
}

type Rows = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** The same on both databases; only where the time of a commit stands differs. */
async function readStored(
  rows: Rows,
  names: { readonly committedAt: string; readonly movedAt: string; readonly leases: boolean },
): Promise<Stored> {
  const of = async <Kind>(text: string) => (await rows(text)) as unknown as readonly Kind[];
  const entities = (kind: StoredEntity['kind']) =>
    of<StoredEntity>(`
      select '${kind}' as "kind", ${kind}_id as "entityId", last_sequence as "sequence", last_event_time as "eventTime",
        title, description, progress
      from ${kind}`);
  const attempts = await of<Omit<StoredAttempt, 'maybeSent'> & { readonly maybeSent: number }>(`
    select delivery_id as "deliveryId", attempt, outcome, reason, maybe_sent as "maybeSent", status_code as "statusCode",
      started_at as "startedAt", duration_ms as "durationMs", error_message as "message"
    from attempt
    where not exists (
      select 1 from delivery as ended
      where ended.delivery_id = attempt.delivery_id and ended.attempt = attempt.attempt and ended.started_at > 0)
    union all
    select delivery_id, attempt, state, reason, maybe_sent, status_code, started_at, duration_ms, error_message
    from delivery where started_at > 0
    order by 1, 2`);
  return {
    events: await of<StoredEvent>(`
      select event_id as "eventId", entity_kind as "kind", entity_id as "entityId", sequence, event_type as "type",
        event_time as "eventTime", ${payloadText('event')} as "payload", ${names.committedAt} as "committedAt"
      from event order by entity_id, sequence`),
    entities: [...(await entities('alert')), ...(await entities('incident'))],
    deliveries: await of<StoredDelivery>(`
      select delivery_id as "deliveryId", webhook_id as "webhookId", event_id as "eventId", entity_id as "entityId",
        sequence, mode, state, attempt, fence, reason, status_code as "statusCode", shard,
        replay_id as "replayId"
      from delivery order by webhook_id, entity_id, sequence`),
    attempts: attempts.map((row) => ({ ...row, maybeSent: row.maybeSent === 1 })),
    moves: await of<Move>(`
      select delivery_id as "deliveryId", state, attempt, fence, reason, ${names.movedAt} as "at"
      from torture_move order by n`),
    leases: names.leases
      ? await of<LeaseChange>(`select shard, owner, fence, ${names.movedAt} as "at" from torture_lease order by n`)
      : [],
  };
}

async function countOpen(rows: Rows, except: readonly number[]): Promise<number> {
  const others = except.length === 0 ? '' : `and webhook_id not in (${except.join(', ')})`;
  const [row] = await rows(
    `select count(*) as count from delivery where state in ('pending', 'sending', 'retry_wait') ${others}`,
  );
  return Number(row?.['count']);
}

/**
 * The types that a waiting delivery stands for are written beside its state, and are no move: two nodes that claim in its lane
 * may both write them. One that is made with its claim moves there from nowhere.
 */
const sqliteLogs = [
  `create table torture_move (n integer primary key, delivery_id text, state text, attempt integer, fence integer,
    reason text, at integer) strict`,
  `create trigger torture_moved after update on delivery when (old.state, old.attempt, old.fence, old.reason)
      is not (new.state, new.attempt, new.fence, new.reason) begin
    insert into torture_move (delivery_id, state, attempt, fence, reason, at) values (new.delivery_id, new.state,
      new.attempt, new.fence, new.reason, cast(unixepoch('subsec') * 1000 as integer));
  end`,
  `create trigger torture_born after insert on delivery when new.state <> 'pending' begin
    insert into torture_move (delivery_id, state, attempt, fence, reason, at) values (new.delivery_id, new.state,
      new.attempt, new.fence, new.reason, cast(unixepoch('subsec') * 1000 as integer));
  end`,
];

/** A whole statement at a time, because the service writes many rows with one. */
const postgresLogs = `
  create table torture_move (n bigserial primary key, delivery_id text, state text, attempt int8, fence int8, reason text);
  create function torture_moved() returns trigger language plpgsql as $$ begin
    insert into torture_move (delivery_id, state, attempt, fence, reason)
      select fresh.delivery_id, fresh.state, fresh.attempt, fresh.fence, fresh.reason
      from fresh join stale using (delivery_id) where (fresh.state, fresh.attempt, fresh.fence, fresh.reason)
        is distinct from (stale.state, stale.attempt, stale.fence, stale.reason);
    return null;
  end $$;
  create trigger torture_moved after update on delivery referencing old table as stale new table as fresh
    for each statement execute function torture_moved();
  create function torture_born() returns trigger language plpgsql as $$ begin
    insert into torture_move (delivery_id, state, attempt, fence, reason)
      select delivery_id, state, attempt, fence, reason from fresh where state <> 'pending';
    return null;
  end $$;
  create trigger torture_born after insert on delivery referencing new table as fresh
    for each statement execute function torture_born();
  create table torture_lease (n bigserial primary key, shard int8, owner text, fence int8);
  create function torture_leased() returns trigger language plpgsql as $$ begin
    insert into torture_lease (shard, owner, fence) values (new.shard, new.owner, new.fence);
    return null;
  end $$;
  create trigger torture_leased after update on shard_lease for each row
    when ((old.owner, old.fence) is distinct from (new.owner, new.fence)) execute function torture_leased()`;
