import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Finds the reports of a time span, of all alerts (contract 6.5, `/alert-event/list`). */
export const reportsByTime: Migration = {
  name: '0009-reports-by-time',
  async up(db) {
    await sql`create index alert_event_time on alert_event (event_time, event_id)`.execute(db);
  },
};
