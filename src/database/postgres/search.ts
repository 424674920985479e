import { sql, type RawBuilder } from 'kysely';
import { BackgroundPace } from '../../runtime/background-pace.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import type { Found, Query, Transaction } from '../database.ts';
import type { DatabaseLogger } from '../slow-statements.ts';
import {
  alertDocument,
  incidentDocument,
  RefreshedAlerts,
  searchedAlertColumns,
  searchedAlertsMax,
  searchedColumns,
  searchedKinds,
  type AlertMoment,
  type SearchDocument,
  type SearchedAlertLabels,
  type SearchedAlertRow,
  type SearchedKind,
  type SearchedRow,
  type Sought,
} from '../search-text.ts';

/**
 * An index of the texts of incidents and alerts by their trigrams, and of their labels and custom fields by their values,
 * in separate tables that follow the log of events, so that its cost is no part of any change. It exists where the server
 * has the extension `pg_trgm` and lets us use it.
 */

/** Each search reads what waits to be sorted into the index, so little may wait. */
const unsortedKiB = 256;

function documentTable(kind: SearchedKind): string {
  return `create table ${kind}_document (
      id text collate "C" not null primary key, document text collate "C" not null, pairs int8[] not null,
      hash int8 not null);
    create index ${kind}_trigrams on ${kind}_document using gin (document gin_trgm_ops)
      with (gin_pending_list_limit = ${unsortedKiB});
    create index ${kind}_pairs on ${kind}_document using gin (pairs) with (gin_pending_list_limit = ${unsortedKiB});`;
}

/** Made once, with the schema; without the extension there is no table, and searches look at each row. */
export const searchIndexStatement = `
  do $$ begin
    create extension if not exists pg_trgm;
    ${searchedKinds.map(documentTable).join('\n    ')}
    create table search_state (
      singleton int8 not null primary key, event_id text collate "C" not null, walked_incident text collate "C" not null,
      walked_alert text collate "C" not null, refreshed int8 not null);
  exception when others then raise notice 'searches go without an index: %', sqlerrm; end $$`;

/** Changes that one step takes. */
const stepMax = 250;
/** A change may be committed this much later than its id says, by another node's clock or a slow transaction. */
const overlapMs = 15_000;
/** How often a search looks so far back: all that has changed meanwhile is read, known or not. */
export const sweepEveryMs = 5_000;
/** The span that each search looks through again. */
const shortOverlapMs = 1_000;
/** How long a search works on the index before it is asked. */
const catchUpMs = 100;
/** Of so many of the newest so many fit what is common: then they are asked one by one. */
const sampleSize = 400;
const commonMin = 40;
/** How often the index is brought up to date while nobody asks, and for how long in one go. */
const everyMs = 1_000;
const stepMs = 50;
/** The pause while there is no index: before the first migration, or for ever. */
const noIndexPauseMs = 5_000;
/** The pause after a go that failed. */
const failedPauseMs = 30_000;
/** `walked` when all that were there before the index are in it. */
const walkedAll = 'end';

type Transact = <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>;

interface IndexStateRow {
  readonly event_id: string;
  readonly walked_incident: string;
  readonly walked_alert: string;
  /** When the newest of those alerts changed that are in the index. */
  readonly refreshed: number;
}

export class PostgresSearch {
  readonly #query: Query;
  readonly #transaction: Transact;
  readonly #now: () => number;
  /** Changes of the last seconds that are in the index: they are met again and again. */
  readonly #seen = new Set<string>();
  readonly #refreshed = new RefreshedAlerts();
  #hasIndex = false;
  #sweptAt = -Infinity;
  #advancing: Promise<boolean> | undefined;

  constructor(query: Query, transaction: Transact, now: () => number) {
    this.#query = query;
    this.#transaction = transaction;
    this.#now = now;
  }

