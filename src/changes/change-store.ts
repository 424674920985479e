import { sql, type SelectQueryBuilder } from 'kysely';
import type { Database, Transaction } from '../database/database.ts';
import { countUpTo, cut, pageOf, type Cut, type KeysetPage, type KeysetPlace, sift } from '../database/keyset.ts';
import type { ChangeEventRow, ChangeRow, Tables } from '../database/tables.ts';
import type { Change, ChangeReport, ChangeStatus } from './change.ts';

/** Locks the change of a key until the end of the transaction. */
export async function lockChange(
  database: Pick<Database, 'dialect'>,
  tx: Transaction,
  integrationId: number,
  changeKey: string,
): Promise<Change | undefined> {
  const row = await tx.query
    .selectFrom('change')
    .selectAll()
    .where('integration_id', '=', integrationId)
    .where('change_key', '=', changeKey)
    .modifyEnd(database.dialect.forUpdate)
    .executeTakeFirst();
  return row === undefined ? undefined : changeOf(row);
}

/** @param event the report that made it so, and the id that it gets. */
export async function insertChange(tx: Transaction, change: Change, event: StoredChangeReport): Promise<void> {
  await tx.insertMany('change', [rowOf(change)]);
  await tx.insertMany('change_event', [eventRowOf(change, event)]);
}

export async function saveChange(tx: Transaction, change: Change, event: StoredChangeReport): Promise<void> {
  const { change_id, ...set } = rowOf(change);
  await tx.setMany('change', [{ match: { change_id }, set }]);
  await tx.insertMany('change_event', [eventRowOf(change, event)]);
}

export interface StoredChangeReport {
  readonly eventId: string;
  readonly report: ChangeReport;
  readonly createdAt: number;
}

/** Selects changes for a list. Empty lists and texts restrict nothing. Instants are Unix milliseconds. */
export interface ChangeFilter {
  /** The window: `start_time` ≤ its end and `last_time` ≥ its start. */
  readonly startTime: number;
  readonly endTime: number;
  readonly channelIds: readonly number[];
  readonly integrationIds: readonly number[];
  readonly changeIds: readonly string[];
  readonly statuses: readonly string[];
  /** Each word stands in the title, the description, the key or a label's value. */
  readonly words: readonly string[];
  /** Each label has exactly this value. */
  readonly labels: Readonly<Record<string, string>>;
  /** A condition that SQL cannot express. */
  readonly also: ((change: Change) => boolean) | undefined;
}

export interface ChangePage extends KeysetPage {
  readonly orderBy: 'start_time' | 'last_time';
}

export async function listChanges(
  database: Database,
  filter: ChangeFilter,
  page: ChangePage,
): Promise<Cut<Change> & { total: number }> {
  const query = matching(database, filter);
  const columns = [page.orderBy, 'change_id'] as const;
  const placeOf = (row: ChangeRow): KeysetPlace => ({ time: row[page.orderBy], id: row.change_id });
  const { also } = filter;
  if (also !== undefined) {
    return sift(query.selectAll(), columns, page, {
      read: (row) => {
        const change = changeOf(row);
        return also(change) ? change : undefined;
      },
      placeOf,
    });
  }
  const rows = await pageOf(query.selectAll(), columns, page).execute();
  const { items, next } = cut(rows, page.limit, placeOf);
  return { items: items.map(changeOf), next, total: await countUpTo(database, query.select('change_id')) };
}

/** Reports per change when they are asked for. */
const reportsPerChange = 20;

