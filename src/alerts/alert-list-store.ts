import type { SelectQueryBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import { countUpTo, pageOf, type KeysetPage } from '../database/keyset.ts';
import type { AlertEventRow, Tables } from '../database/tables.ts';
import type { Alert } from './alert.ts';
import { alertOf } from './alert-store.ts';

/** Which alerts a list shows (contract 6.5). Empty lists and undefined restrict nothing. Instants are Unix milliseconds. */
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
  readonly title: string;
}

export interface AlertPage extends KeysetPage {
  readonly orderBy: 'created_at' | 'updated_at';
}

export interface ListedAlerts {
  readonly items: Alert[];
  readonly hasNextPage: boolean;
  readonly total: number;
}

export async function listAlerts(database: Database, filter: AlertFilter, page: AlertPage): Promise<ListedAlerts> {
  const rows = await pageOf(matching(database, filter).selectAll(), [page.orderBy, 'alert_id'], page).execute();
  return {
    items: rows.slice(0, page.limit).map(alertOf),
    hasNextPage: rows.length > page.limit,
    total: await countUpTo(database, matching(database, filter).select('alert_id')),
  };
}

export async function readAlerts(database: Database, alertIds: readonly string[]): Promise<Alert[]> {
  if (alertIds.length === 0) return [];
  const rows = await database.read
    .selectFrom('alert')
    .selectAll()
    .where(database.dialect.anyOf('alert_id', alertIds))
    .orderBy('alert_id')
    .execute();
  return rows.map(alertOf);
}

export interface AlertsOfIncident {
  readonly incidentId: string;
  readonly active: boolean | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** The alerts of an incident, the newest first, and how many there are. */
export async function alertsOfIncident(
  database: Pick<Database, 'read'>,
  request: AlertsOfIncident,
): Promise<{ items: Alert[]; total: number }> {
  let query = database.read.selectFrom('alert').where('incident_id', '=', request.incidentId);
  if (request.active !== undefined) query = query.where('progress', '=', request.active ? 'Triggered' : 'Closed');
  const rows = await query
    .selectAll()
    .orderBy('alert_id', 'desc')
    .offset(request.offset)
    .limit(request.limit)
    .execute();
  const counted = await query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(alertOf), total: counted.total };
}

export interface ReportPage {
  readonly ascending: boolean;
  readonly after: string;
  readonly offset: number;
  readonly limit: number;
}

/** The reports that an alert has taken, with one more than asked for when there is a next page, and how many there are. */
export async function reportsOfAlert(
  database: Database,
  alertId: string,
  page: ReportPage,
): Promise<{ items: AlertEventRow[]; total: number }> {
  const all = database.read.selectFrom('alert_event').where('alert_id', '=', alertId);
  let query = all.selectAll().orderBy('event_id', page.ascending ? 'asc' : 'desc');
  if (page.after !== '') query = query.where('event_id', page.ascending ? '>' : '<', page.after);
  const rows = await query
    .offset(page.after === '' ? page.offset : 0)
    .limit(page.limit + 1)
    .execute();
  const counted = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows, total: counted.total };
}

/** Which reports a list of all of them shows. Empty lists restrict nothing. Instants are Unix milliseconds. */
export interface ReportFilter {
  readonly startTime: number;
  readonly endTime: number;
  readonly statuses: readonly string[];
  readonly channelIds: readonly number[];
  readonly integrationIds: readonly number[];
}

/** Reports by their time, with one more than asked for when there is a next page, and how many there are up to a limit. */
export async function listReports(
  database: Database,
  filter: ReportFilter,
  page: KeysetPage,
): Promise<{ items: AlertEventRow[]; total: number }> {
  const { anyOf } = database.dialect;
  let all = database.read
    .selectFrom('alert_event')
    .where('event_time', '>=', filter.startTime)
    .where('event_time', '<=', filter.endTime);
  if (filter.statuses.length > 0) all = all.where(anyOf('status', filter.statuses));
  if (filter.channelIds.length > 0) all = all.where(anyOf('channel_id', filter.channelIds));
  if (filter.integrationIds.length > 0) all = all.where(anyOf('integration_id', filter.integrationIds));
  const items = await pageOf(all.selectAll(), ['event_time', 'event_id'], page).execute();
  return { items, total: await countUpTo(database, all.select('event_id')) };
}

type AlertQuery<Out> = SelectQueryBuilder<Tables, 'alert', Out>;

function matching(database: Database, filter: AlertFilter): AlertQuery<object> {
  const { anyOf, contains } = database.dialect;
  let query: AlertQuery<object> = database.read
    .selectFrom('alert')
    .where('start_time', '<=', filter.endTime)
    .where('last_time', '>=', filter.startTime);
  if (filter.active !== undefined) query = query.where('end_time', filter.active ? '=' : '>', 0);
  if (filter.everMuted !== undefined) query = query.where('ever_muted', '=', filter.everMuted ? 1 : 0);
  if (filter.severities.length > 0) query = query.where(anyOf('severity', filter.severities));
  if (filter.channelIds.length > 0) query = query.where(anyOf('channel_id', filter.channelIds));
  if (filter.integrationIds.length > 0) query = query.where(anyOf('integration_id', filter.integrationIds));
  if (filter.alertIds.length > 0) query = query.where(anyOf('alert_id', filter.alertIds));
  if (filter.alertKeys.length > 0) query = query.where(anyOf('alert_key', filter.alertKeys));
  return filter.title === '' ? query : query.where(contains('title', filter.title));
}
