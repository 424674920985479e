import { alertEventTypes, type AlertEventType, type EventType, type IncidentEventType } from '../events/event-types.ts';
import type { Person } from '../events/event.ts';
import type { WebhookType } from './webhook.ts';

/** The fields that differ between pushes of one type. */
export interface SampleHead {
  /** 32 hex digits. */
  readonly eventId: string;
  /** Unix milliseconds. */
  readonly eventTime: number;
}

/**
 * A complete push of each type, with every key of a real one (contract 1.2 to 1.8): sent by a test push and shown in
 * the reference. Its people, ids and addresses are fictitious.
 */
export function samplePush(
  webhookType: WebhookType,
  eventType: EventType,
  head: SampleHead = sampleHead,
): Record<string, unknown> {
  const envelope = { event_time: head.eventTime, event_type: eventType, event_id: head.eventId };
  const person = isDoneByPeople(eventType) ? { person: ada } : {};
  if (isAlertType(eventType)) {
    return { ...envelope, ...person, alert: { ...alert, ...alertChanges[eventType] } };
  }
  const alerts = webhookType === 'custom_action' ? { alerts: [{ ...alert, ...joined }] } : {};
  return { ...envelope, ...person, incident: { ...incident, ...incidentChanges[eventType], ...alerts } };
}

/** Whether a push of this type names somebody in the samples: most others come from the service itself. */
export function isDoneByPeople(type: EventType): boolean {
  return isAlertType(type) ? type === 'a_close' : !automatic.has(type);
}

const sampleHead: SampleHead = { eventId: '3f0c1d5e8a7b4c2990aa11bb22cc33dd', eventTime: 1_780_012_345_678 };

/** The incident types that the service itself raises in these samples: they have no `person`. */
const automatic: ReadonlySet<EventType> = new Set<IncidentEventType>(['i_new', 'i_storm']);

function isAlertType(type: EventType): type is AlertEventType {
  return alertEventTypes.some((one) => one === type);
}

const ada: Person = { person_id: 5001, person_name: 'Ada', email: 'ada@example.test' };
const grace: Person = { person_id: 5002, person_name: 'Grace', email: 'grace@example.test' };

const triggeredAt = 1_780_012_340;
const createdAt = 1_780_012_345;
const assignedAt = 1_780_012_350;
const changedAt = 1_780_012_400;
const incidentId = '6a1f00c2d4e5f60718293a4b';
const title = 'HighCPU / web-01:9100';
const labels = { alertname: 'HighCPU', instance: 'web-01:9100', service: 'web' };

/** Just opened by an alert: nobody assigned. */
const incident = {
  incident_id: incidentId,
  num: '293A4B',
  account_id: 10_010_001_001,
  account_name: 'Demo',
  title,
  description: 'cpu > 90%',
  impact: '',
  root_cause: '',
  resolution: '',
  incident_severity: 'Critical',
  incident_status: 'Critical',
  progress: 'Triggered',
  created_at: createdAt,
  updated_at: createdAt,
  start_time: triggeredAt,
  last_time: triggeredAt,
  end_time: 0,
  ack_time: 0,
  close_time: 0,
  snoozed_before: 0,
  labels,
  fields: {},
  creator_id: 0,
  closer_id: 0,
  responders: [] as readonly unknown[],
  responder_ids: [] as readonly number[],
  assigned_to: {},
  alert_cnt: 1,
  channel_id: 2001,
  channel_name: 'Web',
  data_source_id: 3001,
  integration_id: 3001,
  integration_type: 'prometheus',
  dedup_key: '20c7e821a52907a9',
  equals_md5: '',
  group_method: 'n',
  detail_url: `https://duty.example.test/incident/detail/${incidentId}`,
  integration_ids: [3001],
  integration_types: ['prometheus'],
  data_source_ids: [3001],
  data_source_type: 'prometheus',
  data_source_types: ['prometheus'],
  owner_id: 0,
  ever_muted: false,
  active_alert_cnt: 1,
  alert_event_cnt: 1,
  channel_status: 'enabled',
  images: [],
  links: [],
  manual_overrides: [],
  deleted_at: 0,
};

