/* The rows of the configuration; `tables.ts` says how they hold their values. */

/** One row, `singleton` = 1. `revision` rises with every change of the configuration. */
export interface InstallationRow {
  singleton: number;
  account_id: number;
  revision: number;
  /** Shows whether a node has the key that the secrets were encrypted with. */
  key_check: string;
  created_at: number;
}

/** The installation's revision at the last change of a part of the configuration, such as `webhooks`. */
export interface ConfigPartRow {
  part: string;
  revision: number;
}

export interface MemberRow {
  member_id: number;
  member_name: string;
  /** Lower case, unique; '' for deleted members only. */
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

/** A browser in which a member is signed in. */
export interface SessionRow {
  session_id: string;
  member_id: number;
  /** SHA-256 of the token in the cookie, hex. The token itself is never stored. */
  token_hash: string;
  method: string;
  created_at: number;
  seen_at: number;
  address: string;
  agent: string;
}

export interface PasswordRow {
  member_id: number;
  /** Argon2id in PHC text form. */
  password_hash: string;
  set_at: number;
}

/** A sign-in link that was used, kept until it has expired. */
export interface SpentLinkRow {
  link_id: string;
  expires_at: number;
}

export interface ChannelRow {
  channel_id: number;
  channel_name: string;
  description: string;
  team_id: number;
  status: string;
  creator_id: number;
  /** Grouping, auto-resolve and other settings, as in the API. */
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
  /** 0 = shared: a route decides. */
  channel_id: number;
  team_id: number;
  status: string;
  key_hash: string;
  key_sealed: string;
  /** `[{hash, until}]`: keys before the present one that are taken until then. */
  old_keys_json: string;
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
  /** `[{name, sealed}]`: values may be credentials. */
  headers_json: string;
  channel_ids_json: string;
  event_types_json: string;
  timeout_ms: number;
  delivery_mode: string;
  /** Order policy, retry limits, rate limit and other settings of some modes only. */
  settings_json: string;
  max_in_flight: number;
  signing: number;
  /** `[{sealed, expires_at}]`, the newest first; several while a rotation overlaps. */
  secrets_json: string;
  creator_id: number;
  created_at: number;
  updated_at: number;
}

/** Which events a webhook was to get since a change of that; kept as long as the history, to explain it. */
export interface WebhookVersionRow {
  webhook_id: number;
  /** Of the configuration, after the change. */
  revision: number;
  changed_at: number;
  /** When the next version followed; of a deletion, when it was made. 0 = it is in force. */
  replaced_at: number;
  webhook_name: string;
  webhook_type: string;
  status: string;
  channel_ids_json: string;
  event_types_json: string;
}

/** A custom field of incidents (contract 4.9). */
export interface CustomFieldRow {
  field_id: string;
  field_name: string;
  display_name: string;
  description: string;
  field_type: string;
  value_type: string;
  options_json: string;
  /** `null` when new incidents get no value. */
  default_json: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** An escalation rule (contract 4.8). */
export interface EscalationRuleRow {
  rule_id: string;
  channel_id: number;
  rule_name: string;
  description: string;
  template_id: string;
  /** The lowest runs first. */
  priority: number;
  status: string;
  /** Layers, filters and windows. */
  settings_json: string;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** A configuration change. Never updated. */
export interface AuditEntryRow {
  audit_id: string;
  created_at: number;
  member_id: number;
  /** The path of the operation, with colons, e.g. `channel:update`. */
  operation: string;
  object_id: string;
  /** The request, without secrets. */
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
  /** Fields of its kind: filters, times, equal keys. */
  spec_json: string;
  creator_id: number;
  updated_by: number;
  created_at: number;
  updated_at: number;
}

/** The route of a shared integration; one row each. */
export interface RouteRow {
  integration_id: number;
  /** 1 at first, and one more with each change. */
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
