import { sql, type Kysely } from 'kysely';
import type { Migration } from '../migrate.ts';
import { shardOf } from '../shard.ts';

/** Rows in one statement. */
const pageMax = 500;

/**
 * Lanes in shards, which nodes hold by leases. What has ended stays in shard 0: only what is still to be done is ever
 * looked for by its shard. `delivery_sending` finds what a node left behind that has gone, whatever waits beside it.
 */
export const shards: Migration = {
  name: '0008-shards',
  async up(db, { integer, text, strict }) {
    const table = async (name: string, columns: string) => {
      const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
      await sql`create table ${sql.table(name)} (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
    };
    await sql.raw(`alter table delivery add column shard ${integer} not null default 0`).execute(db);
    await placeOpen(db);
    await sql`create index delivery_sending on delivery (shard) where state = 'sending'`.execute(db);
    await table(
      'shard_lease',
      `shard int8 not null primary key, owner text not null, fence int8 not null, expires_at int8 not null`,
    );
    await table('node', `node_id text not null primary key, started_at int8 not null, heartbeat_at int8 not null`);
  },
};

async function placeOpen(db: Kysely<unknown>): Promise<void> {
  for (let after = ''; ;) {
    const { rows } = await sql<{ delivery_id: string; webhook_id: number; entity_id: string }>`
      select delivery_id, webhook_id, entity_id from delivery
      where state in ('pending', 'sending', 'retry_wait') and delivery_id > ${after}
      order by delivery_id limit ${pageMax}`.execute(db);
    for (const row of rows) {
      const shard = shardOf(row.webhook_id, row.entity_id);
      await sql`update delivery set shard = ${shard} where delivery_id = ${row.delivery_id}`.execute(db);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageMax) return;
    after = last.delivery_id;
  }
}