const assigned = {
  updated_at: changedAt,
  responders: [{ ...ada, assigned_at: assignedAt, acknowledged_at: 0 }],
  responder_ids: [ada.person_id],
  assigned_to: {
    id: 'NBRbNwDSTSMijKXdLtBU3T',
    type: 'assign',
    assigned_at: assignedAt,
    escalate_rule_id: '',
    escalate_rule_name: '',
    layer_idx: 0,
    person_ids: [ada.person_id],
  },
};

const acknowledged = {
  ...assigned,
  progress: 'Processing',
  ack_time: changedAt,
  responders: [{ ...ada, assigned_at: assignedAt, acknowledged_at: changedAt }],
};

/** The fields that each type changes, starting from the state that the event would follow. */
const incidentChanges: Readonly<Record<IncidentEventType, Record<string, unknown>>> = {
  i_new: {},
  i_assign: assigned,
  i_a_rspd: {
    ...assigned,
    responders: [...assigned.responders, { ...grace, assigned_at: changedAt, acknowledged_at: 0 }],
    responder_ids: [ada.person_id, grace.person_id],
  },
  i_snooze: { ...acknowledged, snoozed_before: changedAt + 7200 },
  i_wake: acknowledged,
  i_ack: acknowledged,
  i_unack: assigned,
  i_storm: { alert_cnt: 50, equals_md5: 'b0baee9d279d34fa1dfd71aadb908c3f', group_method: 'p', updated_at: changedAt },
  i_custom: acknowledged,
  i_rslv: {
    ...acknowledged,
    progress: 'Closed',
    close_time: changedAt,
    closer_id: ada.person_id,
    closer: ada,
    root_cause: 'a runaway batch job',
    resolution: 'the job was stopped',
  },
  i_reopen: { ...assigned, assigned_to: { ...assigned.assigned_to, type: 'reopen' } },
  i_merge: { ...acknowledged, alert_cnt: 3 },
  i_comm: acknowledged,
  i_r_title: { ...acknowledged, title: 'Web tier out of CPU' },
  i_r_desc: { ...acknowledged, description: 'All web servers are above 90% since the last release.' },
  i_r_impact: { ...acknowledged, impact: 'Pages load slowly for about a third of the users.' },
  i_r_rc: { ...acknowledged, root_cause: 'a runaway batch job' },
  i_r_rsltn: { ...acknowledged, resolution: 'the job was stopped' },
  i_r_severity: { ...acknowledged, incident_severity: 'Warning' },
  i_r_field: { ...acknowledged, fields: { priority: 'P1' } },
};

/** Just opened by a source. */
const alert = {
  alert_id: '6a1f00c1d4e5f60718293a40',
  account_id: incident.account_id,
  data_source_id: 3001,
  data_source_name: 'prom',
  data_source_type: 'prometheus',
  data_source_ref_id: '',
  integration_id: 3001,
  integration_name: 'prom',
  integration_type: 'prometheus',
  channel_id: 2001,
  channel_name: 'Web',
  title,
  title_rule: '',
  description: 'cpu > 90%',
  alert_key: incident.dedup_key,
  alert_severity: 'Critical',
  alert_status: 'Critical',
  progress: 'Triggered',
  created_at: createdAt,
  updated_at: createdAt,
  start_time: triggeredAt,
  last_time: triggeredAt,
  end_time: 0,
  close_time: 0,
  labels,
  event_cnt: 1,
  responder_id: 0,
  responder_name: '',
  responder_email: '',
};

const joined = { incident: { incident_id: incidentId, title } };

const alertChanges: Readonly<Record<AlertEventType, Record<string, unknown>>> = {
  a_new: {},
  // A recovery: the most wanted change of an alert, which has no separate type.
  a_update: {
    ...joined,
    alert_status: 'Ok',
    progress: 'Closed',
    last_time: changedAt,
    end_time: changedAt,
    close_time: changedAt,
    updated_at: changedAt,
    event_cnt: 2,
  },
  a_merge: joined,
  a_close: { ...joined, progress: 'Closed', close_time: changedAt, updated_at: changedAt },
};