  async find(kind: SearchedKind, sought: Sought, max: number): Promise<Found | undefined> {
    if (!(await this.catchUp(catchUpMs))) return undefined;
    const holds = holdsOf(kind);
    if (await this.#isCommon(kind, sought)) return { holds };
    const { rows } = await findStatement(kind, sought, max).execute(this.#query);
    return rows.length < max ? { ids: rows.map((row) => row.id) } : { holds };
  }

  /** Brings the index up to date, for at most about `budgetMs`. False when it is not, or there is none. */
  async catchUp(budgetMs: number): Promise<boolean> {
    if (!(await this.#isUsable())) return false;
    // Two at once would take the same changes.
    return (this.#advancing ??= this.#catchUp(budgetMs).finally(() => {
      this.#advancing = undefined;
    }));
  }

  /** Keeps it up to date while nobody asks. @returns what ends that. */
  keepUp({ timers, clock }: { timers: Timers; clock: Clock }, logger: DatabaseLogger): () => void {
    const pace = new BackgroundPace(clock);
    let cancel: Cancel = () => {};
    let ended = false;
    const again = (delayMs: number) => {
      if (!ended) cancel = timers.after(delayMs, () => void go());
    };
    const go = async () => {
      try {
        pace.begin();
        const isDone = await this.catchUp(stepMs);
        const pauseMs = pace.end();
        again(isDone ? everyMs : this.#hasIndex ? pauseMs : noIndexPauseMs);
      } catch (error) {
        logger.warn({ error: String(error) }, 'search.index_failed');
        again(failedPauseMs);
      }
    };
    again(everyMs);
    return () => {
      ended = true;
      cancel();
    };
  }

  async #catchUp(budgetMs: number): Promise<boolean> {
    const began = this.#now();
    const sweeps = began - this.#sweptAt >= sweepEveryMs;
    const lookBackMs = sweeps ? overlapMs : shortOverlapMs;
    while (await this.#transaction((tx) => this.#advance(tx, lookBackMs))) {
      if (this.#now() > began + budgetMs) return false;
    }
    if (sweeps) this.#sweptAt = began;
    return true;
  }

  /** False when nothing is left to take. */
  async #advance(tx: Transaction, lookBackMs: number): Promise<boolean> {
    const { rows } = await sql<IndexStateRow>`select event_id, walked_incident, walked_alert, refreshed
      from search_state for update`.execute(tx.query);
    const state = rows[0] ?? (await begin(tx));
    for (const kind of searchedKinds) {
      if (state[`walked_${kind}`] !== walkedAll) return this.#walk(tx, kind, state[`walked_${kind}`]);
    }
    const from = before(state.event_id, lookBackMs);
    let known = 0;
    for (const id of this.#seen) if (id > from) known += 1;
    const events = await tx.query
      .selectFrom('event')
      .select(['event_id', 'entity_id', 'entity_kind'])
      .where('event_id', '>', from)
      .orderBy('event_id')
      .limit(stepMax + known)
      .execute();
    const fresh = events.filter((event) => !this.#seen.has(event.event_id)).slice(0, stepMax);
    const last = fresh.at(-1);
    if (last === undefined) return this.#takeRefreshed(tx, state, lookBackMs);
    const of = (kind: SearchedKind) => fresh.filter((one) => one.entity_kind === kind).map((one) => one.entity_id);
    const alerts = [...new Set(of('alert'))];
    const moments = await sql<AlertMoment>`select alert_id, updated_at from alert
      where alert_id = any(${alerts}::text[])`.execute(tx.query);
    await take(tx, 'incident', [...new Set([...of('incident'), ...(await incidentsOf(tx, alerts))])]);
    await take(tx, 'alert', alerts);
    const reached = last.event_id > state.event_id ? last.event_id : state.event_id;
    await sql`update search_state set event_id = ${reached}`.execute(tx.query);
    const forgotten = before(reached, 2 * overlapMs);
    tx.afterCommit(() => {
      this.#refreshed.takenByEvent(moments.rows);
      for (const { event_id } of fresh) this.#seen.add(event_id);
      // About in their order, as they came.
      for (const id of this.#seen) {
        if (id > forgotten) break;
        this.#seen.delete(id);
      }
    });
    return true;
  }

  /** Takes alerts whose labels were refreshed. False when there are none. */
  async #takeRefreshed(tx: Transaction, state: IndexStateRow, lookBackMs: number): Promise<boolean> {
    const since = state.refreshed - lookBackMs;
    const { rows } = await sql<AlertMoment>`select alert_id, updated_at from alert
      where updated_at > ${since} order by updated_at, alert_id
      limit ${stepMax + this.#refreshed.knownSince(since)}`.execute(tx.query);
    const { fresh, reached: newest } = this.#refreshed.next(rows, stepMax);
    const reached = Math.max(state.refreshed, newest);
    if (fresh.length === 0 && reached === state.refreshed) return false;
    const ids = fresh.map((one) => one.alert_id);
    await take(tx, 'incident', ids.length === 0 ? [] : await incidentsOf(tx, ids));
    await take(tx, 'alert', ids);
    await sql`update search_state set refreshed = ${reached}`.execute(tx.query);
    tx.afterCommit(() => this.#refreshed.taken(fresh, reached));
    return fresh.length > 0;
  }

  /** Indexes what was there before, page by page. */
  async #walk(tx: Transaction, kind: SearchedKind, walked: string): Promise<boolean> {
    const { rows } = await sql<{ id: string }>`select ${sql.ref(`${kind}_id`)} as id from ${sql.table(kind)}
      where ${sql.ref(`${kind}_id`)} > ${walked} order by ${sql.ref(`${kind}_id`)} limit ${stepMax}`.execute(tx.query);
    const ids = rows.map((row) => row.id);
    await take(tx, kind, ids);
    const reached = ids.length === stepMax ? (ids.at(-1) ?? walkedAll) : walkedAll;
    await sql`update search_state set ${sql.ref(`walked_${kind}`)} = ${reached}`.execute(tx.query);
    return true;
  }

  async #isCommon(kind: SearchedKind, sought: Sought): Promise<boolean> {
    const newest = kind === 'incident' ? 'start_time' : 'alert_id';
    const { rows } = await sql<{ count: number }>`select count(*) as count from (
      select ${ofRow(kind, fits(sought))} as holds from ${sql.table(kind)} order by ${sql.ref(newest)} desc
      limit ${sampleSize}) as newest where holds`.execute(this.#query);
    return (rows[0]?.count ?? 0) >= commonMin;
  }

  /** The first migration may be still to come: that there is no index is asked again. */
  async #isUsable(): Promise<boolean> {
    if (this.#hasIndex) return true;
    const { rows } = await sql<{ found: boolean }>`select to_regclass('alert_pairs') is not null as found`.execute(
      this.#query,
    );
    this.#hasIndex = rows[0]?.found === true;
    return this.#hasIndex;
  }
}

export function findStatement(kind: SearchedKind, sought: Sought, max: number): RawBuilder<{ id: string }> {
  return sql`select id from ${sql.table(`${kind}_document`)} where ${fits(sought)} limit ${max}`;
}

/** The condition on a document. */
function fits({ words, pairs }: Sought): RawBuilder<boolean> {
  return sql.join(
    [
      ...pairs.map((list) => sql<boolean>`pairs && ${list}::int8[]`),
      ...words.map((word) => sql<boolean>`document like ${pattern(word)} escape '\\'`),
    ],
    sql` and `,
  );
}

/** As a value, so that each row is asked in the order of the list until there are enough, and not all before. */
function ofRow(kind: SearchedKind, condition: RawBuilder<boolean>): RawBuilder<boolean> {
  return sql<boolean>`coalesce((select ${condition} from ${sql.table(`${kind}_document`)} as found
    where found.id = ${sql.ref(`${kind}.${kind}_id`)}), false)`;
}

function holdsOf(kind: SearchedKind): NonNullable<Found['holds']> {
  return (word) => ofRow(kind, fits({ words: [word], pairs: [] }));
}

function pattern(word: string): string {
  return `%${word.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

async function begin(tx: Transaction): Promise<IndexStateRow> {
  const newest = await tx.query
    .selectFrom('event')
    .select('event_id')
    .orderBy('event_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const last = await sql<{ time: number | null }>`select max(updated_at) as time from alert`.execute(tx.query);
  const refreshed = last.rows[0]?.time ?? 0;
  const state = { event_id: newest?.event_id ?? '', walked_incident: '', walked_alert: '', refreshed };
  await sql`insert into search_state (singleton, event_id, walked_incident, walked_alert, refreshed)
    values (1, ${state.event_id}, '', '', ${refreshed}) on conflict do nothing`.execute(tx.query);
  return state;
}

async function incidentsOf(tx: Transaction, alertIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ incident_id: string }>`select distinct incident_id from alert
    where alert_id = any(${alertIds}::text[]) and incident_id <> ''`.execute(tx.query);
  return rows.map((row) => row.incident_id);
}

/** Brings the texts of these up to date, of those that are gone too. */
async function take(tx: Transaction, kind: SearchedKind, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const table = sql.table(`${kind}_document`);
  const known = await sql<{ id: string; hash: number }>`select id, hash from ${table}
    where id = any(${ids}::text[])`.execute(tx.query);
  const hashes = new Map(known.rows.map((row) => [row.id, row.hash]));
  const documents = kind === 'incident' ? await incidentDocuments(tx, ids) : await alertDocuments(tx, ids);
  const changed = documents.filter(({ id, hash }) => hashes.get(id) !== hash);
  const there = new Set(documents.map(({ id }) => id));
  const gone = known.rows.map((row) => row.id).filter((id) => !there.has(id));
  if (gone.length > 0) await sql`delete from ${table} where id = any(${gone}::text[])`.execute(tx.query);
  if (changed.length === 0) return;
  // A list for each, because PostgreSQL has no arrays of arrays of different lengths.
  const pairs = changed.map((one) => `{${one.pairs.join(',')}}`);
  await sql`insert into ${table} (id, document, pairs, hash)
    select id, document, pairs::int8[], hash from unnest(${changed.map(({ id }) => id)}::text[],
      ${changed.map(({ text }) => text)}::text[], ${pairs}::text[], ${changed.map(({ hash }) => hash)}::int8[])
      as changed (id, document, pairs, hash)
    on conflict (id) do update set document = excluded.document, pairs = excluded.pairs, hash = excluded.hash`.execute(
    tx.query,
  );
}

async function incidentDocuments(tx: Transaction, ids: readonly string[]): Promise<SearchDocument[]> {
  const incidents = await sql<SearchedRow>`select ${sql.raw(searchedColumns)}
    from incident where incident_id = any(${ids}::text[])`.execute(tx.query);
  const alerts = await sql<SearchedAlertLabels>`select alert.incident_id, alert.labels_json
    from incident as wanted, lateral (
      select incident_id, labels_json from alert
      where (incident_id = wanted.incident_id and has_joined = 1)
        or (incident_id = wanted.incident_id and alert_id = wanted.first_alert)
      order by alert_id limit ${searchedAlertsMax}) as alert
    where wanted.incident_id = any(${ids}::text[])`.execute(tx.query);
  const ofIncident = Map.groupBy(alerts.rows, (row) => row.incident_id);
  return incidents.rows.map((row) => incidentDocument(row, ofIncident.get(row.incident_id) ?? []));
}

async function alertDocuments(tx: Transaction, ids: readonly string[]): Promise<SearchDocument[]> {
  const { rows } = await sql<SearchedAlertRow>`select ${sql.raw(searchedAlertColumns)} from alert
    where alert_id = any(${ids}::text[])`.execute(tx.query);
  return rows.map(alertDocument);
}

/** An id of an event that is so much older: the first 12 of its 32 hex digits are Unix milliseconds. */
function before(eventId: string, milliseconds: number): string {
  if (eventId === '') return '';
  const time = Math.max(0, Number.parseInt(eventId.slice(0, 12), 16) - milliseconds);
  return time.toString(16).padStart(12, '0');
}
