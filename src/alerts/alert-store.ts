import { sql, type RawBuilder } from 'kysely';
import { BuiltOnce } from '../database/built-once.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { AlertEventRow, AlertRow } from '../database/tables.ts';
import type { Event } from '../events/event.ts';
import { placeInPayload } from '../events/stored-payload-store.ts';
import type { Alert, AlertProgress, AlertReport, Image, Severity, Status } from './alert.ts';
import { alertDueAt, sourceKey } from './alert.ts';

/** Written out, not bound: only so does the database see that the indexes of open alerts hold them all. */
const open = sql.lit('Triggered');

/** The alerts of an incident: those that joined, by their index, and the one that opened it, by its id. */
export function isOfIncident(incidentId: string): RawBuilder<boolean> {
  return sql<boolean>`((alert.incident_id = ${incidentId} and alert.has_joined = 1)
    or (alert.incident_id = ${incidentId} and alert.alert_id =
      (select opened.first_alert from incident as opened where opened.incident_id = ${incidentId})))`;
}

/** Where alerts of one key follow each other. */
export interface AlertPlace {
  readonly sourceKey: string;
  readonly channelId: number;
}

export interface AlertTitle {
  readonly title: string;
  readonly channelId: number;
}

export interface AlertInChannel {
  readonly alertId: string;
  readonly channelId: number;
}

/** Alerts that are moved in one go. */
const movedMax = 250;

/** A key or a title, and the channel. */
type TextInChannel = readonly [text: string, channelId: number];

