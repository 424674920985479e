import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Into which channels shared integrations send (contract 6.9). */
export const routes: Migration = {
  name: '0007-routes',
  async up(db, { integer, text, strict }) {
    const columns = `integration_id int8 not null primary key, version int8 not null, cases_json text not null,
      sections_json text not null, default_json text not null, creator_id int8 not null, updated_by int8 not null,
      created_at int8 not null, updated_at int8 not null`;
    const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
    await sql`create table route (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
  },
};
