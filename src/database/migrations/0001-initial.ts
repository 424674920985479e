import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import { oneOf } from './one-of.ts';

const table = (name: string, columns: string): string => `create table ${name} (${columns})`;

/** Queries repeat these predicates word for word, or the database does not use the index. */
const pending = `(state || '') = 'pending'`;
const open = `(state = 'pending' or state = 'sending' or state = 'retry_wait')`;
/** Rows that the history shows as failed. A delivered push is never in these indexes and does not pay for them. */
const failed = `state <> 'pending' and state <> 'sending' and state <> 'delivered'`;

/** The account, its people, and what they configure. */
const configuration: readonly string[] = [
  table(
    'installation',
    `singleton int8 not null primary key check (singleton = 1), account_id int8 not null, revision int8 not null,
       key_check text not null, created_at int8 not null`,
  ),
  table('config_part', `part text not null primary key, revision int8 not null`),
  table(
    'member',
    `member_id int8 not null primary key, member_name text not null, email text not null, country_code text not null,
       phone text not null, locale text not null, time_zone text not null,
       role text not null ${oneOf('role', 'admin', 'responder', 'viewer')},
       status text not null ${oneOf('status', 'enabled', 'pending', 'deleted')},
       ref_id text not null, created_at int8 not null, updated_at int8 not null`,
  ),
  `create unique index member_email on member (email) where status <> 'deleted'`,
  table(
    'team',
    `team_id int8 not null primary key, team_name text not null, description text not null,
       status text not null ${oneOf('status', 'enabled', 'deleted')}, ref_id text not null, creator_id int8 not null,
       updated_by int8 not null, created_at int8 not null, updated_at int8 not null`,
  ),
  `create unique index team_name on team (team_name) where status <> 'deleted'`,
  table('team_member', `team_id int8 not null, member_id int8 not null, primary key (team_id, member_id)`),
  table(
    'app_key',
    `key_id text not null primary key, member_id int8 not null, key_name text not null, key_hash text not null unique,
       key_hint text not null, status text not null ${oneOf('status', 'enabled', 'disabled')},
       created_at int8 not null, updated_at int8 not null`,
  ),
  `create index app_key_member on app_key (member_id)`,
  table(
    'session',
    `session_id text not null primary key, member_id int8 not null, token_hash text not null unique,
       method text not null ${oneOf('method', 'password', 'link')}, created_at int8 not null, seen_at int8 not null,
       address text not null, agent text not null`,
  ),
  `create index session_member on session (member_id)`,
  table('password', `member_id int8 not null primary key, password_hash text not null, set_at int8 not null`),
  table('spent_link', `link_id text not null primary key, expires_at int8 not null`),
  table(
    'channel',
    `channel_id int8 not null primary key, channel_name text not null, description text not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'disabled', 'deleted')}, creator_id int8 not null,
       settings_json text not null, created_at int8 not null, updated_at int8 not null, deleted_at int8 not null`,
  ),
  `create unique index channel_name on channel (channel_name) where status <> 'deleted'`,
  table(
    'noise_rule',
    `rule_id text not null primary key, channel_id int8 not null,
       kind text not null ${oneOf('kind', 'drop', 'silence', 'inhibit')}, rule_name text not null,
       description text not null, priority int8 not null, status text not null ${oneOf('status', 'enabled', 'disabled')},
       spec_json text not null, creator_id int8 not null, updated_by int8 not null, created_at int8 not null,
       updated_at int8 not null`,
  ),
  table(
    'escalation_rule',
    `rule_id text not null primary key, channel_id int8 not null, rule_name text not null,
       description text not null, template_id text not null, priority int8 not null,
       status text not null ${oneOf('status', 'enabled', 'disabled')},
       settings_json text not null, updated_by int8 not null, created_at int8 not null, updated_at int8 not null`,
  ),
  `create index escalation_rule_channel on escalation_rule (channel_id)`,
  table(
    'custom_field',
    `field_id text not null primary key, field_name text not null unique, display_name text not null,
       description text not null,
       field_type text not null ${oneOf('field_type', 'text', 'single_select', 'multi_select', 'checkbox')},
       value_type text not null ${oneOf('value_type', 'string', 'bool', 'float')},
       options_json text not null, default_json text not null, creator_id int8 not null, updated_by int8 not null,
       created_at int8 not null, updated_at int8 not null`,
  ),
  table(
    'integration',
    `integration_id int8 not null primary key, integration_name text not null, integration_type text not null,
       description text not null, channel_id int8 not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'disabled', 'deleted')}, key_hash text not null unique,
       key_sealed text not null, old_keys_json text not null, ref_id text not null, settings_json text not null, creator_id int8 not null,
       created_at int8 not null, updated_at int8 not null`,
  ),
  table(
    'route',
    `integration_id int8 not null primary key, version int8 not null, cases_json text not null,
       sections_json text not null, default_json text not null, creator_id int8 not null, updated_by int8 not null,
       created_at int8 not null, updated_at int8 not null`,
  ),
  table(
    'integration_activity',
    `integration_id int8 not null primary key, last_event_at int8 not null, error_at int8 not null,
       error_json text not null, truncated_at int8 not null, truncated_cnt int8 not null,
       unrouted_at int8 not null, unrouted_cnt int8 not null`,
  ),
  table(
    'webhook',
    `webhook_id int8 not null primary key,
       webhook_type text not null ${oneOf('webhook_type', 'incident', 'alert', 'custom_action')},
       webhook_name text not null, endpoint text not null, description text not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'paused', 'disabled', 'deleted')}, tls_verify int8 not null,
       headers_json text not null, channel_ids_json text not null, event_types_json text not null, timeout_ms int8 not null,
       delivery_mode text not null ${oneOf('delivery_mode', 'at_most_once', 'at_least_once')}, settings_json text not null,
       max_in_flight int8 not null, signing int8 not null, secrets_json text not null, creator_id int8 not null,
       created_at int8 not null, updated_at int8 not null`,
  ),
  `create unique index webhook_name on webhook (webhook_name) where status <> 'deleted'`,
  table(
    'webhook_version',
    `webhook_id int8 not null, revision int8 not null, changed_at int8 not null, replaced_at int8 not null,
       webhook_name text not null, webhook_type text not null, status text not null, channel_ids_json text not null,
       event_types_json text not null, primary key (webhook_id, revision)`,
  ),
  `create index webhook_version_replaced on webhook_version (replaced_at) where replaced_at > 0`,
  table(
    'audit_entry',
    `audit_id text not null primary key, created_at int8 not null, member_id int8 not null,
       operation text not null, object_id text not null, body_json text not null, request_id text not null,
       address text not null`,
  ),
  `create index audit_entry_time on audit_entry (created_at, audit_id)`,
];

