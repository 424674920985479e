import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import { oneOf } from './one-of.ts';

/**
 * The drop, silence and inhibit rules of channels (contract 4.10), and notes: entries of a timeline that are no events, so
 * that they are pushed to nobody and take no number of a sequence.
 */
export const noiseRules: Migration = {
  name: '0003-noise-rules',
  async up(db, { integer, text, strict }) {
    const table = async (name: string, columns: string) => {
      const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
      await sql`create table ${sql.table(name)} (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
    };
    await table(
      'noise_rule',
      `rule_id text not null primary key, channel_id int8 not null,
       kind text not null ${oneOf('kind', 'drop', 'silence', 'inhibit')}, rule_name text not null,
       description text not null, priority int8 not null, status text not null ${oneOf('status', 'enabled', 'disabled')},
       spec_json text not null, creator_id int8 not null, updated_by int8 not null, created_at int8 not null,
       updated_at int8 not null`,
    );
    await table(
      'note',
      `note_id text not null primary key, entity_id text not null, sequence int8 not null, note_type text not null,
       person_id int8 not null, detail_json text not null, created_at int8 not null`,
    );
    await sql.raw(`create index note_entity on note (entity_id, sequence)`).execute(db);
    // What may inhibit others was active a moment ago: the index holds open alerts only.
    await sql
      .raw(`create index alert_active on alert (channel_id, updated_at) where progress = 'Triggered'`)
      .execute(db);
  },
};
