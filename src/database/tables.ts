import type {
  AppKeyRow,
  AuditEntryRow,
  ChannelRow,
  ConfigPartRow,
  CustomFieldRow,
  EscalationRuleRow,
  InstallationRow,
  IntegrationRow,
  MemberRow,
  NoiseRuleRow,
  PasswordRow,
  RouteRow,
  SessionRow,
  SpentLinkRow,
  TeamMemberRow,
  TeamRow,
  WebhookRow,
  WebhookVersionRow,
} from './configuration-tables.ts';
import type {
  AlertEventRow,
  AlertRow,
  ChangeEventRow,
  ChangeRow,
  EventRow,
  GroupingKeyRow,
  IncidentRow,
  NoteRow,
} from './reported-tables.ts';

export type * from './configuration-tables.ts';
export type * from './reported-tables.ts';

/**
 * The stored rows. Instants are Unix milliseconds, 0 = not yet; our ids are text or 14-digit numbers, '' or 0 = none;
 * switches are 0 or 1; `…_json` holds JSON text; `…_sealed` is encrypted. Only columns of unique indexes are nullable.
 */
export interface Tables {
  installation: InstallationRow;
  config_part: ConfigPartRow;
  member: MemberRow;
  team: TeamRow;
  team_member: TeamMemberRow;
  app_key: AppKeyRow;
  session: SessionRow;
  password: PasswordRow;
  spent_link: SpentLinkRow;
  channel: ChannelRow;
  noise_rule: NoiseRuleRow;
  integration: IntegrationRow;
  integration_activity: IntegrationActivityRow;
  route: RouteRow;
  webhook: WebhookRow;
  webhook_version: WebhookVersionRow;
  alert: AlertRow;
  alert_event: AlertEventRow;
  incident: IncidentRow;
  grouping_key: GroupingKeyRow;
  event: EventRow;
  note: NoteRow;
  change: ChangeRow;
  change_event: ChangeEventRow;
  delivery: DeliveryRow;
  replay: ReplayRow;
  shard_lease: ShardLeaseRow;
  node: NodeRow;
  database_timeline: DatabaseTimelineRow;
  attempt: AttemptRow;
  idempotency: IdempotencyRow;
  custom_field: CustomFieldRow;
  escalation_rule: EscalationRuleRow;
  audit_entry: AuditEntryRow;
}

/** The rows as they are inserted. Columns that are left out have their defaults. */
export interface NewRows extends Omit<Tables, 'delivery'> {
  delivery: NewDeliveryRow;
}

/** What an integration did last; written beside its pushes. */
export interface IntegrationActivityRow {
  integration_id: number;
  last_event_at: number;
  error_at: number;
  /** '' = nothing was refused. */
  error_json: string;
  truncated_at: number;
  /** Alerts that its sender left out of its groups, all together. */
  truncated_cnt: number;
  unrouted_at: number;
  /** Its reports without a route, all together. */
  unrouted_cnt: number;
}

/** A delivery as it is made; no attempt has ended it. */
export interface NewDeliveryRow {
  delivery_id: string;
  webhook_id: number;
  webhook_type: string;
  event_id: string;
  /** 0, and one more per resend. */
  generation: number;
  entity_id: string;
  sequence: number;
  event_type: string;
  event_time: number;
  channel_id: number;
  /** The webhook's mode when the delivery was made; later changes do not apply. */
  mode: string;
  state: string;
  /** Attempts begun. */
  attempt: number;
  /** Rises with every claim; a result counts only under the fence of its claim. */
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
  /** Of the event before it that was due to this webhook in its lane; 0 = there was none. */
  previous_sequence: number;
  /** Types of the events that it stands in for, separated by commas. */
  superseded_types: string;
  /** When its first attempt began; 0 = none has ended yet. */
  first_attempt_at: number;
  /** Of its lane; see `database/shard.ts`. */
  shard: number;
  /** 0 = Critical, 1 = Warning, 2 = Info: the severity of its alert or incident after the event. */
  urgency: number;
  /** The replay that made it; '' = none. */
  replay_id: string;
}

/**
 * The attempt that ended it stands in its own row: its number, endpoint, outcome, status code, duration and message are the
 * delivery's. The wide columns are the last ones, so that lists do not read through them.
 */
export interface DeliveryRow extends NewDeliveryRow, WireColumns {
  /** When that attempt began; 0 = none has ended it. */
  started_at: number;
}

/** The node that may send in a shard, and until when by the database's clock. For several nodes. */
export interface ShardLeaseRow {
  shard: number;
  /** '' = nobody. */
  owner: string;
  /** Rises whenever another node takes over. */
  fence: number;
  expires_at: number;
}

/** A running node. Both instants by the database's clock. */
export interface NodeRow {
  node_id: string;
  started_at: number;
  heartbeat_at: number;
}

/** One row, `singleton` = 1: the histories of the server; see `delivery/store/failover-store.ts`. Used where several nodes can be. */
export interface DatabaseTimelineRow {
  singleton: number;
  /** The one that all deliveries are settled for. */
  known: string;
  /** The one that they are being settled for, '' = none, and up to which delivery. */
  settling: string;
  settle_until: string;
  /** Claims get fences above this, so that they are no claims of a history that was lost. */
  fence_floor: number;
}

/** A replay: sends deliveries of the history again, piece by piece. */
export interface ReplayRow {
  replay_id: string;
  webhook_id: number;
  /** Who asked for it. */
  member_id: number;
  /** `running`, `done`, `cancelled`, `failed`. */
  state: string;
  selection_json: string;
  /** `every` or `latest`. */
  order_policy: string;
  per_second: number;
  /** Deliveries selected when it began. */
  total: number;
  /** Deliveries that it has made. */
  made: number;
  /** Selected, and not to be sent: an older record of the same event, or under `latest` of the same object. */
  skipped: number;
  /** The last record that it has looked at. */
  cursor_time: number;
  cursor_id: string;
  /** Why it failed; '' otherwise. */
  message: string;
  /** When its next piece is due. */
  due_at: number;
  /** How long it waits for a receiver in trouble before the next piece; 0 = it does not. */
  pause_ms: number;
  created_at: number;
  finished_at: number;
}

/** The request of an attempt and its answer. */
interface WireColumns {
  /** 1 when a byte of the request was handed to the kernel: the receiver may have acted on it. */
  maybe_sent: number;
  /** `{dns, connect, tls, wait, body, reused, address}` in milliseconds; '' = not known. */
  timing_json: string;
  request_headers_json: string;
  /** '' when the event's own payload was sent. */
  request_body: string;
  response_headers_json: string;
  response_body: string;
}

/** An attempt that did not end its delivery: another one was to follow, or its result came late. */
export interface AttemptRow extends WireColumns {
  delivery_id: string;
  attempt: number;
  started_at: number;
  duration_ms: number;
  endpoint: string;
  outcome: string;
  reason: string;
  status_code: number;
  error_message: string;
}

export interface IdempotencyRow {
  /** SHA-256 of member, path and key. */
  idempotency_id: string;
  body_hash: string;
  /** '' while the first request runs. */
  response: string;
  created_at: number;
}