/** Alerts, the reports that made them, incidents, their timelines, and changes. */
const reported: readonly string[] = [
  table(
    'alert',
    `alert_id text not null primary key, source_key text not null, integration_id int8 not null, channel_id int8 not null,
       incident_id text not null, alert_key text not null, title text not null, title_rule text not null,
       description text not null, severity text not null ${oneOf('severity', 'Critical', 'Warning', 'Info')},
       status text not null ${oneOf('status', 'Critical', 'Warning', 'Info', 'Ok')},
       progress text not null ${oneOf('progress', 'Triggered', 'Closed')}, start_time int8 not null, last_time int8 not null,
       end_time int8 not null, close_time int8 not null, labels_json text not null, images_json text not null,
       event_cnt int8 not null, ever_muted int8 not null, muted_until int8 not null, muted_by text not null,
       title_labels_json text not null, started_at int8 not null, reported_at int8 not null, heard_at int8 not null,
       expires_at int8 not null, due_at int8 not null, created_at int8 not null, updated_at int8 not null,
       last_sequence int8 not null, last_event_time int8 not null, has_joined int8 not null`,
  ),
  // At most one open alert for each key of a source in each channel; a recovery looks in all channels.
  `create unique index alert_open on alert (source_key, channel_id) where progress = 'Triggered'`,
  // The newest closed alert of a place; the open one has its own index, so that a new alert is in one of them only.
  `create index alert_source on alert (source_key, channel_id, alert_id) where progress = 'Closed'`,
  `create index alert_open_title on alert (channel_id, title) where progress = 'Triggered'`,
  `create index alert_due on alert (due_at, alert_id) where due_at > 0`,
  `create index alert_muted on alert (channel_id) where progress = 'Triggered' and incident_id = '' and ever_muted = 1`,
  `create index alert_muted_by on alert (muted_by) where muted_by <> ''`,
  // The incident itself names the alert that opened it, and most have no other.
  `create index alert_incident on alert (incident_id) where has_joined = 1`,
  `create index alert_updated on alert (updated_at, alert_id)`,
  // An inhibition looks for its sources among the open alerts of a channel.
  `create index alert_active on alert (channel_id, alert_id) where progress = 'Triggered' and muted_by = ''`,
  table(
    'alert_event',
    `event_id text not null, alert_id text not null, integration_id int8 not null, channel_id int8 not null,
       alert_key text not null, title text not null, title_rule text not null, description text not null,
       status text not null, event_time int8 not null, labels_json text not null, images_json text not null,
       created_at int8 not null, is_later int8 not null, labels_from int8 not null, labels_length int8 not null`,
  ),
  // Most alerts have one report, which they find by their own integration and time. Only the later ones are looked up by alert.
  `create index alert_event_later on alert_event (alert_id, event_id) where is_later = 1`,
  // The reports of an integration by time, and the first one of an alert.
  `create index alert_event_integration on alert_event (integration_id, created_at, alert_id)`,
  `create index alert_event_time on alert_event (event_time, event_id)`,
  table(
    'incident',
    `incident_id text not null primary key, num text not null, channel_id int8 not null, integration_id int8 not null,
       integration_ids_json text not null,
       title text not null, description text not null, impact text not null, root_cause text not null,
       resolution text not null, severity text not null ${oneOf('severity', 'Critical', 'Warning', 'Info')},
       status text not null ${oneOf('status', 'Critical', 'Warning', 'Info', 'Ok')},
       progress text not null ${oneOf('progress', 'Triggered', 'Processing', 'Closed')}, start_time int8 not null,
       last_time int8 not null, end_time int8 not null, ack_time int8 not null, close_time int8 not null,
       snoozed_before int8 not null, labels_json text not null, fields_json text not null, images_json text not null,
       creator_id int8 not null, closer_id int8 not null, owner_id int8 not null, responders_json text not null,
       assigned_to_json text not null, alert_cnt int8 not null, status_counts_json text not null,
       alert_event_cnt int8 not null, dedup_key text not null, equals_md5 text not null, group_method text not null,
       group_until int8 not null, merge_disabled int8 not null, manual_overrides_json text not null,
       storms_json text not null, ever_muted int8 not null, timers_json text not null, due_at int8 not null, reopened_at int8 not null,
       created_at int8 not null, updated_at int8 not null, last_sequence int8 not null, last_event_time int8 not null,
       first_alert text not null`,
  ),
  `create index incident_start on incident (start_time, incident_id)`,
  `create index incident_num on incident (num, incident_id)`,
  `create index incident_channel on incident (channel_id, start_time, incident_id)`,
  `create index incident_dedup on incident (dedup_key, start_time) where dedup_key <> ''`,
  // It holds what the open ones are counted by.
  `create index incident_open on incident (start_time, incident_id, severity, progress, channel_id) where progress <> 'Closed'`,
  // Few incidents have a deadline; the earliest one finds them.
  `create index incident_due on incident (due_at, incident_id) where due_at > 0`,
  table(
    'grouping_key',
    `channel_id int8 not null, digest text not null, incident_id text not null,
       primary key (channel_id, digest, incident_id)`,
  ),
  `create index grouping_key_incident on grouping_key (incident_id)`,
  table(
    'event',
    `event_id text not null primary key, entity_kind text not null ${oneOf('entity_kind', 'alert', 'incident')},
       entity_id text not null, sequence int8 not null, event_type text not null, event_time int8 not null,
       channel_id int8 not null, person_id int8 not null, detail_json text not null, payload text not null, shared_event text not null,
       shared_from int8 not null, shared_length int8 not null, shared_at int8 not null`,
  ),
  `create unique index event_entity on event (entity_id, sequence)`,
  table(
    'note',
    `note_id text not null, entity_id text not null, sequence int8 not null, note_type text not null,
       person_id int8 not null, detail_json text not null, created_at int8 not null`,
  ),
  // A note is found by its entity only.
  `create index note_entity on note (entity_id, sequence)`,
  table(
    'change',
    `change_id text not null primary key, integration_id int8 not null, channel_id int8 not null,
       change_key text not null, title text not null, description text not null,
       status text not null ${oneOf('status', 'Planned', 'Ready', 'Processing', 'Canceled', 'Done')},
       labels_json text not null, link text not null, start_time int8 not null, last_time int8 not null,
       end_time int8 not null, event_cnt int8 not null, created_at int8 not null, updated_at int8 not null`,
  ),
  `create unique index change_key on change (integration_id, change_key)`,
  `create index change_start on change (start_time, change_id)`,
  `create index change_last on change (last_time, change_id)`,
  `create index change_updated on change (updated_at)`,
  table(
    'change_event',
    `event_id text not null primary key, change_id text not null, integration_id int8 not null, title text not null,
       description text not null, status text not null, labels_json text not null, link text not null,
       event_time int8 not null, created_at int8 not null`,
  ),
  `create index change_event_change on change_event (change_id, event_id)`,
  `create index change_event_created on change_event (created_at)`,
];

