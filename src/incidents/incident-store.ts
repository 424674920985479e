import { sql } from 'kysely';
import type { Alert, Image, Severity, Status } from '../alerts/alert.ts';
import { alertOf } from '../alerts/alert-store.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { IncidentRow } from '../database/tables.ts';
import {
  type Assignment,
  type GroupMethod,
  type Incident,
  type IncidentProgress,
  type Responder,
  type StatusCounts,
  numOf,
} from './incident.ts';
import { dueAt, noDeadlines, type Deadlines } from './deadlines.ts';

/** Locks, reads and writes incidents in the caller's transaction. Takes locks in the order of the ids. */
export class IncidentStore {
  readonly #dialect: Database['dialect'];

  constructor(database: Pick<Database, 'dialect'>) {
    this.#dialect = database.dialect;
  }

  async lockByIds(tx: Transaction, incidentIds: readonly string[]): Promise<Incident[]> {
    if (incidentIds.length === 0) return [];
    const rows = await tx.query
      .selectFrom('incident')
      .selectAll()
      .where(this.#dialect.anyOf('incident_id', incidentIds))
      .orderBy('incident_id')
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
    return rows.map(incidentOf);
  }

  /**
   * The incidents of the open alerts of these source keys. Sent after `AlertStore.lockOpen` and together with it, they come
   * with its answer.
   */
  async lockOfOpenAlerts(tx: Transaction, sourceKeys: readonly string[]): Promise<Incident[]> {
    if (sourceKeys.length === 0) return [];
    const ofAlerts = sql<string>`(select incident_id from alert
      where ${this.#dialect.anyOf('source_key', [...new Set(sourceKeys)])} and progress = 'Triggered'
      and incident_id <> '')`;
    const rows = await tx.query
      .selectFrom('incident')
      .selectAll()
      .where('incident_id', 'in', ofAlerts)
      .orderBy('incident_id')
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
    return rows.map(incidentOf);
  }

  /** The reopened incidents among these that are still open. */
  async lockReopened(tx: Transaction, incidentIds: readonly string[]): Promise<Incident[]> {
    if (incidentIds.length === 0) return [];
    const rows = await tx.query
      .selectFrom('incident')
      .selectAll()
      .where(this.#dialect.anyOf('incident_id', incidentIds))
      .where('reopened_at', '>', 0)
      // Not by the index of open ones, which is for lists.
      .where(sql<boolean>`('' || progress) <> 'Closed'`)
      .orderBy('incident_id')
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
    return rows.map(incidentOf);
  }

  /** Serialises the opening of grouped incidents of a channel, so that two nodes do not open two for one. */
  async lockChannel(tx: Transaction, channelId: number): Promise<void> {
    await tx.query
      .selectFrom('channel')
      .select('channel_id')
      .where('channel_id', '=', channelId)
      .modifyEnd(this.#dialect.forUpdate)
      .execute();
  }

  /** The open incidents of the channel that hold an alert with one of these digests. */
  async findGrouped(tx: Transaction, channelId: number, digests: readonly string[]): Promise<GroupingKey[]> {
    if (digests.length === 0) return [];
    const rows = await tx.query
      .selectFrom('grouping_key')
      .select(['digest', 'incident_id'])
      .where('channel_id', '=', channelId)
      .where(this.#dialect.anyOf('digest', digests))
      .execute();
    return rows.map((row) => ({ channelId, digest: row.digest, incidentId: row.incident_id }));
  }

  /** The newest open incidents under a digest, without a lock. */
  async listGrouped(tx: Transaction, channelId: number, digest: string, limit: number): Promise<Incident[]> {
    const rows = await tx.query
      .selectFrom('grouping_key')
      .innerJoin('incident', 'incident.incident_id', 'grouping_key.incident_id')
      .selectAll('incident')
      .where('grouping_key.channel_id', '=', channelId)
      .where('grouping_key.digest', '=', digest)
      .orderBy('grouping_key.incident_id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(incidentOf);
  }

  /** Open alerts that are not inhibited and whose incident, if any, is not acknowledged; newest first. */
  async listActiveAlerts(tx: Transaction, channelId: number, limit: number): Promise<Alert[]> {
    const rows = await tx.query
      .selectFrom('alert')
      .leftJoin('incident', 'incident.incident_id', 'alert.incident_id')
      .selectAll('alert')
      .where('alert.channel_id', '=', channelId)
      .where('alert.progress', '=', sql.lit('Triggered'))
      .where('alert.muted_by', '=', sql.lit(''))
      .where(({ eb, or }) => or([eb('incident.progress', 'is', null), eb('incident.progress', '=', 'Triggered')]))
      .orderBy('alert.alert_id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(alertOf);
  }

  async groupingKeysOf(tx: Transaction, incidentIds: readonly string[]): Promise<GroupingKey[]> {
    if (incidentIds.length === 0) return [];
    const rows = await tx.query
      .selectFrom('grouping_key')
      .selectAll()
      .where(this.#dialect.anyOf('incident_id', incidentIds))
      .execute();
    return rows.map((row) => ({ channelId: row.channel_id, digest: row.digest, incidentId: row.incident_id }));
  }

  async insertGroupingKeys(tx: Transaction, keys: readonly GroupingKey[]): Promise<void> {
    await tx.insertMany(
      'grouping_key',
      keys.map((key) => ({ channel_id: key.channelId, digest: key.digest, incident_id: key.incidentId })),
    );
  }

  async deleteGroupingKeys(tx: Transaction, incidentIds: readonly string[]): Promise<void> {
    if (incidentIds.length === 0) return;
    await tx.query.deleteFrom('grouping_key').where(this.#dialect.anyOf('incident_id', incidentIds)).execute();
  }

  /** Their events stay, so that their deliveries still go out. */
  async delete(tx: Transaction, incidentIds: readonly string[]): Promise<void> {
    if (incidentIds.length === 0) return;
    await this.deleteGroupingKeys(tx, incidentIds);
    await tx.query.deleteFrom('incident').where(this.#dialect.anyOf('incident_id', incidentIds)).execute();
  }

  async insert(tx: Transaction, incidents: readonly Incident[]): Promise<void> {
    await tx.insertMany('incident', incidents.map(rowOf));
  }

  async update(tx: Transaction, incidents: readonly Incident[]): Promise<void> {
    const changes = incidents.map((incident) => {
      const { incident_id, ...set } = rowOf(incident);
      return { match: { incident_id }, set };
    });
    await tx.setMany('incident', changes);
  }
}

export interface GroupingKey {
  readonly channelId: number;
  readonly digest: string;
  readonly incidentId: string;
}

export function incidentOf(row: IncidentRow): Incident {
  return {
    incidentId: row.incident_id,
    channelId: row.channel_id,
    integrationId: row.integration_id,
    integrationIds: JSON.parse(row.integration_ids_json) as number[],
    title: row.title,
    description: row.description,
    impact: row.impact,
    rootCause: row.root_cause,
    resolution: row.resolution,
    severity: row.severity as Severity,
    status: row.status as Status,
    progress: row.progress as IncidentProgress,
    startTime: row.start_time,
    lastTime: row.last_time,
    endTime: row.end_time,
    ackTime: row.ack_time,
    closeTime: row.close_time,
    snoozedBefore: row.snoozed_before,
    labels: JSON.parse(row.labels_json) as Record<string, string>,
    fields: JSON.parse(row.fields_json) as Record<string, unknown>,
    images: JSON.parse(row.images_json) as Image[],
    creatorId: row.creator_id,
    closerId: row.closer_id,
    ownerId: row.owner_id,
    responders: JSON.parse(row.responders_json) as Responder[],
    assignedTo: row.assigned_to_json === '' ? undefined : (JSON.parse(row.assigned_to_json) as Assignment),
    alertCnt: row.alert_cnt,
    statusCounts: JSON.parse(row.status_counts_json) as StatusCounts,
    alertEventCnt: row.alert_event_cnt,
    dedupKey: row.dedup_key,
    equalsMd5: row.equals_md5,
    firstAlert: row.first_alert,
    groupMethod: row.group_method as GroupMethod,
    groupUntil: row.group_until,
    mergeDisabled: row.merge_disabled === 1,
    manualOverrides: JSON.parse(row.manual_overrides_json) as string[],
    storms: JSON.parse(row.storms_json) as number[],
    everMuted: row.ever_muted === 1,
    timers: { ...noDeadlines, ...(JSON.parse(row.timers_json) as Partial<Deadlines>) },
    reopenedAt: row.reopened_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastSequence: row.last_sequence,
    lastEventTime: row.last_event_time,
  };
}

function rowOf(incident: Incident): IncidentRow {
  return {
    incident_id: incident.incidentId,
    num: numOf(incident.incidentId),
    channel_id: incident.channelId,
    integration_id: incident.integrationId,
    integration_ids_json: JSON.stringify(incident.integrationIds),
    title: incident.title,
    description: incident.description,
    impact: incident.impact,
    root_cause: incident.rootCause,
    resolution: incident.resolution,
    severity: incident.severity,
    status: incident.status,
    progress: incident.progress,
    start_time: incident.startTime,
    last_time: incident.lastTime,
    end_time: incident.endTime,
    ack_time: incident.ackTime,
    close_time: incident.closeTime,
    snoozed_before: incident.snoozedBefore,
    labels_json: JSON.stringify(incident.labels),
    fields_json: JSON.stringify(incident.fields),
    images_json: JSON.stringify(incident.images),
    creator_id: incident.creatorId,
    closer_id: incident.closerId,
    owner_id: incident.ownerId,
    responders_json: JSON.stringify(incident.responders),
    assigned_to_json: incident.assignedTo === undefined ? '' : JSON.stringify(incident.assignedTo),
    alert_cnt: incident.alertCnt,
    status_counts_json: JSON.stringify(incident.statusCounts),
    alert_event_cnt: incident.alertEventCnt,
    dedup_key: incident.dedupKey,
    equals_md5: incident.equalsMd5,
    group_method: incident.groupMethod,
    group_until: incident.groupUntil,
    merge_disabled: incident.mergeDisabled ? 1 : 0,
    manual_overrides_json: JSON.stringify(incident.manualOverrides),
    storms_json: JSON.stringify(incident.storms),
    ever_muted: incident.everMuted ? 1 : 0,
    timers_json: storedTimers(incident.timers),
    due_at: dueAt(incident),
    reopened_at: incident.reopenedAt,
    created_at: incident.createdAt,
    updated_at: incident.updatedAt,
    last_sequence: incident.lastSequence,
    last_event_time: incident.lastEventTime,
    first_alert: incident.firstAlert,
  };
}

/** Most incidents have none. */
function storedTimers(timers: Deadlines): string {
  const { escalateAt, resolveAt, resolveAfterMs, resolveRestarts } = timers;
  const isNone = escalateAt === 0 && resolveAt === 0 && resolveAfterMs === 0 && !resolveRestarts;
  return isNone ? '{}' : JSON.stringify(timers);
}