/** Locks, reads and writes alerts in the caller's transaction. Takes locks in the order of the ids. */
export class AlertStore {
  readonly #dialect: Database['dialect'];
  readonly #opened = new BuiltOnce((query, sourceKeys: readonly string[]) =>
    query
      .selectFrom('alert')
      .selectAll()
      .where(this.#dialect.anyOf('source_key', sourceKeys))
      .where('progress', '=', open)
      .orderBy('alert_id')
      .modifyEnd(this.#dialect.forUpdate),
  );
  readonly #lastClosed = new BuiltOnce((query, places: readonly TextInChannel[]) => {
    const newest = sql<string>`(select (select one.alert_id from alert as one
      where one.source_key = wanted.value ->> 0 and one.channel_id = cast(wanted.value ->> 1 as bigint)
      and one.progress = 'Closed' order by one.alert_id desc limit 1) from ${this.#dialect.tuples(places)})`;
    return query.selectFrom('alert').selectAll().where('alert_id', 'in', newest);
  });
  readonly #namesakes = new BuiltOnce((query, titles: readonly TextInChannel[]) => {
    const first = sql<string>`(select (select one.alert_id from alert as one
      where one.channel_id = cast(wanted.value ->> 1 as bigint) and one.title = wanted.value ->> 0
      and one.progress = 'Triggered' limit 1) from ${this.#dialect.tuples(titles)})`;
    return query.selectFrom('alert').selectAll().where('alert_id', 'in', first);
  });

  constructor(database: Pick<Database, 'dialect'>) {
    this.#dialect = database.dialect;
  }

  /** The open alerts that sources call so, in all channels. */
  async lockOpen(tx: Transaction, sourceKeys: readonly string[]): Promise<Alert[]> {
    if (sourceKeys.length === 0) return [];
    const wanted = [...new Set(sourceKeys)];
    const rows = await this.#opened.rows(tx.query, wanted, this.#dialect.listOf(wanted));
    return rows.map(alertOf);
  }

  /** The newest closed alert of each place, as it is, without a lock. */
  async lastClosed(tx: Transaction, places: readonly AlertPlace[]): Promise<Alert[]> {
    if (places.length === 0) return [];
    const wanted = places.map(({ sourceKey: key, channelId }) => [key, channelId] as const);
    const rows = await this.#lastClosed.rows(tx.query, wanted, JSON.stringify(wanted));
    return rows.map(alertOf);
  }

  /** An open alert for each title and channel that is there. */
  async openNamesakes(tx: Transaction, titles: readonly AlertTitle[]): Promise<Alert[]> {
    if (titles.length === 0) return [];
    // In a storm many alerts have one title.
    const byKey = new Map(titles.map((one) => [`${one.channelId} ${one.title}`, one]));
    const wanted = Array.from(byKey.values(), ({ title, channelId }) => [title, channelId] as const);
    const rows = await this.#namesakes.rows(tx.query, wanted, JSON.stringify(wanted));
    return rows.map(alertOf);
  }

  /** Lets the alerts that one of these inhibits be judged again now. */
  async judgeInhibitedBy(tx: Transaction, alertIds: readonly string[], now: number): Promise<void> {
    if (alertIds.length === 0) return;
    await tx.query
      .updateTable('alert')
      .set({ muted_until: now, due_at: now })
      .where('muted_by', '<>', sql.lit(''))
      .where(this.#dialect.anyOf('muted_by', alertIds))
      .where('progress', '=', open)
      .execute();
  }

  /** Lets every alert that is muted in the channel be judged again now: its rules have changed. */
  async judgeMuted(tx: Transaction, channelId: number, now: number): Promise<void> {
    await tx.query
      .updateTable('alert')
      .set({ muted_until: now, due_at: now })
      .where('channel_id', '=', channelId)
      .where('progress', '=', open)
      .where('incident_id', '=', sql.lit(''))
      .where('ever_muted', '=', sql.lit(1))
      .execute();
  }

  async lockByIds(tx: Transaction, alertIds: readonly string[]): Promise<Alert[]> {
    if (alertIds.length === 0) return [];
    const rows = await tx.query
      .selectFrom('alert')
      .selectAll()
      .where(this.#dialect.anyOf('alert_id', alertIds))
      .orderBy('alert_id')
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
    return rows.map(alertOf);
  }

  /**
   * Some of the alerts of an incident that still take reports, in any order. It reads the closed ones of the incident too, which
   * are 5,000 at most, and no other: an index of the open ones alone would cost each alert more.
   */
  async openOfIncident(tx: Transaction, incidentId: string, limit: number): Promise<AlertInChannel[]> {
    const rows = await tx.query
      .selectFrom('alert')
      .select(['alert_id', 'channel_id'])
      .where(isOfIncident(incidentId))
      // Not by an index of open alerts, which holds those of all incidents.
      .where(sql<boolean>`('' || progress) = 'Triggered'`)
      .limit(limit)
      .execute();
    return rows.map((row) => ({ alertId: row.alert_id, channelId: row.channel_id }));
  }

  /** Some of the alerts of an incident, open or not. */
  async lockPageOfIncident(tx: Transaction, incidentId: string, limit: number): Promise<Alert[]> {
    const rows = await tx.query
      .selectFrom('alert')
      .selectAll()
      .where(isOfIncident(incidentId))
      .orderBy('alert_id')
      .limit(limit)
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
    return rows.map(alertOf);
  }

  /** The distinct severities of all alerts of an incident. */
  async severitiesOf(tx: Transaction, incidentId: string): Promise<Severity[]> {
    const rows = await tx.query
      .selectFrom('alert')
      .select('severity')
      .distinct()
      .where(isOfIncident(incidentId))
      .execute();
    return rows.map((row) => row.severity as Severity);
  }

  /** Moves all alerts of these incidents, open or not, to another. */
  async moveAll(tx: Transaction, fromIds: readonly string[], incidentId: string, now: number): Promise<void> {
    for (const fromId of fromIds) while ((await this.#moveSome(tx, fromId, incidentId, now)) === movedMax);
  }

  async #moveSome(tx: Transaction, fromId: string, incidentId: string, now: number): Promise<number> {
    const rows = await tx.query
      .selectFrom('alert')
      .select('alert_id')
      .where(isOfIncident(fromId))
      .limit(movedMax)
      .execute();
    if (rows.length === 0) return 0;
    const ids = rows.map((row) => row.alert_id);
    await tx.query
      .updateTable('alert')
      .set({ incident_id: incidentId, has_joined: 1, updated_at: now })
      .where(this.#dialect.anyOf('alert_id', ids))
      .execute();
    await tx.giveTurn();
    return rows.length;
  }

  /**
   * Deletes up to `limit` later reports of these alerts, and when there are fewer, also the first ones.
   * @returns how many later ones; fewer than `limit` = no report is left.
   */
  async deleteReports(tx: Transaction, alertIds: readonly string[], limit: number): Promise<number> {
    if (alertIds.length === 0) return 0;
    const rows = await tx.query
      .selectFrom('alert_event')
      .select('event_id')
      .where(this.#dialect.anyOf('alert_id', alertIds))
      .where('is_later', '=', sql.lit(1))
      .orderBy('alert_id')
      .orderBy('event_id')
      .limit(limit)
      .execute();
    const eventIds = rows.map((row) => row.event_id);
    if (eventIds.length > 0) {
      await tx.query
        .deleteFrom('alert_event')
        .where(this.#dialect.anyOf('alert_id', alertIds))
        .where('is_later', '=', sql.lit(1))
        .where(this.#dialect.anyOf('event_id', eventIds))
        .execute();
    }
    if (eventIds.length < limit) await this.#deleteFirstReports(tx, alertIds);
    return eventIds.length;
  }

  async #deleteFirstReports(tx: Transaction, alertIds: readonly string[]): Promise<void> {
    const firstOnes = tx.query
      .selectFrom('alert')
      .select(['integration_id', 'created_at', 'alert_id'])
      .where(this.#dialect.anyOf('alert_id', alertIds));
    await tx.query
      .deleteFrom('alert_event')
      .where(({ eb, refTuple }) =>
        eb(
          refTuple('integration_id', 'created_at', 'alert_id'),
          'in',
          firstOnes.$asTuple('integration_id', 'created_at', 'alert_id'),
        ),
      )
      .where('is_later', '=', sql.lit(0))
      .execute();
  }

  /** Deletes alerts whose reports are deleted. Their events stay, so that their deliveries still go out. */
  async delete(tx: Transaction, alertIds: readonly string[]): Promise<void> {
    if (alertIds.length === 0) return;
    await tx.query.deleteFrom('alert').where(this.#dialect.anyOf('alert_id', alertIds)).execute();
  }

  async insert(tx: Transaction, alerts: readonly Alert[]): Promise<void> {
    await tx.insertMany('alert', alerts.map(rowOf));
  }

  async update(tx: Transaction, alerts: readonly Alert[]): Promise<void> {
    const changes = alerts.map((alert) => {
      const { alert_id, ...set } = rowOf(alert);
      return { match: { alert_id }, set };
    });
    await tx.setMany('alert', changes);
  }

  /** @param events of the same transaction: labels that stand in one of them are not stored again. */
  async insertReports(tx: Transaction, reports: readonly StoredReport[], events: readonly Event[]): Promise<void> {
    const first = new Map(
      events.filter(({ sequence }) => sequence === 1).map((event) => [event.entityId, event] as const),
    );
    await tx.insertMany(
      'alert_event',
      reports.map((stored) => reportRowOf(stored, stored.isLater ? undefined : first.get(stored.alertId))),
    );
  }
}

/** A stored report, with the alert that it opened or changed, '' when none. */
export interface StoredReport {
  readonly eventId: string;
  readonly alertId: string;
  /** Its alert had reports before. */
  readonly isLater: boolean;
  readonly integrationId: number;
  readonly channelId: number;
  readonly report: AlertReport;
  readonly receivedAt: number;
}

export function alertOf(row: AlertRow): Alert {
  return {
    alertId: row.alert_id,
    integrationId: row.integration_id,
    channelId: row.channel_id,
    incidentId: row.incident_id,
    hasJoined: row.has_joined === 1,
    alertKey: row.alert_key,
    title: row.title,
    titleRule: row.title_rule,
    description: row.description,
    severity: row.severity as Severity,
    status: row.status as Status,
    progress: row.progress as AlertProgress,
    startTime: row.start_time,
    lastTime: row.last_time,
    endTime: row.end_time,
    closeTime: row.close_time,
    labels: JSON.parse(row.labels_json) as Record<string, string>,
    images: JSON.parse(row.images_json) as Image[],
    eventCnt: row.event_cnt,
    everMuted: row.ever_muted === 1,
    mutedUntil: row.muted_until,
    mutedBy: row.muted_by,
    titleLabels: JSON.parse(row.title_labels_json) as string[],
    startedAt: row.started_at,
    reportedAt: row.reported_at,
    heardAt: row.heard_at,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastSequence: row.last_sequence,
    lastEventTime: row.last_event_time,
  };
}

function rowOf(alert: Alert): AlertRow {
  return {
    alert_id: alert.alertId,
    source_key: sourceKey(alert),
    integration_id: alert.integrationId,
    channel_id: alert.channelId,
    incident_id: alert.incidentId,
    alert_key: alert.alertKey,
    title: alert.title,
    title_rule: alert.titleRule,
    description: alert.description,
    severity: alert.severity,
    status: alert.status,
    progress: alert.progress,
    start_time: alert.startTime,
    last_time: alert.lastTime,
    end_time: alert.endTime,
    close_time: alert.closeTime,
    labels_json: JSON.stringify(alert.labels),
    images_json: JSON.stringify(alert.images),
    event_cnt: alert.eventCnt,
    ever_muted: alert.everMuted ? 1 : 0,
    muted_until: alert.mutedUntil,
    muted_by: alert.mutedBy,
    title_labels_json: JSON.stringify(alert.titleLabels),
    started_at: alert.startedAt,
    reported_at: alert.reportedAt,
    heard_at: alert.heardAt,
    expires_at: alert.expiresAt,
    due_at: alertDueAt(alert),
    created_at: alert.createdAt,
    updated_at: alert.updatedAt,
    last_sequence: alert.lastSequence,
    last_event_time: alert.lastEventTime,
    has_joined: alert.hasJoined ? 1 : 0,
  };
}

function reportRowOf(stored: StoredReport, first: Event | undefined): AlertEventRow {
  const labels = JSON.stringify(stored.report.labels);
  const place = first === undefined ? undefined : placeInPayload(first, labels);
  return {
    event_id: stored.eventId,
    alert_id: stored.alertId,
    integration_id: stored.integrationId,
    channel_id: stored.channelId,
    alert_key: stored.report.alertKey,
    title: stored.report.title,
    title_rule: stored.report.titleRule,
    description: stored.report.description,
    status: stored.report.status,
    event_time: stored.report.eventTime,
    labels_json: place === undefined ? labels : '',
    images_json: JSON.stringify(stored.report.images),
    created_at: stored.receivedAt,
    is_later: stored.isLater ? 1 : 0,
    labels_from: place?.from ?? 0,
    labels_length: place?.length ?? 0,
  };
}
