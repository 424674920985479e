import { sql, type SelectQueryBuilder } from 'kysely';
import { candidatesMax, type Database, type Found, type Query } from '../database/database.ts';
import {
  countUpTo,
  pageOf,
  totalMax,
  walk,
  type KeysetPage,
  type KeysetPlace,
  cut,
  type Cut,
} from '../database/keyset.ts';
import { inTurns, partsOf } from '../runtime/turns.ts';
import { attribute, oneOf } from '../database/search-text.ts';
import type { AlertEventRow, Tables } from '../database/tables.ts';
import { labelsOfReport } from '../events/stored-payload-store.ts';
import type { Alert } from './alert.ts';
import { alertOf, isOfIncident } from './alert-store.ts';

/**
 * Selects alerts for a list (contract 6.5). Empty lists and undefined restrict nothing. Instants are Unix milliseconds.
 */
export interface AlertFilter {
  /** The window: `start_time` ≤ its end and `last_time` ≥ its start. */
  readonly startTime: number;
  readonly endTime: number;
  readonly active: boolean | undefined;
  readonly everMuted: boolean | undefined;
  readonly severities: readonly string[];
  readonly channelIds: readonly number[];
  readonly integrationIds: readonly number[];
  readonly alertIds: readonly string[];
  readonly alertKeys: readonly string[];
  /** Stands in the title; `*` for any run of characters, `?` for one. */
  readonly title: string;
  /** Each label has exactly this value. */
  readonly labels: Readonly<Record<string, string>>;
  /** The window is one of `updated_at`. */
  readonly byUpdate: boolean;
}

export interface AlertPage extends KeysetPage {
  readonly orderBy: 'created_at' | 'updated_at';
}

/** The ids of alerts rise with the time of their making. */
const orders = { created_at: ['alert_id'], updated_at: ['updated_at', 'alert_id'] } as const;

export interface ListedAlerts {
  readonly items: Alert[];
  /** Where the next page begins; undefined = there is none. */
  readonly next: KeysetPlace | undefined;
  /** Exact below {@link totalMax}. */
  readonly total: number;
}

export async function listAlerts(database: Database, filter: AlertFilter, page: AlertPage): Promise<ListedAlerts> {
  const hasText = filter.title !== '' || Object.keys(filter.labels).length > 0;
  const found = await candidates(database, filter);
  if (hasText && found?.ids === undefined) return walkText(database, filter, page, found);
  const query = matching(database, filter, found);
  const rows = await pageOf(query.selectAll(), orders[page.orderBy], page).execute();
  const { items, next } = cut(rows, page.limit, (row) => ({ time: row[page.orderBy], id: row.alert_id }));
  return {
    items: await inTurns(items, alertOf),
    next,
    total: await countUpTo(database, query.select('alert_id')),
  };
}

/** Alerts that may fit, by the index; undefined when everything has to be looked at. */
async function candidates(database: Database, filter: AlertFilter): Promise<Found | undefined> {
  const words = filter.title.split(/[*?]/).filter((word) => word !== '');
  const pairs = [
    ...Object.entries(filter.labels).flatMap(([name, value]) => oneOf(name, [value])),
    ...oneOf(attribute.channel, filter.channelIds),
    ...oneOf(attribute.integration, filter.integrationIds),
    ...oneOf(attribute.key, filter.alertKeys),
    ...oneOf(attribute.severity, filter.severities),
    ...oneOf(attribute.muted, filter.everMuted === undefined ? [] : [filter.everMuted]),
    ...oneOf(attribute.active, filter.active === undefined ? [] : [filter.active]),
  ];
  if (words.length === 0 && pairs.length === 0) return undefined;
  return database.find('alert', { words, pairs }, candidatesMax);
}

