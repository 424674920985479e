import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/**
 * Finds what the history shows as failed (contract 3.1), of all webhooks and of one, however much was delivered in the
 * same time. What is delivered is never in these indexes, so a push that succeeds does not pay for them.
 */
export const failuresByTime: Migration = {
  name: '0010-failures-by-time',
  async up(db) {
    const index = async (name: string, columns: string) => {
      await sql.raw(`create index ${name} on delivery (${columns}) where ${failed}`).execute(db);
    };
    await index('delivery_failed', 'event_time, delivery_id');
    await index('delivery_failed_webhook', 'webhook_id, event_time, delivery_id');
  },
};

/** The query that is to use them repeats this word for word. For `in (…)` SQLite would build a tree at each write. */
const failed = `state <> 'pending' and state <> 'sending' and state <> 'delivered'`;
