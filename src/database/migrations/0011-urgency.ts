import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/**
 * How soon a delivery goes, by the severity of what it is about: 0 = Critical, 1 = Warning, 2 = Info. What is owed already
 * counts as Warning.
 */
export const urgency: Migration = {
  name: '0011-urgency',
  async up(db, { integer }) {
    await sql.raw(`alter table delivery add column urgency ${integer} not null default 1`).execute(db);
  },
};
