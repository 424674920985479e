import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Finds what waits for its next attempt by when that is due, without looking at anything else. */
export const retries: Migration = {
  name: '0006-retries',
  async up(db) {
    await sql`create index delivery_due on delivery (due_at) where state = 'retry_wait'`.execute(db);
  },
};
