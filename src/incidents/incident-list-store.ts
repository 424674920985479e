import { sql, type SelectQueryBuilder } from 'kysely';
import type { Database, Found } from '../database/database.ts';
import { countUpTo, pageOf, sift, totalMax, walk, type KeysetPage, type KeysetPlace } from '../database/keyset.ts';
import { inTurns, partsOf } from '../runtime/turns.ts';
import type { Tables } from '../database/tables.ts';
import { candidates, hasText, textConditions, type AttributeFilter, type TextFilter } from './incident-search-store.ts';
import type { Incident } from './incident.ts';
import { incidentOf } from './incident-store.ts';

/**
 * Selects incidents for a list (contract 6.3). Empty lists and undefined restrict nothing. Instants are Unix
 * milliseconds.
 */
export interface IncidentFilter extends TextFilter, AttributeFilter {
  /** 0 and infinity = no window. */
  readonly startTime: number;
  readonly endTime: number;
  readonly progress: readonly string[];
  /** 0 = no channel. */
  readonly channelIds: readonly number[];
  readonly incidentIds: readonly string[];
  readonly nums: readonly string[];
  /** No other incident with its `dedup_key` began in the {@link rareDays} before it. */
  readonly rare: boolean | undefined;
  /** A condition that SQL cannot express on both databases, such as an expression for the title. */
  readonly also: ((incident: Incident) => boolean) | undefined;
}

export interface Listed<T> {
  /** At most `limit` items. */
  readonly items: T[];
  /** The position of the next page; undefined = none. */
  readonly next: KeysetPlace | undefined;
  /** There is a next page in an order without positions, to be asked for by its number. */
  readonly hasMore?: boolean;
  /** Exact below {@link totalMax}. */
  readonly total: number;
}

const order = ['start_time', 'incident_id'] as const;

/** @param page `bySeverity`: the worst first, without a place to go on from; for few incidents, such as the open ones. */
export async function listIncidents(
  database: Database,
  filter: IncidentFilter,
  page: KeysetPage & { readonly bySeverity?: boolean },
): Promise<Listed<Incident>> {
  const found = await candidatesOf(database, filter);
  const query = matching(database, filter, found);
  if (page.bySeverity === true) return worstFirst(database, query, filter, page);
  const { also } = filter;
  if (also !== undefined) {
    return sift(query.selectAll(), order, page, {
      read: (row) => {
        const incident = incidentOf(row);
        return also(incident) ? incident : undefined;
      },
      placeOf: (row) => ({ time: row.start_time, id: row.incident_id }),
    });
  }
  if (found?.ids === undefined && hasText(filter)) return walkText(database, filter, page, query);
  const rows = await pageOf(query.selectAll(), order, page).execute();
  const total = await countUpTo(database, query.select('incident_id'));
  return listed(await inTurns(rows, incidentOf), page, total);
}

/** A row beyond the page means that there is a next page. */
function listed(incidents: readonly Incident[], page: KeysetPage, total: number): Listed<Incident> {
  const items = incidents.slice(0, page.limit);
  const last = items.at(-1);
  const more = incidents.length > page.limit && last !== undefined;
  return { items, next: more ? placeOf(last) : undefined, total };
}

function placeOf(incident: Incident): KeysetPlace {
  return { time: incident.startTime, id: incident.incidentId };
}

/** Open incidents that are put into another order: as many as pages by number reach. */
const orderedMax = 10_000;
const ranks: Readonly<Record<string, number>> = { Critical: 0, Warning: 1, Info: 2 };

async function worstFirst(
  database: Database,
  query: IncidentQuery<object>,
  filter: IncidentFilter,
  { offset, limit }: KeysetPage,
): Promise<Listed<Incident>> {
  if (filter.also !== undefined || hasText(filter)) {
    const { items } = await listIncidents(database, filter, {
      ascending: false,
      after: undefined,
      offset: 0,
      limit: totalMax,
    });
    const sorted = items.toSorted((one, other) => (ranks[one.severity] ?? 0) - (ranks[other.severity] ?? 0));
    return {
      items: sorted.slice(offset, offset + limit),
      next: undefined,
      hasMore: sorted.length > offset + limit,
      total: Math.min(sorted.length, totalMax),
    };
  }
  const newest = query
    .select(['incident_id', 'severity', 'start_time'])
    .orderBy('start_time', 'desc')
    .limit(orderedMax);
  const ids = await database.longRead
    .selectFrom(newest.as('newest'))
    .select('incident_id')
    .orderBy(sql`case severity when 'Critical' then 0 when 'Warning' then 1 else 2 end`)
    .orderBy('start_time', 'desc')
    .orderBy('incident_id', 'desc')
    .offset(offset)
    .limit(limit + 1)
    .execute();
  const page = ids.slice(0, limit);
  const read = new Map(
    (
      await readIncidents(
        database,
        page.map((row) => row.incident_id),
      )
    ).map((one) => [one.incidentId, one]),
  );
  const items = page.map((row) => read.get(row.incident_id)).filter((one) => one !== undefined);
  const total = await countUpTo(database, query.select('incident_id'));
  return { items, next: undefined, hasMore: ids.length > limit, total };
}

