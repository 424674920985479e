import { seconds } from '../events/event.ts';
import type { Directory } from '../events/directory.ts';
import type { Assignment, Incident, Responder } from './incident.ts';
import { numOf } from './incident.ts';

/** The `incident` object of a push (contract 1.6): every key, times in Unix seconds. */
export function incidentPayload(incident: Incident, directory: Directory): Record<string, unknown> {
  const source = directory.source(incident.integrationId);
  const sourceIds = incident.integrationIds;
  const sourceTypes = typesOf(sourceIds, directory);
  return {
    incident_id: incident.incidentId,
    num: numOf(incident.incidentId),
    account_id: directory.accountId,
    account_name: directory.accountName,
    title: incident.title,
    description: incident.description,
    impact: incident.impact,
    root_cause: incident.rootCause,
    resolution: incident.resolution,
    incident_severity: incident.severity,
    incident_status: incident.status,
    progress: incident.progress,
    created_at: seconds(incident.createdAt),
    updated_at: seconds(incident.updatedAt),
    start_time: seconds(incident.startTime),
    last_time: seconds(incident.lastTime),
    end_time: seconds(incident.endTime),
    ack_time: seconds(incident.ackTime),
    close_time: seconds(incident.closeTime),
    snoozed_before: seconds(incident.snoozedBefore),
    labels: incident.labels,
    fields: incident.fields,
    creator_id: incident.creatorId,
    ...(incident.creatorId === 0 ? {} : { creator: directory.person(incident.creatorId) }),
    closer_id: incident.closerId,
    ...(incident.closerId === 0 ? {} : { closer: directory.person(incident.closerId) }),
    responders: incident.responders.map((responder) => responderPayload(responder, directory)),
    responder_ids: incident.responders.map((responder) => responder.personId),
    assigned_to: assignmentPayload(incident.assignedTo),
    alert_cnt: incident.alertCnt,
    channel_id: incident.channelId,
    channel_name: directory.channelName(incident.channelId),
    data_source_id: incident.integrationId,
    integration_id: incident.integrationId,
    integration_type: source?.type ?? '',
    dedup_key: incident.dedupKey,
    equals_md5: incident.equalsMd5,
    group_method: incident.groupMethod,
    detail_url: [directory.consoleUrl, 'incident', 'detail', incident.incidentId].join('/'),
    integration_ids: sourceIds,
    integration_types: sourceTypes,
    data_source_ids: sourceIds,
    data_source_type: source?.type ?? '',
    data_source_types: sourceTypes,
    owner_id: incident.ownerId,
    ...(incident.ownerId === 0 ? {} : { owner: directory.person(incident.ownerId) }),
    ever_muted: incident.everMuted,
    active_alert_cnt: incident.statusCounts.open,
    alert_event_cnt: incident.alertEventCnt,
    channel_status: directory.channelStatus(incident.channelId),
    images: incident.images,
    links: linksOf(incident.labels),
    manual_overrides: incident.manualOverrides,
    deleted_at: 0,
  };
}

function typesOf(sourceIds: readonly number[], directory: Directory): string[] {
  const types = new Set<string>();
  for (const id of sourceIds) {
    const source = directory.source(id);
    if (source !== undefined) types.add(source.type);
  }
  return [...types];
}

/** Links that an incident shows. */
const linksMax = 20;

/** The labels whose names say that they are links, such as `runbook_url` and `generatorURL`. */
function linksOf(labels: Incident['labels']): { name: string; endpoint: string; open_type: 'tab' }[] {
  // The values first: few are links, and most show that with their first character.
  const names = Object.keys(labels).filter(
    (name) => /^https?:\/\/\S+$/i.test(labels[name] ?? '') && /(?:url|link)$/i.test(name),
  );
  return names.slice(0, linksMax).map((name) => ({ name, endpoint: labels[name] ?? '', open_type: 'tab' }));
}

/** Contract 1.5. */
export function responderPayload(responder: Responder, directory: Directory): Record<string, unknown> {
  return {
    ...directory.person(responder.personId),
    assigned_at: seconds(responder.assignedAt),
    acknowledged_at: seconds(responder.acknowledgedAt),
  };
}

/** `assigned_to` (contract 1.6); empty before an assignment. */
export function assignmentPayload(assignment: Assignment | undefined): Record<string, unknown> {
  if (assignment === undefined) return {};
  return {
    id: assignment.id,
    type: assignment.type,
    assigned_at: seconds(assignment.assignedAt),
    escalate_rule_id: assignment.escalateRuleId,
    escalate_rule_name: assignment.escalateRuleName,
    layer_idx: assignment.layerIdx,
    ...(assignment.personIds.length === 0 ? {} : { person_ids: assignment.personIds }),
  };
}

/** The Incident of the API (contract 6.4): the pushed object and the fields that only the API has. */
export function incidentObject(incident: Incident, directory: Directory): Record<string, unknown> {
  return {
    ...incidentPayload(incident, directory),
    post_mortem_id: '',
    ai_summary: '',
    reporter_email: incident.creatorId === 0 ? '' : directory.person(incident.creatorId).email,
  };
}
