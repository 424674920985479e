import { sql, type CompiledQuery } from 'kysely';
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

/** The indexes by which statements find rows of deliveries, each once; 'scan' where one looks at all rows. */
export async function indexesOf(database: Database, queries: readonly CompiledQuery[]): Promise<readonly string[]> {
  const used = new Set<string>();
  for (const query of queries) {
    const plan = await planOf(database, query);
    const found = plan.matchAll(
      /using (?:covering )?index (\w+)|index (?:only )?scan (?:backward )?(?:using|on) (\w+)/gi,
    );
    for (const [, ofSqlite, ofPostgres] of found) {
      const index = ofSqlite ?? ofPostgres ?? '';
      // The key of its table.
      if (!/pkey|autoindex/.test(index)) used.add(index);
    }
    if (/seq scan on (?:delivery|event|attempt)\b|^scan (?!place|lane|constant)\w+(?! using)/im.test(plan))
      used.add('scan');
  }
  return [...used].sort();
}

/** What the databases keep of what their tables hold, as of now. */
export async function withStatistics(database: Database): Promise<void> {
  await database.transaction((tx) => sql`analyze`.execute(tx.query));
}
