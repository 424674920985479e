import { sql } from 'kysely';
import type { Migration } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';

/**
 * The schema of this version and of the three versions after it, as they may be: they add a column, fill it from the rows,
 * and make a table and an index.
 */
export const laterMigrations: readonly Migration[] = [
  ...migrations,
  {
    name: '9001-column',
    async up(db, { text }) {
      await sql.raw(`alter table member add column nickname ${text} not null default ''`).execute(db);
    },
  },
  {
    name: '9002-fill',
    async up(db) {
      await sql`update member set nickname = member_name`.execute(db);
    },
  },
  {
    name: '9003-table',
    async up(db, { integer, strict }) {
      await sql.raw(`create table pet (pet_id ${integer} not null primary key) ${strict}`).execute(db);
      await sql`create index member_nickname on member (nickname)`.execute(db);
    },
  },
];
