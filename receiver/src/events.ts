import type { AlertEventType, IncidentEventType } from './event-types.ts';

/**
 * The JSON bodies of pushes (contract 1.2 to 1.8). `event_time` is in Unix milliseconds, every other time in Unix
 * **seconds**, where 0 means "not yet".
 */
export type Push = IncidentPush | AlertPush;

/** What every push carries. The object beside it is the complete state after the event, so the newest push is always enough. */
export interface Envelope {
  /** When the event happened, Unix milliseconds. Strictly rises per incident and per alert, so it serves as a version. */
  event_time: number;
  /** 32 hex digits, the same in every repetition of this event: the id to recognise a push by that came twice. */
  event_id: string;
  /** Who did it. Absent, not null, when the service did. */
  person?: Person;
}

/** A push to an incident webhook, or of a custom action (`i_custom`), which has `incident.alerts` too. */
export interface IncidentPush extends Envelope {
  event_type: IncidentEventType;
  incident: Incident;
  alert?: never;
}

export interface AlertPush extends Envelope {
  event_type: AlertEventType;
  alert: Alert;
  incident?: never;
}

export type Severity = 'Critical' | 'Warning' | 'Info';
/** A severity while something is wrong; `Ok` once every alert has recovered. */
export type Status = Severity | 'Ok';

/** Contract 1.5. */
export interface Person {
  person_id: number;
  person_name: string;
  email: string;
}

/** Contract 1.5. */
export interface Responder extends Person {
  /** Unix seconds. */
  assigned_at?: number;
  /** Unix seconds, 0 = not acknowledged. */
  acknowledged_at?: number;
}

/** Contract 1.6. All times in Unix seconds. */
export interface Incident {
  /** 24 hex digits. */
  incident_id: string;
  /** The last six digits of the id in capitals, for people; not unique. */
  num: string;
  account_id: number;
  account_name: string;
  title: string;
  /** Text, Markdown or HTML. */
  description: string;
  impact: string;
  root_cause: string;
  resolution: string;
  incident_severity: Severity;
  incident_status: Status;
  progress: 'Triggered' | 'Processing' | 'Closed';
  created_at: number;
  updated_at: number;
  start_time: number;
  /** The newest event of its alerts. */
  last_time: number;
  /** The recovery; 0 while open, and can stay 0 after it was closed by hand. */
  end_time: number;
  /** The earliest acknowledgement; 0 again once all are withdrawn. */
  ack_time: number;
  close_time: number;
  /** Until when it is snoozed, 0 = it is not. */
  snoozed_before: number;
  labels: Record<string, string>;
  /** Custom fields by name; a value is a string, a boolean or a list of strings. */
  fields: Record<string, unknown>;
  /** 0 = made by the service. */
  creator_id: number;
  creator?: Person;
  /** 0 = not closed, or closed by the service. */
  closer_id: number;
  closer?: Person;
  /** Who works on it. May be empty in `i_new`. */
  responders: Responder[];
  responder_ids: number[];
  assigned_to: Assignment | Record<string, never>;
  alert_cnt: number;
  /** 0 = it belongs to no channel. */
  channel_id: number;
  channel_name: string;
  /** The integration of the first alert, 0 for an incident made by hand. */
  data_source_id: number;
  integration_id?: number;
  integration_type?: string;
  /** The `alert_key` of the first alert, '' for an incident made by hand. */
  dedup_key: string;
  equals_md5: string;
  /** `n` not grouped, `p` by rule, `i` intelligent. */
  group_method: 'n' | 'p' | 'i';
  detail_url: string;
  /** In `i_custom` only: its alerts, the newest 100; `alert_cnt` stays exact (contract 1.8). */
  alerts?: Alert[];
  images?: Image[];
  /** Since version 1 of the service; other senders leave these out. */
  integration_ids?: number[];
  integration_types?: string[];
  data_source_ids?: number[];
  data_source_type?: string;
  data_source_types?: string[];
  owner_id?: number;
  owner?: Person;
  ever_muted?: boolean;
  active_alert_cnt?: number;
  alert_event_cnt?: number;
  channel_status?: string;
  links?: { name: string; endpoint: string; open_type: 'popup' | 'tab' }[];
  manual_overrides?: string[];
  deleted_at?: number;
}

/** Contract 1.6: how the responders were found. */
export interface Assignment {
  /** 22 characters. */
  id: string;
  type: 'assign' | 'reassign' | 'escalate' | 'reopen';
  /** Unix seconds. */
  assigned_at: number;
  /** 24 hex digits; '' or all zeros for a direct assignment. */
  escalate_rule_id: string;
  escalate_rule_name: string;
  /** Layer of the rule, from 0. */
  layer_idx: number;
  /** For a direct assignment only. */
  person_ids?: number[];
  emails?: string[];
}

/** Contract 1.7. All times in Unix seconds. */
export interface Alert {
  /** 24 hex digits. */
  alert_id: string;
  account_id: number;
  data_source_id: number;
  data_source_name: string;
  /** Key of the integration's type, e.g. `prometheus`. */
  data_source_type: string;
  data_source_ref_id: string;
  integration_id?: number;
  integration_name?: string;
  integration_type?: string;
  channel_id: number;
  channel_name: string;
  title: string;
  title_rule: string;
  description: string;
  /** What the alert's events have in common. */
  alert_key: string;
  alert_severity: Severity;
  alert_status: Status;
  progress: 'Triggered' | 'Closed';
  created_at: number;
  updated_at: number;
  start_time: number;
  last_time: number;
  /** The last recovery. */
  end_time: number;
  close_time: number;
  labels: Record<string, string>;
  /** Events merged into it. */
  event_cnt: number;
  /** Absent while it belongs to none. */
  incident?: { incident_id: string; title: string };
  images?: Image[];
  /** Kept for old receivers: always 0, '' and ''. */
  responder_id: number;
  responder_name: string;
  responder_email: string;
}

export interface Image {
  src: string;
  href?: string;
  alt?: string;
}
