import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import { oneOf } from './one-of.ts';

/**
 * The first schema, one text for both databases. `open` partial indexes hold only what is still to be done, so they stay
 * small however long the history grows.
 */
export const initial: Migration = {
  name: '0001-initial',
  async up(db, { integer, text, strict }) {
    const table = async (name: string, columns: string) => {
      const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
      await sql`create table ${sql.table(name)} (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
    };
    const index = async (text: string) => {
      await sql.raw(`create ${text}`).execute(db);
    };

    await table(
      'installation',
      `singleton int8 not null primary key check (singleton = 1), account_id int8 not null, revision int8 not null,
       key_check text not null, created_at int8 not null`,
    );
    await table(
      'member',
      `member_id int8 not null primary key, member_name text not null, email text not null, country_code text not null,
       phone text not null, locale text not null, time_zone text not null,
       role text not null ${oneOf('role', 'admin', 'responder', 'viewer')},
       status text not null ${oneOf('status', 'enabled', 'pending', 'deleted')},
       ref_id text not null, created_at int8 not null, updated_at int8 not null`,
    );
    await index(`unique index member_email on member (email) where status <> 'deleted'`);
    await table(
      'team',
      `team_id int8 not null primary key, team_name text not null, description text not null,
       status text not null ${oneOf('status', 'enabled', 'deleted')}, ref_id text not null, creator_id int8 not null,
       updated_by int8 not null, created_at int8 not null, updated_at int8 not null`,
    );
    await index(`unique index team_name on team (team_name) where status <> 'deleted'`);
    await table('team_member', `team_id int8 not null, member_id int8 not null, primary key (team_id, member_id)`);
    await table(
      'app_key',
      `key_id text not null primary key, member_id int8 not null, key_name text not null, key_hash text not null unique,
       key_hint text not null, status text not null ${oneOf('status', 'enabled', 'disabled')},
       created_at int8 not null, updated_at int8 not null`,
    );
    await index(`index app_key_member on app_key (member_id)`);
    await table(
      'channel',
      `channel_id int8 not null primary key, channel_name text not null, description text not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'disabled', 'deleted')}, creator_id int8 not null,
       settings_json text not null, created_at int8 not null, updated_at int8 not null, deleted_at int8 not null`,
    );
    await index(`unique index channel_name on channel (channel_name) where status <> 'deleted'`);
    await table(
      'integration',
      `integration_id int8 not null primary key, integration_name text not null, integration_type text not null,
       description text not null, channel_id int8 not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'disabled', 'deleted')}, key_hash text not null unique,
       key_sealed text not null, ref_id text not null, settings_json text not null, creator_id int8 not null,
       created_at int8 not null, updated_at int8 not null`,
    );
    await table(
      'webhook',
      `webhook_id int8 not null primary key,
       webhook_type text not null ${oneOf('webhook_type', 'incident', 'alert', 'custom_action')},
       webhook_name text not null, endpoint text not null, description text not null, team_id int8 not null,
       status text not null ${oneOf('status', 'enabled', 'paused', 'disabled', 'deleted')}, tls_verify int8 not null,
       headers_json text not null, channel_ids_json text not null, event_types_json text not null, timeout_ms int8 not null,
       delivery_mode text not null ${oneOf('delivery_mode', 'at_most_once', 'at_least_once')}, settings_json text not null,
       max_in_flight int8 not null, signing int8 not null, secrets_json text not null, creator_id int8 not null,
       created_at int8 not null, updated_at int8 not null`,
    );

    await table(
      'alert',
      `alert_id text not null primary key, open_key text unique, integration_id int8 not null, channel_id int8 not null,
       incident_id text not null, alert_key text not null, title text not null, title_rule text not null,
       description text not null, severity text not null ${oneOf('severity', 'Critical', 'Warning', 'Info')},
       status text not null ${oneOf('status', 'Critical', 'Warning', 'Info', 'Ok')},
       progress text not null ${oneOf('progress', 'Triggered', 'Closed')}, start_time int8 not null, last_time int8 not null,
       end_time int8 not null, close_time int8 not null, labels_json text not null, images_json text not null,
       event_cnt int8 not null, ever_muted int8 not null, created_at int8 not null, updated_at int8 not null,
       last_sequence int8 not null, last_event_time int8 not null`,
    );
    await index(`index alert_incident on alert (incident_id) where incident_id <> ''`);
    await index(`index alert_created on alert (created_at, alert_id)`);
    await index(`index alert_updated on alert (updated_at, alert_id)`);
    await table(
      'alert_event',
      `event_id text not null primary key, alert_id text not null, integration_id int8 not null, channel_id int8 not null,
       alert_key text not null, title text not null, title_rule text not null, description text not null,
       status text not null, event_time int8 not null, labels_json text not null, images_json text not null,
       created_at int8 not null`,
    );
    await index(`index alert_event_alert on alert_event (alert_id, event_id)`);
    await index(`index alert_event_integration on alert_event (integration_id, created_at)`);
    await table(
      'incident',
      `incident_id text not null primary key, num text not null, channel_id int8 not null, integration_id int8 not null,
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
       storms_json text not null, ever_muted int8 not null, created_at int8 not null, updated_at int8 not null,
       last_sequence int8 not null, last_event_time int8 not null`,
    );
    await index(`index incident_start on incident (start_time, incident_id)`);
    await index(`index incident_num on incident (num, incident_id)`);
    await table(
      'grouping_key',
      `channel_id int8 not null, digest text not null, incident_id text not null,
       primary key (channel_id, digest, incident_id)`,
    );
    await index(`index grouping_key_incident on grouping_key (incident_id)`);

    await table(
      'event',
      `event_id text not null primary key, entity_kind text not null ${oneOf('entity_kind', 'alert', 'incident')},
       entity_id text not null, sequence int8 not null, event_type text not null, event_time int8 not null,
       channel_id int8 not null, person_id int8 not null, detail_json text not null, payload text not null`,
    );
    await index(`unique index event_entity on event (entity_id, sequence)`);
    await table(
      'delivery',
      `delivery_id text not null primary key, webhook_id int8 not null, webhook_type text not null, event_id text not null,
       generation int8 not null, entity_id text not null, sequence int8 not null, event_type text not null,
       event_time int8 not null, channel_id int8 not null, mode text not null,
       state text not null ${oneOf('state', 'pending', 'sending', 'retry_wait', 'delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded')},
       attempt int8 not null, fence int8 not null, endpoint text not null, status_code int8 not null,
       duration_ms int8 not null, reason text not null, error_message text not null, due_at int8 not null,
       claimed_at int8 not null, created_at int8 not null, finished_at int8 not null`,
    );
    await index(`unique index delivery_event on delivery (event_id, webhook_id, generation)`);
    await index(
      `index delivery_open on delivery (webhook_id, entity_id, sequence, generation)
       where state in ('pending', 'sending', 'retry_wait')`,
    );
    await index(`index delivery_time on delivery (event_time, delivery_id)`);
    await index(`index delivery_webhook on delivery (webhook_id, event_time, delivery_id)`);
    await index(`index delivery_entity on delivery (entity_id, event_time, delivery_id)`);
    await table(
      'attempt',
      `delivery_id text not null, attempt int8 not null, started_at int8 not null, duration_ms int8 not null,
       endpoint text not null, outcome text not null, reason text not null, maybe_sent int8 not null,
       status_code int8 not null, error_message text not null, request_headers_json text not null,
       request_body text not null, response_headers_json text not null, response_body text not null,
       primary key (delivery_id, attempt)`,
    );
    await table(
      'idempotency',
      `idempotency_id text not null primary key, body_hash text not null, response text not null, created_at int8 not null`,
    );
    await index(`index idempotency_created on idempotency (created_at)`);
  },
};
