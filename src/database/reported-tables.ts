/* The rows of alerts, incidents, their events and changes; `tables.ts` says how they hold their values. */

export interface AlertRow {
  alert_id: string;
  /** `integration:alert_key`: at most one open alert for each in a channel. */
  source_key: string;
  integration_id: number;
  channel_id: number;
  incident_id: string;
  alert_key: string;
  title: string;
  title_rule: string;
  description: string;
  severity: string;
  status: string;
  progress: string;
  start_time: number;
  last_time: number;
  end_time: number;
  close_time: number;
  labels_json: string;
  images_json: string;
  event_cnt: number;
  ever_muted: number;
  muted_until: number;
  muted_by: string;
  title_labels_json: string;
  started_at: number;
  reported_at: number;
  heard_at: number;
  expires_at: number;
  /** The first moment at which it changes by time alone; 0 = none. */
  due_at: number;
  created_at: number;
  updated_at: number;
  last_sequence: number;
  last_event_time: number;
  /** 1 = it is in an incident that another alert or a person opened; 0 = it opened its own, or is in none. */
  has_joined: number;
}

export interface AlertEventRow {
  event_id: string;
  /** '' when the report opened or changed no alert. */
  alert_id: string;
  integration_id: number;
  channel_id: number;
  alert_key: string;
  title: string;
  title_rule: string;
  description: string;
  status: string;
  event_time: number;
  /** '' = they stand in the first event of its alert, at `labels_from`. */
  labels_json: string;
  images_json: string;
  created_at: number;
  /** 1 = its alert had reports before; 0 = it opened its alert, or has none. */
  is_later: number;
  /** Characters of the stored payload before the labels, and of the labels; both 0 = they are here. */
  labels_from: number;
  labels_length: number;
}

export interface IncidentRow {
  incident_id: string;
  num: string;
  channel_id: number;
  integration_id: number;
  /** Of all alerts that have joined it. */
  integration_ids_json: string;
  title: string;
  description: string;
  impact: string;
  root_cause: string;
  resolution: string;
  severity: string;
  status: string;
  progress: string;
  start_time: number;
  last_time: number;
  end_time: number;
  ack_time: number;
  close_time: number;
  snoozed_before: number;
  labels_json: string;
  fields_json: string;
  images_json: string;
  creator_id: number;
  closer_id: number;
  owner_id: number;
  responders_json: string;
  assigned_to_json: string;
  alert_cnt: number;
  /** The number of its alerts by status: its own status follows without reading them. */
  status_counts_json: string;
  alert_event_cnt: number;
  dedup_key: string;
  equals_md5: string;
  group_method: string;
  /** Alerts may join until then; 0 = while it is open. */
  group_until: number;
  merge_disabled: number;
  manual_overrides_json: string;
  storms_json: string;
  ever_muted: number;
  /** Its deadlines. */
  timers_json: string;
  /** The earliest of these and of the end of its snooze; 0 = none. */
  due_at: number;
  /** When a person opened it again; 0 = never. */
  reopened_at: number;
  created_at: number;
  updated_at: number;
  last_sequence: number;
  last_event_time: number;
  /** The alert that opened it, wherever that is now; '' = a person did. */
  first_alert: string;
}

/** Open incidents by the digests of their grouping keys (contract 4.4). */
export interface GroupingKeyRow {
  channel_id: number;
  digest: string;
  incident_id: string;
}

export interface EventRow {
  event_id: string;
  /** `alert` or `incident`. */
  entity_kind: string;
  entity_id: string;
  sequence: number;
  event_type: string;
  event_time: number;
  channel_id: number;
  /** The person, 0 = the service. */
  person_id: number;
  /** The timeline's detail (contract 1.3, last column). */
  detail_json: string;
  /** The body of the push, as `events/stored-payload-store.ts` keeps it. */
  payload: string;
  /** Where a part of it stands in another one: of which event, from where, how much, and where it belongs here; '' and 0 = none. */
  shared_event: string;
  shared_from: number;
  shared_length: number;
  shared_at: number;
}

/** A timeline entry that is no event: it is not pushed and has no sequence number. */
export interface NoteRow {
  note_id: string;
  entity_id: string;
  /** Of the event before it. */
  sequence: number;
  note_type: string;
  /** 0 = the service. */
  person_id: number;
  detail_json: string;
  created_at: number;
}

/** A deployment or the like, as its newest report says. */
export interface ChangeRow {
  change_id: string;
  integration_id: number;
  /** 0 = of no channel. */
  channel_id: number;
  change_key: string;
  title: string;
  description: string;
  status: string;
  labels_json: string;
  link: string;
  start_time: number;
  last_time: number;
  end_time: number;
  event_cnt: number;
  created_at: number;
  updated_at: number;
}

/** A report of a change. */
export interface ChangeEventRow {
  event_id: string;
  change_id: string;
  integration_id: number;
  title: string;
  description: string;
  status: string;
  labels_json: string;
  link: string;
  event_time: number;
  created_at: number;
}
