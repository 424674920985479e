import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Which server's history the database was last known to lie in. There is no row before a node has looked. */
export const lineage: Migration = {
  name: '0013-lineage',
  async up(db, { integer, text, strict }) {
    const columns = `singleton int8 not null primary key check (singleton = 1), known text not null,
      settling text not null, settle_until text not null, fence_floor int8 not null`;
    const typed = columns.replaceAll('int8', integer).replaceAll(' text ', ` ${text} `);
    await sql`create table lineage (${sql.raw(typed)}) ${sql.raw(strict)}`.execute(db);
  },
};
