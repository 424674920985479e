import type { Directory } from '../events/directory.ts';
import { seconds } from '../events/event.ts';
import type { ReportRow } from './alert-list-store.ts';
import { shownTitle, type Alert } from './alert.ts';

/** The `alert` object of a push (contract 1.7): every key, times in Unix seconds. */
export function alertPayload(alert: Alert, incidentTitle: string, directory: Directory): Record<string, unknown> {
  const source = directory.source(alert.integrationId);
  return {
    alert_id: alert.alertId,
    account_id: directory.accountId,
    data_source_id: alert.integrationId,
    data_source_name: source?.name ?? '',
    data_source_type: source?.type ?? '',
    data_source_ref_id: source?.refId ?? '',
    integration_id: alert.integrationId,
    integration_name: source?.name ?? '',
    integration_type: source?.type ?? '',
    channel_id: alert.channelId,
    channel_name: directory.channelName(alert.channelId),
    title: shownTitle(alert),
    title_rule: alert.titleRule,
    description: alert.description,
    alert_key: alert.alertKey,
    alert_severity: alert.severity,
    alert_status: alert.status,
    progress: alert.progress,
    created_at: seconds(alert.createdAt),
    updated_at: seconds(alert.updatedAt),
    start_time: seconds(alert.startTime),
    last_time: seconds(alert.lastTime),
    end_time: seconds(alert.endTime),
    close_time: seconds(alert.closeTime),
    labels: alert.labels,
    event_cnt: alert.eventCnt,
    ...(alert.incidentId === '' ? {} : { incident: { incident_id: alert.incidentId, title: incidentTitle } }),
    ...(alert.images.length === 0 ? {} : { images: alert.images }),
    responder_id: 0,
    responder_name: '',
    responder_email: '',
  };
}

/** The Alert of the API (contract 6.5): the pushed object, and its incident's progress. */
export function alertObject(
  alert: Alert,
  incident: { title: string; progress: string } | undefined,
  directory: Directory,
): Record<string, unknown> {
  return {
    ...alertPayload(alert, '', directory),
    channel_status: directory.channelStatus(alert.channelId),
    integration_ref_id: directory.source(alert.integrationId)?.refId ?? '',
    ever_muted: alert.everMuted,
    images: alert.images,
    ...(incident === undefined
      ? {}
      : { incident: { incident_id: alert.incidentId, title: incident.title, progress: incident.progress } }),
  };
}

/** The AlertEvent of the API (contract 6.5): a stored report. */
export function alertEventObject(row: ReportRow, directory: Directory): Record<string, unknown> {
  return {
    event_id: row.event_id,
    alert_id: row.alert_id,
    account_id: directory.accountId,
    channel_id: row.channel_id,
    integration_id: row.integration_id,
    integration_type: directory.source(row.integration_id)?.type ?? '',
    data_source_id: row.integration_id,
    title: row.title,
    title_rule: row.title_rule,
    description: row.description,
    alert_key: row.alert_key,
    event_severity: row.status,
    event_status: row.status,
    event_time: seconds(row.event_time),
    labels: JSON.parse(row.labels_json) as unknown,
    images: JSON.parse(row.images_json) as unknown,
    created_at: seconds(row.created_at),
    updated_at: seconds(row.created_at),
  };
}