/** The newest are looked at first, and only so many: the caller goes on from where it stopped. */
async function walkText(
  database: Database,
  filter: AlertFilter,
  page: AlertPage,
  candidate: Found | undefined,
): Promise<ListedAlerts> {
  const place = [sql.ref<number>(page.orderBy).as('time'), sql.ref<string>('alert_id').as('id')] as const;
  const skip = page.after === undefined ? page.offset : 0;
  const { found, stoppedAt } = await walk(
    database.longRead.selectFrom('alert').select(place),
    matching(database, filter, candidate).select(place),
    orders[page.orderBy],
    { ...page, enough: Math.max(totalMax, skip + page.limit + 1) },
  );
  const places = found.slice(skip, skip + page.limit);
  const read = await readAlerts(
    database,
    places.map(({ id }) => id),
  );
  const byId = new Map(read.map((one) => [one.alertId, one]));
  return {
    items: places.map(({ id }) => byId.get(id)).filter((one) => one !== undefined),
    next: found.length > skip + page.limit ? places.at(-1) : stoppedAt,
    total: Math.min(found.length, totalMax),
  };
}

/** Rows of one statement: each may have some hundred kilobytes, and the event loop reads them. */
const readTogether = 20;

export async function readAlerts(database: Database, alertIds: readonly string[]): Promise<Alert[]> {
  const ordered = [...new Set(alertIds)].toSorted();
  const found = await inTurns(partsOf(ordered, readTogether), async (ids) => {
    const rows = await database.read
      .selectFrom('alert')
      .selectAll()
      .where(database.dialect.anyOf('alert_id', ids))
      .orderBy('alert_id')
      .execute();
    return rows.map(alertOf);
  });
  return found.flat();
}

/** The present titles of these alerts, in one statement; a removed one has none. */
export async function titlesOfAlerts(
  { longRead, dialect }: Pick<Database, 'longRead' | 'dialect'>,
  alertIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (alertIds.length === 0) return new Map();
  const rows = await longRead
    .selectFrom('alert')
    .select(['alert_id', 'title'])
    .where(dialect.anyOf('alert_id', alertIds))
    .execute();
  return new Map(rows.map((row) => [row.alert_id, row.title]));
}

export interface AlertsOfIncident {
  readonly incidentId: string;
  readonly active: boolean | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** The alerts of an incident, newest first, and their number. */
export async function alertsOfIncident(
  query: Query,
  request: AlertsOfIncident,
): Promise<{ items: Alert[]; total: number }> {
  let alerts = query.selectFrom('alert').where(isOfIncident(request.incidentId));
  if (request.active !== undefined) alerts = alerts.where('progress', '=', request.active ? 'Triggered' : 'Closed');
  const rows = await alerts
    .selectAll()
    .orderBy('alert_id', 'desc')
    .offset(request.offset)
    .limit(request.limit)
    .execute();
  const counted = await alerts.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: await inTurns(rows, alertOf), total: counted.total };
}

