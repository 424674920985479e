import type { CompiledQuery } from 'kysely';
import type { Database } from '../../src/database/database.ts';
import { queryOn } from '../../src/database/query-on.ts';

/** The statements of `work`, as they were asked. */
export async function statements(
  database: Database,
  work: (read: Database['read']) => Promise<unknown>,
): Promise<readonly CompiledQuery[]> {
  const asked: CompiledQuery[] = [];
  await work(
    queryOn(database.kind, (query) => {
      asked.push(query);
      return database.read.executeQuery(query);
    }),
  );
  return asked;
}

/** How the database means to run a statement. */
export async function planOf(database: Database, query: CompiledQuery): Promise<string> {
  const explain = database.kind === 'sqlite' ? 'explain query plan' : 'explain';
  const { rows } = await database.read.executeQuery({ ...query, sql: `${explain} ${query.sql}` });
  return rows.map((row) => Object.values(row as object).join(' ')).join('\n');
}
