import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import { oneOf } from './one-of.ts';

/** Custom fields of incidents (contract 4.9). Their values are in the incidents themselves. */
export const customFields: Migration = {
  name: '0002-custom-fields',
  async up(db, { integer, text, strict }) {
    const columns = `field_id text not null primary key, field_name text not null unique, display_name text not null,
      description text not null,
      field_type text not null ${oneOf('field_type', 'text', 'single_select', 'multi_select', 'checkbox')},
      options_json text not null, default_json text not null, creator_id int8 not null, updated_by int8 not null,
      created_at int8 not null, updated_at int8 not null`;
    const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
    await sql`create table custom_field (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
  },
};
