import type { CompiledQuery, QueryResult } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../runtime/clock.ts';
import type { Timers } from '../runtime/timers.ts';
import { DatabaseFailure, type Transaction } from './database.ts';
import { postgresDialect } from './dialects.ts';
import { runAll } from './group-commit.ts';
import { inside, refuseInside } from './inside.ts';
import type { MigratableDatabase } from './migrate.ts';
import { PostgresColumns } from './postgres-columns.ts';
import { commitFailure, isRetried, postgresFailure } from './postgres-failure.ts';
import { PostgresListener } from './postgres-listener.ts';
import { lend, makePool } from './postgres-pool.ts';
import { waitForServer, type Waiting } from './postgres-start.ts';
import { PostgresTransaction, runStatement } from './postgres-transaction.ts';
import { queryOn } from './query-on.ts';
import { quietLogger, SlowStatements, type DatabaseLogger } from './slow-statements.ts';

/** How often the work of a transaction is run again after a deadlock or a serialization failure. */
export const retriesMax = 5;
/** Connections for transactions, unless the caller says otherwise. */
export const poolMaxDefault = 8;
/** Connections for reads beside them, so that slow searches never keep a claim or an ingest waiting. */
export const readPoolMax = 4;
export const statementTimeoutMsDefault = 10_000;
export const lockTimeoutMsDefault = 3_000;
export const idleInTransactionTimeoutMsDefault = 10_000;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly poolMax?: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /** How to wait for a server that cannot be reached yet; without it, it is an error. */
  readonly waiting?: Waiting | undefined;
  readonly logger?: DatabaseLogger;
  /** Statements that take longer are logged. */
  readonly slowMs?: number;
}

/**
 * Connects to a server. Everything works through a transaction pooler: no named statements, no session locks, `listen`
 * for hints only, and time limits by `set local`, because limits in the start of a session are refused by some poolers and
 * would hold for somebody else's transactions with others.
 * @throws DatabaseFailure `unavailable` when the server cannot be reached, `broken` when it is none that we can use.
 */
export async function openPostgres(options: PostgresOptions): Promise<MigratableDatabase> {
  const { poolMax = poolMaxDefault, logger = quietLogger } = options;
  await waitForServer(options);
  const slow = new SlowStatements(options);
  const writers = makePool(options.url, poolMax, logger);
  const readers = makePool(options.url, readPoolMax, logger);
  // Connects when it is first used: a single command has no use for it.
  const own = makePool(options.url, 1, logger);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= Promise.all([writers.end(), readers.end(), own.end()]).then(() => {}));
  const transactions = new PostgresTransactions(writers, slow, beginText(options));
  const ownTransactions = new PostgresTransactions(own, slow, beginText(options));
  return {
    kind: 'postgres',
    dialect: postgresDialect,
    schema: {
      integer: 'int8',
      // By code point, as in SQLite: our ids rise with time in that order, not in a language's.
      text: 'text collate "C"',
      strict: '',
      lock: `select pg_advisory_xact_lock(${migrationLock})`,
    },
    read: queryOn('postgres', (query) => {
      refuseInside('database.read', 'use tx.query');
      return read(readers, query, { slow, begin: beginReadText(options) });
    }),
    transaction: (work) => transactions.run(work),
    shared: {
      transaction: (work) => ownTransactions.run(work),
      listen: (heard) => new PostgresListener({ ...options, logger }, heard),
    },
    close,
  };
}

/** Any fixed number; held until the end of a migration's transaction. */
const migrationLock = 7_241_003;

/** Transactions at READ COMMITTED, each on a client of its own: grouping commits is the server's business. */
class PostgresTransactions {
  readonly #pool: pg.Pool;
  readonly #slow: SlowStatements;
  readonly #begin: string;
  readonly #columns = new PostgresColumns();

  constructor(pool: pg.Pool, slow: SlowStatements, begin: string) {
    this.#pool = pool;
    this.#slow = slow;
    this.#begin = begin;
  }

  async run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    refuseInside('database.transaction', 'use the transaction that is open');
    for (let retries = 0; ; retries += 1) {
      const client = await lend(this.#pool);
      const tx = new PostgresTransaction(client, this.#columns, this.#slow);
      try {
        const value = await this.#attempt(client, tx, work);
        client.release();
        runAll(tx.callbacks);
        return value;
      } catch (error) {
        await takeBack(client);
        if (retries >= retriesMax || !isRetried(tx.failure ?? error)) throw error;
      }
    }
  }

  async #attempt<Result>(
    client: pg.PoolClient,
    tx: PostgresTransaction,
    work: (tx: Transaction) => Promise<Result>,
  ): Promise<Result> {
    // Sent ahead and not waited for: the first statement travels with it.
    const begun = client.query(this.#begin);
    begun.catch(() => {});
    let value: Result;
    try {
      value = await inside(tx, async () => work(tx));
    } finally {
      tx.open = false;
    }
    if (tx.failure !== undefined) throw tx.failure;
    try {
      await begun;
    } catch (error) {
      throw postgresFailure(error);
    }
    try {
      await commit(client, this.#slow);
    } catch (error) {
      runAll(tx.hints);
      throw error;
    }
    return value;
  }
}

async function commit(client: pg.PoolClient, slow: SlowStatements): Promise<void> {
  const started = slow.start();
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    throw commitFailure(error);
  } finally {
    slow.end(started, 'commit');
  }
  // A server answers so, without an error, when the transaction had failed before.
  if (command !== 'COMMIT') throw new DatabaseFailure('unavailable', 'the server rolled the transaction back');
}

/** A client goes back to the pool only when it is certain to have no transaction open. */
async function takeBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback');
    client.release();
  } catch {
    client.release(true);
  }
}

/** One trip: the three statements are sent together, so that a read too has a time limit through a pooler. */
async function read(
  pool: pg.Pool,
  { sql, parameters }: CompiledQuery,
  { slow, begin }: { slow: SlowStatements; begin: string },
): Promise<QueryResult<unknown>> {
  const client = await lend(pool);
  const begun = client.query(begin);
  const result = runStatement(client, sql, parameters, slow);
  const ended = client.query('commit');
  const [, outcome, end] = await Promise.allSettled([begun, result, ended]);
  client.release(end.status === 'rejected');
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

function beginText(options: PostgresOptions): string {
  const {
    statementTimeoutMs = statementTimeoutMsDefault,
    lockTimeoutMs = lockTimeoutMsDefault,
    idleInTransactionTimeoutMs = idleInTransactionTimeoutMsDefault,
  } = options;
  return `begin isolation level read committed; set local statement_timeout = ${statementTimeoutMs};
    set local lock_timeout = ${lockTimeoutMs};
    set local idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`;
}

function beginReadText({ statementTimeoutMs = statementTimeoutMsDefault }: PostgresOptions): string {
  return `begin read only; set local statement_timeout = ${statementTimeoutMs}`;
}