/** Incidents that are counted by what they are. */
const countedMax = 10_000;

export interface IncidentCount {
  readonly progress: string;
  readonly severity: string;
  readonly channelId: number;
  readonly count: number;
}

export async function countIncidents(database: Database, filter: IncidentFilter): Promise<IncidentCount[]> {
  const found = await candidatesOf(database, filter);
  if (filter.also !== undefined || (found?.ids === undefined && hasText(filter))) {
    const page = { ascending: false, after: undefined, offset: 0, limit: totalMax };
    const { items } = await listIncidents(database, filter, page);
    return items.map(({ progress, severity, channelId }) => ({ progress, severity, channelId, count: 1 }));
  }
  const some = matching(database, filter, found).select(['progress', 'severity', 'channel_id']).limit(countedMax);
  const rows = await database.longRead
    .selectFrom(some.as('some'))
    .select(['progress', 'severity', 'channel_id', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy(['progress', 'severity', 'channel_id'])
    .execute();
  return rows.map((row) => ({
    progress: row.progress,
    severity: row.severity,
    channelId: row.channel_id,
    count: row.count,
  }));
}

/** Rows of one statement: each may have some hundred kilobytes, and the event loop reads them. */
export const readTogether = 20;

export async function readIncidents(
  database: Pick<Database, 'read' | 'dialect'>,
  incidentIds: readonly string[],
): Promise<Incident[]> {
  const ordered = [...new Set(incidentIds)].toSorted();
  const found = await inTurns(partsOf(ordered, readTogether), async (ids) => {
    const rows = await database.read
      .selectFrom('incident')
      .selectAll()
      .where(database.dialect.anyOf('incident_id', ids))
      .orderBy('incident_id')
      .execute();
    return rows.map(incidentOf);
  });
  return found.flat();
}

/** The present titles of these incidents, in one statement; a removed one has none. */
export async function titlesOfIncidents(
  { longRead, dialect }: Pick<Database, 'longRead' | 'dialect'>,
  incidentIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (incidentIds.length === 0) return new Map();
  const rows = await longRead
    .selectFrom('incident')
    .select(['incident_id', 'title'])
    .where(dialect.anyOf('incident_id', incidentIds))
    .execute();
  return new Map(rows.map((row) => [row.incident_id, row.title]));
}

/** The newest incident with this `num`, which is not unique (contract 0.3). */
export async function readIncidentByNum(database: Database, num: string): Promise<Incident | undefined> {
  const row = await database.read
    .selectFrom('incident')
    .selectAll()
    .where('num', '=', num.toUpperCase())
    .orderBy('incident_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : incidentOf(row);
}

/** Earlier incidents of the channel that are compared. */
const pastMax = 500;

/** The ids of incidents of the same channel that started before this one, the newest first. */
export async function pastIncidentIds(database: Database, incident: Incident): Promise<string[]> {
  const rows = await database.longRead
    .selectFrom('incident')
    .select('incident_id')
    .where('channel_id', '=', incident.channelId)
    .where('start_time', '<', incident.startTime)
    .orderBy('start_time', 'desc')
    .limit(pastMax)
    .execute();
  return rows.map((row) => row.incident_id);
}

/** Severities of open ones stand in the index of the open ones: it needs no list of ids, of which there may be thousands. */
function candidatesOf(database: Database, filter: IncidentFilter): Promise<Found | undefined> {
  return candidates(database, isOfOpen(filter) ? { ...filter, severities: [] } : filter);
}

function isOfOpen({ progress }: IncidentFilter): boolean {
  return progress.length > 0 && !progress.includes('Closed');
}

type IncidentQuery<Out> = SelectQueryBuilder<Tables, 'incident', Out>;

/** In the words of the partial index `incident_open`: only then is it used. */
const isOpen = sql<boolean>`progress <> 'Closed'`;

function inWindow(database: Database, filter: IncidentFilter): IncidentQuery<object> {
  let query: IncidentQuery<object> = database.longRead.selectFrom('incident');
  if (filter.startTime > 0) query = query.where('start_time', '>=', filter.startTime);
  if (Number.isFinite(filter.endTime)) query = query.where('start_time', '<=', filter.endTime);
  return query;
}

function matching(database: Database, filter: IncidentFilter, found: Found | undefined): IncidentQuery<object> {
  const { anyOf, contains } = database.dialect;
  let query = inWindow(database, filter);
  if (found?.ids !== undefined) query = query.where(anyOf('incident_id', found.ids));
  if (filter.progress.length > 0) query = query.where(anyOf('progress', filter.progress));
  if (isOfOpen(filter)) query = query.where(isOpen);
  if (filter.severities.length > 0) query = query.where(anyOf('severity', filter.severities));
  const [channelId, ...others] = filter.channelIds;
  // A single channel is an equality, so that its index gives the order too.
  if (channelId !== undefined && others.length === 0) query = query.where('channel_id', '=', channelId);
  else if (channelId !== undefined) query = query.where(anyOf('channel_id', filter.channelIds));
  if (filter.incidentIds.length > 0) query = query.where(anyOf('incident_id', filter.incidentIds));
  if (filter.nums.length > 0)
    query = query.where(
      anyOf(
        'num',
        filter.nums.map((num) => num.toUpperCase()),
      ),
    );
  if (filter.creatorIds.length > 0) query = query.where(anyOf('creator_id', filter.creatorIds));
  if (filter.closerIds.length > 0) query = query.where(anyOf('closer_id', filter.closerIds));
  if (filter.everMuted !== undefined) query = query.where('ever_muted', '=', filter.everMuted ? 1 : 0);
  if (filter.snoozedAt !== undefined) {
    query = query.where('snoozed_before', filter.snoozedAt.snoozed ? '>' : '<=', filter.snoozedAt.now);
  }
  for (const people of [filter.responderIds, filter.ackerIds]) {
    if (people.length === 0) continue;
    query = query.where(({ or }) => or(people.map((id) => contains('responders_json', `"personId":${id},`))));
  }
  if (filter.rare !== undefined) query = query.where(filter.rare ? sql<boolean>`not ${hasForerunner}` : hasForerunner);
  for (const condition of textConditions(database.dialect, filter, found)) query = query.where(condition);
  return query;
}

const rareDays = 30;
const dayMs = 86_400_000;

/**
 * Another incident of the same `dedup_key` began not long before it. Those by hand have none. Said of the other one too, in the
 * words of the partial index `incident_dedup`: otherwise all incidents of thirty days are read for each.
 */
const hasForerunner = sql<boolean>`(incident.dedup_key <> '' and exists (
  select 1 from incident as other where other.dedup_key = incident.dedup_key and other.dedup_key <> ''
    and other.start_time < incident.start_time
    and other.start_time >= incident.start_time - ${sql.lit(rareDays * dayMs)}))`;

/** Which of these incidents are not rare. */
export async function frequentOf(database: Database, incidentIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (incidentIds.length === 0) return new Set();
  const rows = await database.longRead
    .selectFrom('incident')
    .select('incident_id')
    .where(database.dialect.anyOf('incident_id', incidentIds))
    .where(hasForerunner)
    .execute();
  return new Set(rows.map((row) => row.incident_id));
}

/** Without the index, reads a bounded number of the newest; the caller continues from there. */
async function walkText(
  database: Database,
  filter: IncidentFilter,
  page: KeysetPage,
  query: IncidentQuery<object>,
): Promise<Listed<Incident>> {
  const place = [sql.ref<number>('start_time').as('time'), sql.ref<string>('incident_id').as('id')] as const;
  const skip = page.after === undefined ? page.offset : 0;
  const { found, stoppedAt } = await walk(inWindow(database, filter).select(place), query.select(place), order, {
    ...page,
    enough: Math.max(totalMax, skip + page.limit + 1),
  });
  const places = found.slice(skip, skip + page.limit);
  const ids = places.map(({ id }) => id);
  const read = new Map((await readIncidents(database, ids)).map((one) => [one.incidentId, one]));
  const items = ids.map((id) => read.get(id)).filter((one) => one !== undefined);
  return {
    items,
    next: found.length > skip + page.limit ? places.at(-1) : stoppedAt,
    total: Math.min(found.length, totalMax),
  };
}