/** The newest reports of each change, the newest first. */
export async function reportsOfChanges(
  database: Database,
  changeIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ChangeEventRow[]>> {
  const read = await Promise.all(
    changeIds.map((id) =>
      database.longRead
        .selectFrom('change_event')
        .selectAll()
        .where('change_id', '=', id)
        .orderBy('event_id', 'desc')
        .limit(reportsPerChange)
        .execute(),
    ),
  );
  return new Map(changeIds.map((id, index) => [id, read[index] ?? []]));
}

/** Changes that are compared with one incident. */
const comparedMax = 1000;

/** The newest changes of a channel, and of none, in a window of `last_time`. */
export async function changesAround(
  database: Database,
  { channelId, from, to }: { channelId: number; from: number; to: number },
): Promise<Change[]> {
  const rows = await database.longRead
    .selectFrom('change')
    .selectAll()
    .where(database.dialect.anyOf('channel_id', [...new Set([channelId, 0])]))
    .where('last_time', '>=', from)
    .where('last_time', '<=', to)
    .orderBy('last_time', 'desc')
    .orderBy('change_id', 'desc')
    .limit(comparedMax)
    .execute();
  return rows.map(changeOf);
}

/** Deletes what is older, `max` rows of each table at most. @returns the number of the larger part. */
export async function purgeChanges(tx: Transaction, before: number, max: number): Promise<number> {
  const changes = await sql`delete from change where change_id in
    (select change_id from change where updated_at < ${before} order by updated_at limit ${max})`.execute(tx.query);
  const events = await sql`delete from change_event where event_id in
    (select event_id from change_event where created_at < ${before} order by created_at limit ${max})`.execute(
    tx.query,
  );
  return Math.max(Number(changes.numAffectedRows ?? 0), Number(events.numAffectedRows ?? 0));
}

function matching(database: Database, filter: ChangeFilter): SelectQueryBuilder<Tables, 'change', object> {
  const { anyOf, contains, containsValue, hasMember } = database.dialect;
  let query: SelectQueryBuilder<Tables, 'change', object> = database.longRead
    .selectFrom('change')
    .where('start_time', '<=', filter.endTime)
    .where('last_time', '>=', filter.startTime);
  if (filter.channelIds.length > 0) query = query.where(anyOf('channel_id', filter.channelIds));
  if (filter.integrationIds.length > 0) query = query.where(anyOf('integration_id', filter.integrationIds));
  if (filter.changeIds.length > 0) query = query.where(anyOf('change_id', filter.changeIds));
  if (filter.statuses.length > 0) query = query.where(anyOf('status', filter.statuses));
  for (const [name, value] of Object.entries(filter.labels)) {
    query = query.where(hasMember('labels_json', name, JSON.stringify(value)));
  }
  for (const word of filter.words) {
    const places = [
      contains('title', word),
      contains('description', word),
      contains('change_key', word),
      containsValue('labels_json', word),
    ];
    query = query.where(sql<boolean>`(${sql.join(places, sql` or `)})`);
  }
  return query;
}

function changeOf(row: ChangeRow): Change {
  return {
    changeId: row.change_id,
    integrationId: row.integration_id,
    channelId: row.channel_id,
    changeKey: row.change_key,
    title: row.title,
    description: row.description,
    status: row.status as ChangeStatus,
    labels: JSON.parse(row.labels_json) as Change['labels'],
    link: row.link,
    startTime: row.start_time,
    lastTime: row.last_time,
    endTime: row.end_time,
    eventCnt: row.event_cnt,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(change: Change): ChangeRow {
  return {
    change_id: change.changeId,
    integration_id: change.integrationId,
    channel_id: change.channelId,
    change_key: change.changeKey,
    title: change.title,
    description: change.description,
    status: change.status,
    labels_json: JSON.stringify(change.labels),
    link: change.link,
    start_time: change.startTime,
    last_time: change.lastTime,
    end_time: change.endTime,
    event_cnt: change.eventCnt,
    created_at: change.createdAt,
    updated_at: change.updatedAt,
  };
}

function eventRowOf(
  { changeId, integrationId }: Change,
  { eventId, report, createdAt }: StoredChangeReport,
): ChangeEventRow {
  return {
    event_id: eventId,
    change_id: changeId,
    integration_id: integrationId,
    title: report.title,
    description: report.description,
    status: report.status,
    labels_json: JSON.stringify(report.labels),
    link: report.link,
    event_time: report.eventTime,
    created_at: createdAt,
  };
}
