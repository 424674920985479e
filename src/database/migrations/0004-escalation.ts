import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import { oneOf } from './one-of.ts';

/**
 * Escalation rules of channels (contract 4.8), and when something happens to an incident by time alone. An incident keeps
 * its due times itself, so that whoever holds its row decides; `due_at` is the earliest, and few incidents have one.
 */
export const escalation: Migration = {
  name: '0004-escalation',
  async up(db, { integer, text, strict }) {
    const statement = (line: string) =>
      sql.raw(line.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `)).execute(db);
    await statement(
      `create table escalation_rule (
         rule_id text not null primary key, channel_id int8 not null, rule_name text not null, description text not null,
         template_id text not null, priority int8 not null,
         status text not null ${oneOf('status', 'enabled', 'disabled')},
         settings_json text not null, updated_by int8 not null, created_at int8 not null, updated_at int8 not null
       ) ${strict}`,
    );
    await statement(`create index escalation_rule_channel on escalation_rule (channel_id)`);
    await statement(`alter table incident add column timers_json text not null default '{}'`);
    await statement(`alter table incident add column due_at int8 not null default 0`);
    await statement(`create index incident_due on incident (due_at, incident_id) where due_at > 0`);
    await statement(`update incident set due_at = snoozed_before where snoozed_before > 0 and progress <> 'Closed'`);
  },
};
