/* The rows of what is configured; how they hold their values is told with the other tables. */

/** One row, `singleton` = 1. `revision` rises with every change of members, channels, integrations, webhooks, custom fields or keys. */
export interface InstallationRow {
  singleton: number;
  account_id: number;
  revision: number;
  /** Shows whether a node holds the key that the secrets were sealed with. */
  key_check: string;
  created_at: number;
}

export interface MemberRow {
  member_id: number;
  member_name: string;
  /** Lower case, unique; '' is allowed once deleted only. */
  email: string;
  country_code: string;
  phone: string;
  locale: string;
  time_zone: string;
  role: string;
  status: string;
  ref_id: string;
  created_at: number;
  updated_at: number;
}

export interface TeamRow {
  team_id: number;
  team_name: string;
  description: string;
  status: string;
  ref_id: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

export interface TeamMemberRow {
  team_id: number;
  member_id: number;
}

export interface AppKeyRow {
  key_id: string;
  member_id: number;
  key_name: string;
  /** SHA-256 of the key, hex. The key itself is never stored. */
  key_hash: string;
  key_hint: string;
  status: string;
  created_at: number;
  updated_at: number;
}

export interface ChannelRow {
  channel_id: number;
  channel_name: string;
  description: string;
  team_id: number;
  status: string;
  creator_id: number;
  /** Grouping, auto-resolve and the other behaviours, as the API takes them. */
  settings_json: string;
  created_at: number;
  updated_at: number;
  deleted_at: number;
}

export interface IntegrationRow {
  integration_id: number;
  integration_name: string;
  integration_type: string;
  description: string;
  /** 0 = shared: the event is routed. */
  channel_id: number;
  team_id: number;
  status: string;
  key_hash: string;
  key_sealed: string;
  ref_id: string;
  settings_json: string;
  creator_id: number;
  created_at: number;
  updated_at: number;
}

export interface WebhookRow {
  webhook_id: number;
  webhook_type: string;
  webhook_name: string;
  endpoint: string;
  description: string;
  team_id: number;
  status: string;
  tls_verify: number;
  /** `[{name, sealed}]`: the values may be credentials. */
  headers_json: string;
  channel_ids_json: string;
  event_types_json: string;
  timeout_ms: number;
  delivery_mode: string;
  /** What only some modes use: order policy, retry limits, rate limit, filter, template, value mapping. */
  settings_json: string;
  max_in_flight: number;
  signing: number;
  /** `[{sealed, expires_at}]`, the newest first; several while a rotation overlaps. */
  secrets_json: string;
  creator_id: number;
  created_at: number;
  updated_at: number;
}

/** A field that incidents have beside their own (contract 4.9). */
export interface CustomFieldRow {
  field_id: string;
  field_name: string;
  display_name: string;
  description: string;
  field_type: string;
  options_json: string;
  /** `null` when a new incident starts without a value. */
  default_json: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** Whom incidents of a channel are given to, one layer after the other (contract 4.8). */
export interface EscalationRuleRow {
  rule_id: string;
  channel_id: number;
  rule_name: string;
  description: string;
  template_id: string;
  /** The lowest is tried first. */
  priority: number;
  status: string;
  /** Layers, filters and windows. */
  settings_json: string;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** Something that somebody changed in the configuration. Never updated. */
export interface AuditEntryRow {
  audit_id: string;
  created_at: number;
  member_id: number;
  /** The path of the operation, with colons, e.g. `channel:update`. */
  operation: string;
  object_id: string;
  /** What was sent, without secrets. */
  body_json: string;
  request_id: string;
  address: string;
}

/** A drop, silence or inhibit rule of a channel. */
export interface NoiseRuleRow {
  rule_id: string;
  channel_id: number;
  kind: string;
  rule_name: string;
  description: string;
  /** The lower runs first. */
  priority: number;
  status: string;
  /** What only its kind has: filters, times, what must be equal. */
  spec_json: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** Into which channels a shared integration sends; one row each. */
export interface RouteRow {
  integration_id: number;
  /** 1 when it is made, and one more with each change. */
  version: number;
  cases_json: string;
  sections_json: string;
  /** `null` when there is none. */
  default_json: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}
