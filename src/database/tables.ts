import type {
  AppKeyRow,
  AuditEntryRow,
  ChannelRow,
  CustomFieldRow,
  EscalationRuleRow,
  InstallationRow,
  IntegrationRow,
  MemberRow,
  NoiseRuleRow,
  RouteRow,
  TeamMemberRow,
  TeamRow,
  WebhookRow,
} from './configuration-tables.ts';

export type * from './configuration-tables.ts';

/**
 * The rows as they are stored. Instants are Unix milliseconds, 0 = not yet; ids made by us are text or 14-digit numbers,
 * 0 or '' = none; switches are 0 or 1; `…_json` holds JSON text; `…_sealed` is encrypted. Nothing is nullable but what a
 * unique index must leave out.
 */
export interface Tables {
  installation: InstallationRow;
  member: MemberRow;
  team: TeamRow;
  team_member: TeamMemberRow;
  app_key: AppKeyRow;
  channel: ChannelRow;
  noise_rule: NoiseRuleRow;
  integration: IntegrationRow;
  route: RouteRow;
  webhook: WebhookRow;
  alert: AlertRow;
  alert_event: AlertEventRow;
  incident: IncidentRow;
  grouping_key: GroupingKeyRow;
  event: EventRow;
  note: NoteRow;
  delivery: DeliveryRow;
  shard_lease: ShardLeaseRow;
  node: NodeRow;
  lineage: LineageRow;
  attempt: AttemptRow;
  idempotency: IdempotencyRow;
  custom_field: CustomFieldRow;
  escalation_rule: EscalationRuleRow;
  audit_entry: AuditEntryRow;
}

export interface AlertRow {
  alert_id: string;
  /** `integration:channel:alert_key` while the alert is open, then null: at most one open alert for each. */
  open_key: string | null;
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
  created_at: number;
  updated_at: number;
  last_sequence: number;
  last_event_time: number;
}

export interface AlertEventRow {
  event_id: string;
  /** '' when the event opened or changed no alert. */
  alert_id: string;
  integration_id: number;
  channel_id: number;
  alert_key: string;
  title: string;
  title_rule: string;
  description: string;
  status: string;
  event_time: number;
  labels_json: string;
  images_json: string;
  created_at: number;
}

export interface IncidentRow {
  incident_id: string;
  num: string;
  channel_id: number;
  integration_id: number;
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
  /** How many of its alerts have each status, so that its own status needs no look at them. */
  status_counts_json: string;
  alert_event_cnt: number;
  dedup_key: string;
  equals_md5: string;
  group_method: string;
  /** Until when alerts may still join, 0 = while it is open. */
  group_until: number;
  merge_disabled: number;
  manual_overrides_json: string;
  storms_json: string;
  ever_muted: number;
  /** What happens to it by time alone. */
  timers_json: string;
  /** The earliest of these, and of the end of its snooze; 0 = none. */
  due_at: number;
  created_at: number;
  updated_at: number;
  last_sequence: number;
  last_event_time: number;
}

/** Open incidents by the digests of what their alerts have in common (contract 4.4). */
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
  /** Who did it, 0 = the service. */
  person_id: number;
  /** The timeline's detail (contract 1.3, last column). */
  detail_json: string;
  /** The push as it goes out: the snapshot after the event. */
  payload: string;
}

/** An entry of a timeline that is no event: it is pushed to nobody, and takes no number of the sequence. */
export interface NoteRow {
  note_id: string;
  entity_id: string;
  /** Of the event that it follows. */
  sequence: number;
  note_type: string;
  /** 0 = the service. */
  person_id: number;
  detail_json: string;
  created_at: number;
}

export interface DeliveryRow {
  delivery_id: string;
  webhook_id: number;
  webhook_type: string;
  event_id: string;
  /** 0, and one more with each resend. */
  generation: number;
  entity_id: string;
  sequence: number;
  event_type: string;
  event_time: number;
  channel_id: number;
  /** The webhook's mode when the delivery was made; a later change of mode does not touch it. */
  mode: string;
  state: string;
  /** Attempts begun. */
  attempt: number;
  /** Rises with every claim; a result counts only with the fence it was claimed under. */
  fence: number;
  endpoint: string;
  status_code: number;
  duration_ms: number;
  /**
   * How it or its last attempt ended, from the short list in `delivery/outcome.ts`; '' before any has, and perhaps again
   * after a claim was given back.
   */
  reason: string;
  error_message: string;
  due_at: number;
  claimed_at: number;
  created_at: number;
  finished_at: number;
  /** Of its lane; see `database/shard.ts`. */
  shard: number;
  /** 0 = Critical, 1 = Warning, 2 = Info: the severity of its alert or incident after the event. */
  urgency: number;
}

/** Which node may send in a shard, and until when by the database's clock. Used where several nodes can be. */
export interface ShardLeaseRow {
  shard: number;
  /** '' = nobody. */
  owner: string;
  /** Rises with every take-over. */
  fence: number;
  expires_at: number;
}

/** A running node. Both instants are by the database's clock. */
export interface NodeRow {
  node_id: string;
  started_at: number;
  heartbeat_at: number;
}

/** One row, `singleton` = 1: the histories of the server; see `delivery/lineage-store.ts`. Used where several nodes can be. */
export interface LineageRow {
  singleton: number;
  /** The one that all deliveries are settled for. */
  known: string;
  /** The one that they are being settled for, '' = none, and up to which delivery. */
  settling: string;
  settle_until: string;
  /** Claims get fences above this, so that they are no claims of a history that was lost. */
  fence_floor: number;
}

export interface AttemptRow {
  delivery_id: string;
  attempt: number;
  started_at: number;
  duration_ms: number;
  endpoint: string;
  outcome: string;
  reason: string;
  /** 1 once a byte of the request was handed to the kernel: nothing later can prove that the receiver did not act on it. */
  maybe_sent: number;
  status_code: number;
  error_message: string;
  request_headers_json: string;
  /** '' when the event's own payload was sent. */
  request_body: string;
  response_headers_json: string;
  response_body: string;
}

export interface IdempotencyRow {
  /** SHA-256 of member, path and key. */
  idempotency_id: string;
  body_hash: string;
  /** '' while the first request still runs. */
  response: string;
  created_at: number;
}