/**
 * Deliveries, each with the attempt that ended it, and the other attempts. Each is claimed, settled and read by its text id. An
 * ended delivery is in shard 0: only open ones are looked up by shard.
 */
const delivered: readonly string[] = [
  table(
    'delivery',
    `delivery_id text not null primary key, webhook_id int8 not null, webhook_type text not null, event_id text not null,
       generation int8 not null, entity_id text not null, sequence int8 not null, event_type text not null,
       event_time int8 not null, channel_id int8 not null, mode text not null,
       state text not null ${oneOf('state', 'pending', 'sending', 'retry_wait', 'delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded')},
       attempt int8 not null, fence int8 not null, endpoint text not null, status_code int8 not null,
       duration_ms int8 not null, reason text not null, error_message text not null, due_at int8 not null,
       claimed_at int8 not null, created_at int8 not null, finished_at int8 not null, shard int8 not null,
       urgency int8 not null, previous_sequence int8 not null, superseded_types text not null,
       first_attempt_at int8 not null, replay_id text not null,
       started_at int8 not null default 0, maybe_sent int8 not null default 0, timing_json text not null default '',
       request_headers_json text not null default '', request_body text not null default '',
       response_headers_json text not null default '', response_body text not null default ''`,
  ),
  // The last delivery of a lane, and all of an alert or incident; a resend is made once. Custom actions are in no lane: each has
  // its own place. The condition, which always holds, is said by those that mean this index: the open ones have a smaller one.
  `create unique index delivery_lane on delivery (entity_id, webhook_id, sequence, generation,
     (case when sequence = 0 then delivery_id else '' end)) where sequence >= 0`,
  // The history of all webhooks, its counts and its pruning. Ids rise with the time of making, which is no time of an event: a
  // resend or a replay of yesterday is made today.
  `create index delivery_time on delivery (event_time, delivery_id)`,
  // The same of one webhook, and its health.
  `create index delivery_webhook on delivery (webhook_id, event_time, delivery_id)`,
  // Finds deliveries by the time of their next attempt, without reading others.
  `create index delivery_due on delivery (due_at) where state = 'retry_wait'`,
  // Finds the claims of a stopped node, however many deliveries wait.
  `create index delivery_sending on delivery (shard) where state = 'sending'`,
  // The failures of all webhooks, and of one, among however many that were delivered.
  `create index delivery_failed on delivery (event_time, delivery_id) where ${failed}`,
  `create index delivery_failed_webhook on delivery (webhook_id, event_time, delivery_id) where ${failed}`,
  // The head of a lane, whether one has anything open, and all that is open, without what has ended.
  `create index delivery_open on delivery (webhook_id, entity_id, sequence, generation) where ${open}`,
  // Pending deliveries in the order in which they go, by class, the oldest first; and the Critical ones of a lane. The bare
  // state and id would let PostgreSQL take other indexes, which hold these rows too, and with statistics it does.
  `create index delivery_pending on delivery (webhook_id, urgency, delivery_id, entity_id) where ${pending}`,
  `create index delivery_pending_critical on delivery (webhook_id, (entity_id || ''), delivery_id) where urgency = 0 and ${pending}`,
  // A replay sends an event to a webhook once, whatever happens while it runs.
  `create unique index delivery_replay on delivery (replay_id, webhook_id, entity_id, sequence) where replay_id <> ''`,
  // Those of a replay that have not ended, at 0, and those that ended last.
  `create index delivery_replay_ended on delivery (replay_id, finished_at) where replay_id <> ''`,
  table(
    'attempt',
    `delivery_id text not null, attempt int8 not null, started_at int8 not null, duration_ms int8 not null,
       endpoint text not null, outcome text not null, reason text not null, maybe_sent int8 not null,
       status_code int8 not null, error_message text not null, timing_json text not null,
       request_headers_json text not null,
       request_body text not null, response_headers_json text not null, response_body text not null,
       primary key (delivery_id, attempt)`,
  ),
];

