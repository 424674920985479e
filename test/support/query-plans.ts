import { sql, type CompiledQuery } from 'kysely';
import type { Database, Transaction } from '../../src/database/database.ts';
import { queryOn } from '../../src/database/query-on.ts';
import { countPlaces } from '../../src/database/sqlite/handle.ts';
import type { TestDatabase } from './databases.ts';

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

/** A database whose statements are heard. */
export interface HeardDatabase {
  readonly database: Database;
  /**
   * The indexes that each statement of the work takes, in one text, with its values and, where PostgreSQL may keep a plan for
   * any values, with that too. The work is undone.
   */
  indexes(work: (tx: Transaction) => Promise<unknown>): Promise<string>;
  /** Statistics from now on. With them PostgreSQL reads whole tables that are small, with good reason; here it shall not. */
  analyze(): Promise<void>;
}

/** @param isLarge the tables count as too large to be read whole also while there are no statistics. */
export async function openHeard(open: TestDatabase['open'], isLarge = false): Promise<HeardDatabase & AsyncDisposable> {
  let heard: string[] = [];
  const database = await open((statement) => heard.push(statement));
  return {
    database,
    async indexes(work) {
      const asked: CompiledQuery[] = [];
      await undone(database, async (tx) => {
        heard = [];
        const query = queryOn(database.kind, (compiled) => {
          asked.push(compiled);
          return tx.query.executeQuery(compiled);
        });
        await work({
          query,
          insertMany: (table, rows) => tx.insertMany(table, rows),
          updateMany: (table, changes) => tx.updateMany(table, changes),
          setMany: (table, changes) => tx.setMany(table, changes),
          changeAll: (table, changes) => tx.changeAll(table, changes),
          answered: () => tx.answered(),
          ask: (statement, told) => {
            asked.push(statement);
            return tx.ask(statement, told);
          },
          mark: () => tx.mark(),
          awaitEnds: (marks) => tx.awaitEnds(marks),
          giveTurn: () => tx.giveTurn(),
          afterCommit: (after) => tx.afterCommit(after),
          hint: (after) => tx.hint(after),
          needsNoCount: () => tx.needsNoCount(),
          whenEnded: (after) => tx.whenEnded(after),
        });
      });
      const texts = new Set(heard.filter((text) => /^\s*(?:with|select|update|delete)/i.test(text)));
      const used = new Set<string>();
      const explain = (query: CompiledQuery) => (isLarge ? planOfLarge(database, query) : planOf(database, query));
      for (const query of asked) for (const index of indexesIn(await explain(query))) used.add(index);
      for (const text of texts)
        for (const index of indexesIn(await planOfAny(database, text, isLarge))) used.add(index);
      return [...used].sort().join(' ');
    },
    async analyze() {
      await withStatistics(database);
      isLarge = true;
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

/** As if the tables were too large to be read whole. */
async function planOfLarge(database: Database, query: CompiledQuery): Promise<string> {
  if (database.kind === 'sqlite') return planOf(database, query);
  let plan = '';
  await undone(database, async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx.query);
    const { rows } = await tx.query.executeQuery({ ...query, sql: `explain ${query.sql}` });
    plan = rows.map((row) => Object.values(row as object).join(' ')).join('\n');
  });
  return plan;
}

class Undone extends Error {}

async function undone(database: Database, work: (tx: Transaction) => Promise<void>): Promise<void> {
  try {
    await database.transaction(async (tx) => {
      await work(tx);
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
}

/** The plan of a statement whatever its values. */
async function planOfAny(database: Database, text: string, isLarge: boolean): Promise<string> {
  if (database.kind === 'sqlite') {
    const parameters = Array.from({ length: countPlaces(text) }, () => null);
    return planOf(database, { sql: text, parameters } as unknown as CompiledQuery);
  }
  const places = new Set(text.match(/\$\d+/g)).size;
  const values = places === 0 ? '' : `(${Array.from({ length: places }, () => 'null').join(', ')})`;
  let plan = '';
  await undone(database, async (tx) => {
    if (isLarge) await sql`set local enable_seqscan = off`.execute(tx.query);
    await sql`set local plan_cache_mode = force_generic_plan`.execute(tx.query);
    await sql.raw(`prepare explained as ${text}`).execute(tx.query);
    const { rows } = await sql.raw(`explain execute explained${values}`).execute(tx.query);
    await sql`deallocate explained`.execute(tx.query);
    plan = rows.map((row) => Object.values(row as object).join(' ')).join('\n');
  });
  return plan;
}

/** A table's key is called after the table; a table that is read whole `all of` it. */
function indexesIn(plan: string): string[] {
  const found = new Set<string>();
  // What a statement has made itself, and SQLite's words for values and lists.
  const made = new Set([...plan.matchAll(/(?:CO-ROUTINE|MATERIALIZE) (\w+)/g)].map(([, name]) => name));
  for (const name of ['CONSTANT', 'json_each', 'wanted']) made.add(name);
  for (const line of plan.split('\n')) {
    const [, sqlite] = /USING (?:COVERING )?INDEX (\w+)/.exec(line) ?? [];
    const [, keyed] = /SEARCH (\w+) USING PRIMARY KEY/.exec(line) ?? [];
    const [, postgres] = /Index (?:Only )?Scan (?:Backward )?(?:using|on) (\w+)/.exec(line) ?? [];
    const [, read] = /Seq Scan on (\w+)/.exec(line) ?? [];
    const [, scanned] = /^(?:\d+ )*SCAN ([a-z]\w*|CONSTANT)/i.exec(line) ?? [];
    const index = sqlite ?? keyed ?? postgres;
    // How a table is made is read at its first use.
    if (index?.startsWith('pg_') === true) continue;
    if (index !== undefined) found.add(index.replace(/^sqlite_autoindex_(\w+)_1$|^(\w+)_pkey$/, '$1$2'));
    else if ((read ?? scanned) !== undefined && !made.has(scanned)) found.add(`all of ${read ?? scanned}`);
  }
  return [...found];
}