export interface ReportPage {
  readonly ascending: boolean;
  /** Only its id counts: the reports of one alert are ordered by id. */
  readonly after: KeysetPlace | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** The reports of an alert, and their number. */
export async function reportsOfAlert(
  database: Database,
  alertId: string,
  page: ReportPage,
): Promise<Cut<ReportRow> & { total: number }> {
  const [first, later] = [firstReport(database.longRead, alertId), laterReports(database.longRead, alertId)];
  const { ascending, after } = page;
  const from = (query: ReportQuery) =>
    after === undefined ? query : query.where('alert_event.event_id', ascending ? '>' : '<', after.id);
  const rows = await from(first)
    .select(reportColumns)
    .unionAll(from(later).select(reportColumns))
    .orderBy('event_id', ascending ? 'asc' : 'desc')
    .offset(after === undefined ? page.offset : 0)
    .limit(page.limit + 1)
    .execute();
  const ids = first.select('alert_event.event_id').unionAll(later.select('alert_event.event_id'));
  const counted = await database.longRead
    .selectFrom(ids.as('all_of_it'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { ...cut(rows, page.limit, placeOfReport), total: counted.total };
}

type ReportQuery = SelectQueryBuilder<Tables, 'alert_event', object>;

/** Found by the index of integrations, as the alert was made with it. */
function firstReport(query: Query, alertId: string): ReportQuery {
  return query
    .selectFrom('alert')
    .innerJoin('alert_event', (join) =>
      join
        .onRef('alert_event.integration_id', '=', 'alert.integration_id')
        .onRef('alert_event.created_at', '=', 'alert.created_at')
        .onRef('alert_event.alert_id', '=', 'alert.alert_id'),
    )
    .where('alert.alert_id', '=', alertId)
    .where('alert_event.is_later', '=', sql.lit(0));
}

function laterReports(query: Query, alertId: string): ReportQuery {
  return query
    .selectFrom('alert_event')
    .where('alert_event.alert_id', '=', alertId)
    .where('alert_event.is_later', '=', sql.lit(1));
}

const reportColumns = [
  'alert_event.event_id',
  'alert_event.alert_id',
  'alert_event.integration_id',
  'alert_event.channel_id',
  'alert_event.alert_key',
  'alert_event.title',
  'alert_event.title_rule',
  'alert_event.description',
  'alert_event.status',
  'alert_event.event_time',
  labelsOfReport.as('labels_json'),
  'alert_event.images_json',
  'alert_event.created_at',
] as const;

/** A report with its labels, wherever they are stored. */
export type ReportRow = Omit<AlertEventRow, 'is_later' | 'labels_from' | 'labels_length'>;

/** Selects reports of all alerts for a list. Empty lists restrict nothing. Instants are Unix milliseconds. */
export interface ReportFilter {
  readonly startTime: number;
  readonly endTime: number;
  readonly statuses: readonly string[];
  readonly channelIds: readonly number[];
  readonly integrationIds: readonly number[];
}

/** Reports by time, and their number up to a limit. */
export async function listReports(
  database: Database,
  filter: ReportFilter,
  page: KeysetPage,
): Promise<Cut<ReportRow> & { total: number }> {
  const { anyOf } = database.dialect;
  let all = database.longRead
    .selectFrom('alert_event')
    .where('event_time', '>=', filter.startTime)
    .where('event_time', '<=', filter.endTime);
  if (filter.statuses.length > 0) all = all.where(anyOf('status', filter.statuses));
  if (filter.channelIds.length > 0) all = all.where(anyOf('channel_id', filter.channelIds));
  if (filter.integrationIds.length > 0) all = all.where(anyOf('integration_id', filter.integrationIds));
  const rows = await pageOf(all.select(reportColumns), ['event_time', 'event_id'], page).execute();
  return { ...cut(rows, page.limit, placeOfReport), total: await countUpTo(database, all.select('event_id')) };
}

function placeOfReport(row: ReportRow): KeysetPlace {
  return { time: row.event_time, id: row.event_id };
}

type AlertQuery<Out> = SelectQueryBuilder<Tables, 'alert', Out>;

function matching(database: Database, filter: AlertFilter, found: Found | undefined): AlertQuery<object> {
  const { anyOf, like, hasMember } = database.dialect;
  let query: AlertQuery<object> = database.longRead
    .selectFrom('alert')
    .where(filter.byUpdate ? 'updated_at' : 'start_time', '<=', filter.endTime)
    .where(filter.byUpdate ? 'updated_at' : 'last_time', '>=', filter.startTime);
  if (found?.ids !== undefined) query = query.where(anyOf('alert_id', found.ids));
  if (filter.active !== undefined) query = query.where('end_time', filter.active ? '=' : '>', 0);
  if (filter.everMuted !== undefined) query = query.where('ever_muted', '=', filter.everMuted ? 1 : 0);
  if (filter.severities.length > 0) query = query.where(anyOf('severity', filter.severities));
  if (filter.channelIds.length > 0) query = query.where(anyOf('channel_id', filter.channelIds));
  if (filter.integrationIds.length > 0) query = query.where(anyOf('integration_id', filter.integrationIds));
  if (filter.alertIds.length > 0) query = query.where(anyOf('alert_id', filter.alertIds));
  if (filter.alertKeys.length > 0) query = query.where(anyOf('alert_key', filter.alertKeys));
  for (const [name, value] of Object.entries(filter.labels)) {
    query = query.where(hasMember('labels_json', name, JSON.stringify(value)));
  }
  return filter.title === '' ? query : query.where(like('title', filter.title));
}
