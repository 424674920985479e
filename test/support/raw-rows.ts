import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

/** A database of the service, looked at from outside. */
export type RawDatabase = { readonly url: string } | { readonly file: string };

export async function queryAll(database: RawDatabase, sql: string): Promise<Record<string, unknown>[]> {
  if ('file' in database) {
    const file = new DatabaseSync(database.file, { readOnly: true });
    try {
      return file.prepare(sql).all();
    } finally {
      file.close();
    }
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
