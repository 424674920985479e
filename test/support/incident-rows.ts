import type { AlertFilter } from '../../src/alerts/alert-list-store.ts';
import type { AlertRow, IncidentRow } from '../../src/database/tables.ts';
import type { Layer } from '../../src/incidents/escalation/rule.ts';
import type { IncidentFilter } from '../../src/incidents/incident-list-store.ts';

/** A list without any condition. */
export const everyIncident: IncidentFilter = {
  startTime: 0,
  endTime: Number.POSITIVE_INFINITY,
  progress: [],
  severities: [],
  channelIds: [],
  incidentIds: [],
  nums: [],
  creatorIds: [],
  closerIds: [],
  responderIds: [],
  ackerIds: [],
  query: '',
  title: '',
  labels: {},
  fields: {},
  snoozedAt: undefined,
  everMuted: undefined,
  rare: undefined,
  also: undefined,
};

/** A list without any condition. */
export const everyAlert: AlertFilter = {
  startTime: 0,
  endTime: Number.MAX_SAFE_INTEGER,
  active: undefined,
  everMuted: undefined,
  severities: [],
  channelIds: [],
  integrationIds: [],
  alertIds: [],
  alertKeys: [],
  title: '',
  labels: {},
  byUpdate: false,
};

const words =
  'web db api cache payment checkout login search disk cpu memory latency error timeout node pod kube'.split(' ');

/** One of many incidents that differ in everything that a list can be narrowed by. */
export function incidentRow(at: number): IncidentRow {
  const pick = (place: number) => words[place % words.length] ?? '';
  const id = (at + 0x6a00_0000).toString(16).padStart(24, '0');
  const time = 1_780_000_000_000 + at * 10;
  const host = `${pick(at)}-${at}`;
  const labels = {
    alertname: `High${pick(at * 7)}`,
    host,
    zone: 'prod-eu-1',
    job: 'node-exporter',
    team: `team-${pick(at * 5)}`,
  };
  return {
    incident_id: id,
    num: id.slice(-6).toUpperCase(),
    channel_id: at % 50,
    integration_id: 1,
    title: `High${pick(at * 7)} / ${host}`,
    description: `${pick(at * 3)} of ${host} is over ${at % 97} % since ${at}, see the runbook at https://wiki.example.test/${pick(at)}`,
    impact: '',
    root_cause: '',
    resolution: '',
    severity: at % 3 === 0 ? 'Critical' : 'Warning',
    status: 'Critical',
    progress: at % 100 === 0 ? 'Triggered' : 'Closed',
    start_time: time,
    last_time: time,
    end_time: 0,
    ack_time: 0,
    close_time: 0,
    snoozed_before: 0,
    labels_json: JSON.stringify(labels),
    fields_json: '{}',
    images_json: '[]',
    creator_id: 0,
    closer_id: 0,
    owner_id: 0,
    responders_json: '[]',
    assigned_to_json: '',
    alert_cnt: 1,
    status_counts_json: '{"open":1,"Critical":1,"Warning":0,"Info":0,"Ok":0}',
    integration_ids_json: '[]',
    alert_event_cnt: 1,
    dedup_key: host,
    equals_md5: '',
    group_method: 'n',
    group_until: 0,
    merge_disabled: 0,
    manual_overrides_json: '[]',
    storms_json: '[]',
    ever_muted: 0,
    timers_json: '{}',
    due_at: 0,
    created_at: time,
    updated_at: time,
    reopened_at: 0,
    last_sequence: 1,
    last_event_time: time,
    first_alert: idOfAlert(at),
  };
}

function idOfAlert(at: number): string {
  return (at + 0x6b00_0000).toString(16).padStart(24, '0');
}

/** The alert of {@link incidentRow}; every other one is found as those are that joined. */
export function alertRow(at: number): AlertRow {
  const incident = incidentRow(at);
  const { channel_id, title, description, severity, start_time: time, labels_json } = incident;
  const isOpen = incident.progress !== 'Closed';
  return {
    alert_id: idOfAlert(at),
    source_key: `1:key-${at}`,
    integration_id: at % 20,
    channel_id,
    incident_id: incident.incident_id,
    alert_key: `key-${at}`,
    title,
    title_rule: '',
    description,
    severity,
    status: isOpen ? severity : 'Ok',
    progress: isOpen ? 'Triggered' : 'Closed',
    start_time: time,
    last_time: time,
    end_time: isOpen ? 0 : time,
    close_time: isOpen ? 0 : time,
    labels_json,
    images_json: '[]',
    event_cnt: 1,
    ever_muted: 0,
    muted_until: 0,
    muted_by: '',
    title_labels_json: '[]',
    started_at: time,
    reported_at: time,
    heard_at: time,
    expires_at: 0,
    due_at: 0,
    created_at: time,
    updated_at: time,
    last_sequence: 1,
    last_event_time: time,
    has_joined: at % 2,
  };
}

/** A layer of an escalation rule, which assigns nobody yet. */
export function testLayer(change: Partial<Layer> = {}): Layer {
  return {
    personIds: [],
    teamIds: [],
    emails: [],
    escalateWindowMinutes: 10,
    forceEscalate: false,
    maxTimes: 2,
    notifyStepMinutes: 10,
    by: undefined,
    ...change,
  };
}
