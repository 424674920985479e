import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Who changed the configuration, and what of it. Rows are added and, when they are old, forgotten; never changed. */
export const audit: Migration = {
  name: '0005-audit',
  async up(db, { integer, text, strict }) {
    const columns = `audit_id text not null primary key, created_at int8 not null, member_id int8 not null,
      operation text not null, object_id text not null, body_json text not null, request_id text not null,
      address text not null`;
    const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
    await sql`create table audit_entry (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
    await sql`create index audit_entry_time on audit_entry (created_at, audit_id)`.execute(db);
  },
};
