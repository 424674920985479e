import type { SelectQueryBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import { totalMax, countUpTo, keyset, pageOf, type KeysetPage } from '../database/keyset.ts';
import type { Tables } from '../database/tables.ts';
import type { Incident } from './incident.ts';
import { incidentOf } from './incident-store.ts';

/** Which incidents a list shows (contract 6.3). Empty lists and undefined restrict nothing. Instants are Unix milliseconds. */
export interface IncidentFilter {
  readonly startTime: number;
  readonly endTime: number;
  readonly progress: readonly string[];
  readonly severities: readonly string[];
  /** 0 = those that belong to no channel. */
  readonly channelIds: readonly number[];
  readonly incidentIds: readonly string[];
  readonly nums: readonly string[];
  readonly creatorIds: readonly number[];
  readonly closerIds: readonly number[];
  /** Part of the title, an id, or a `num`. */
  readonly query: string;
  readonly snoozedAt: { readonly now: number; readonly snoozed: boolean } | undefined;
  readonly everMuted: boolean | undefined;
  /** What SQL cannot say over both databases: labels, fields, responders. */
  readonly also: ((incident: Incident) => boolean) | undefined;
}

export interface Listed<T> {
  /** At most `limit` items. */
  readonly items: T[];
  readonly hasNextPage: boolean;
  /** Exact below {@link totalMax}. */
  readonly total: number;
}

/** Rows that one list call reads at the most when a condition has to be checked outside the database. */
const scannedMax = 20_000;
const scanPage = 500;

const order = ['start_time', 'incident_id'] as const;

export async function listIncidents(
  database: Database,
  filter: IncidentFilter,
  page: KeysetPage,
): Promise<Listed<Incident>> {
  if (filter.also !== undefined) return scan(database, filter, filter.also, page);
  const rows = await pageOf(matching(database, filter).selectAll(), order, page).execute();
  const items = rows.slice(0, page.limit).map(incidentOf);
  const total = await countUpTo(database, matching(database, filter).select('incident_id'));
  return { items, hasNextPage: rows.length > page.limit, total };
}

export async function readIncidents(
  database: Pick<Database, 'read' | 'dialect'>,
  incidentIds: readonly string[],
): Promise<Incident[]> {
  if (incidentIds.length === 0) return [];
  const rows = await database.read
    .selectFrom('incident')
    .selectAll()
    .where(database.dialect.anyOf('incident_id', incidentIds))
    .orderBy('incident_id')
    .execute();
  return rows.map(incidentOf);
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

/** Incidents before one that are looked at, and of them those of its channel that are given. */
const pastScannedMax = 5_000;
const pastMax = 500;

/** Incidents of the same channel that started before this one, the newest first, from a bounded stretch of the past. */
export async function readPastIncidents(database: Database, incident: Incident): Promise<Incident[]> {
  const stretch = database.read
    .selectFrom('incident')
    .select(['incident_id', 'channel_id', 'start_time'])
    .where('start_time', '<', incident.startTime)
    .orderBy('start_time', 'desc')
    .limit(pastScannedMax);
  const found = await database.read
    .selectFrom(stretch.as('past'))
    .select('incident_id')
    .where('channel_id', '=', incident.channelId)
    .orderBy('start_time', 'desc')
    .limit(pastMax)
    .execute();
  return readIncidents(
    database,
    found.map((row) => row.incident_id),
  );
}

type IncidentQuery<Out> = SelectQueryBuilder<Tables, 'incident', Out>;

function matching(database: Database, filter: IncidentFilter): IncidentQuery<object> {
  const { anyOf, contains } = database.dialect;
  let query: IncidentQuery<object> = database.read
    .selectFrom('incident')
    .where('start_time', '>=', filter.startTime)
    .where('start_time', '<=', filter.endTime);
  if (filter.progress.length > 0) query = query.where(anyOf('progress', filter.progress));
  if (filter.severities.length > 0) query = query.where(anyOf('severity', filter.severities));
  if (filter.channelIds.length > 0) query = query.where(anyOf('channel_id', filter.channelIds));
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
  const text = filter.query;
  if (/^[0-9a-f]{24}$/i.test(text)) return query.where('incident_id', '=', text.toLowerCase());
  if (/^[0-9a-f]{6}$/i.test(text)) {
    return query.where(({ eb, or }) => or([eb('num', '=', text.toUpperCase()), contains('title', text)]));
  }
  return text === '' ? query : query.where(contains('title', text));
}

/** Reads in bounded pages and checks the rest of the condition on each row. */
async function scan(
  database: Database,
  filter: IncidentFilter,
  also: (incident: Incident) => boolean,
  page: KeysetPage,
): Promise<Listed<Incident>> {
  const found: Incident[] = [];
  const skip = page.after === undefined ? page.offset : 0;
  let after = page.after;
  for (let scanned = 0; scanned < scannedMax; scanned += scanPage) {
    const rows = await keyset(matching(database, filter).selectAll(), order, { ascending: page.ascending, after })
      .limit(scanPage)
      .execute();
    found.push(...rows.map(incidentOf).filter(also));
    const last = rows.at(-1);
    if (last === undefined || rows.length < scanPage || found.length >= Math.max(totalMax, skip + page.limit + 1))
      break;
    after = { time: last.start_time, id: last.incident_id };
  }
  const items = found.slice(skip, skip + page.limit);
  return { items, hasNextPage: found.length > skip + page.limit, total: Math.min(found.length, totalMax) };
}