/** The state of the service. */
const running: readonly string[] = [
  table(
    'replay',
    `replay_id text not null primary key, webhook_id int8 not null, member_id int8 not null,
       state text not null ${oneOf('state', 'running', 'done', 'cancelled', 'failed')}, selection_json text not null,
       order_policy text not null, per_second int8 not null, total int8 not null, made int8 not null,
       skipped int8 not null, cursor_time int8 not null, cursor_id text not null, message text not null, due_at int8 not null, pause_ms int8 not null, created_at int8 not null,
       finished_at int8 not null`,
  ),
  // A webhook has one running replay at most.
  `create unique index replay_running on replay (webhook_id) where state = 'running'`,
  `create index replay_created on replay (created_at, replay_id)`,
  `create index replay_webhook on replay (webhook_id, created_at, replay_id)`,
  `create index replay_ended on replay (finished_at, replay_id) where state <> 'running'`,
  table(
    'shard_lease',
    `shard int8 not null primary key, owner text not null, fence int8 not null, expires_at int8 not null`,
  ),
  table('node', `node_id text not null primary key, started_at int8 not null, heartbeat_at int8 not null`),
  table(
    'database_timeline',
    `singleton int8 not null primary key check (singleton = 1), known text not null,
       settling text not null, settle_until text not null, fence_floor int8 not null`,
  ),
  table(
    'idempotency',
    `idempotency_id text not null primary key, body_hash text not null, response text not null, created_at int8 not null`,
  ),
  `create index idempotency_created on idempotency (created_at)`,
];

/** Short rows that are nothing but their key: SQLite keeps them in its tree alone. */
const keyOnly = ['grouping_key'];

const statements = [...configuration, ...reported, ...delivered, ...running];

/** Until the first release, another schema makes another name, so that a database with an earlier one is refused. */
const fingerprint = createHash('sha256')
  .update([...statements, ...keyOnly].join('\n'))
  .digest('hex')
  .slice(0, 8);

/**
 * The schema, one text for both databases. Partial indexes hold open rows only, so they stay small however long the
 * history grows. Their predicates use `or`: for `in (…)` SQLite builds a small tree for each written row, which was
 * half the cost of writing a delivery.
 */
export const initial: Migration = {
  name: `0001-initial-${fingerprint}`,
  async up(db, { integer, text, strict, searchIndex }) {
    for (const statement of statements) {
      const typed = statement.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
      const isNarrow = keyOnly.some((name) => typed.startsWith(`create table ${name} `));
      const options = isNarrow && strict !== '' ? `${strict}, without rowid` : strict;
      const whole = typed.startsWith('create table') ? `${typed} ${options}` : typed;
      await sql.raw(whole).execute(db);
    }
    await sql.raw(searchIndex).execute(db);
  },
};
