import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/**
 * How soon a delivery goes, by the severity of what it is about: 0 = Critical, 1 = Warning, 2 = Info. What is owed already
 * counts as Warning. The index holds the Critical ones that are still to be done, so it is empty most of the time.
 */
export const urgency: Migration = {
  name: '0011-urgency',
  async up(db, { integer }) {
    await sql.raw(`alter table delivery add column urgency ${integer} not null default 1`).execute(db);
    await sql`
      create index delivery_open_critical on delivery (webhook_id, entity_id)
      where urgency = 0 and state in ('pending', 'sending', 'retry_wait')`.execute(db);
  },
};
