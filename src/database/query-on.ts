import {
  DefaultQueryExecutor,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { resumed } from '../runtime/work.ts';
import type { Database, Query } from './database.ts';
import type { Tables } from './tables.ts';

/** Runs one compiled statement. */
export type Execute = (query: CompiledQuery) => Promise<QueryResult<unknown>>;

/**
 * Kysely's builder over one function, without connections and transactions: those belong to `Database`. Cheap enough to
 * make for each transaction.
 */
export function queryOn(kind: Database['kind'], execute: Execute): Query {
  const { dialect, compiler, adapter } = kind === 'sqlite' ? sqlite : postgres;
  const connection: DatabaseConnection = {
    executeQuery: async <Row>(query: CompiledQuery) => {
      const result = await execute(query);
      resumed();
      return result as QueryResult<Row>;
    },
    streamQuery: () => {
      throw new Error('rows are not streamed: an open cursor holds back other work, so read pages');
    },
  };
  const executor = new DefaultQueryExecutor(compiler, adapter, { provideConnection: (use) => use(connection) });
  return new Kysely<Tables>({ config: { dialect }, driver: noDriver, executor, dialect });
}

const refuse = () => Promise.reject(new Error('use database.transaction, which commits, retries and rolls back'));
const noDriver: Driver = {
  init: () => Promise.resolve(),
  acquireConnection: refuse,
  beginTransaction: refuse,
  commitTransaction: refuse,
  rollbackTransaction: refuse,
  releaseConnection: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
};

function parts(dialect: Omit<Dialect, 'createDriver'>) {
  const whole: Dialect = { ...dialect, createDriver: () => noDriver };
  return { dialect: whole, compiler: dialect.createQueryCompiler(), adapter: dialect.createAdapter() };
}

const sqlite = parts({
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});
const postgres = parts({
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
});
