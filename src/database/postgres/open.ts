import type { CompiledQuery, QueryResult } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';
import { DatabaseFailure, type Transaction } from '../database.ts';
import { LoopTurn } from '../loop-turn.ts';
import { postgresDialect } from '../dialects.ts';
import { inside, refuseInside } from '../transaction-scope.ts';
import type { MigratableDatabase } from '../migrate.ts';
import { PostgresColumns } from './columns.ts';
import { commitFailure, isRetried, isUnavailable, isUnknownStatement, postgresFailure } from './errors.ts';
import { PostgresListener } from './listener.ts';
import { lend, makePool } from './pool.ts';
import { PostgresSearch, searchIndexStatement } from './search.ts';
import { waitForServer } from './start.ts';
import type { StartPatience } from '../waiting.ts';
import { asError } from '../sqlite/transaction.ts';
import { checkParameters, PostgresTransaction, sendStatement, type Statements } from './transaction.ts';
import { StatementNames, type Prepare } from './statement-names.ts';
import { queryOn } from '../query-on.ts';
import { quietLogger, SlowStatements, type DatabaseLogger } from '../slow-statements.ts';

/** Runs of a transaction's work after deadlocks or serialization failures. */
export const retriesMax = 5;
/** Connections for transactions, unless the caller says otherwise. */
export const poolMaxDefault = 8;
/** Connections for short reads beside them. */
export const readPoolMax = 4;
/** Connections for lists and searches, so that slow ones never keep a claim or an ingest waiting. */
export const longReadPoolMax = 4;
/** How long a list or a search may take. */
export const longReadMaxMs = 5_000;
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
  readonly waiting?: StartPatience | undefined;
  readonly logger?: DatabaseLogger;
  /** Keep the search index up to date while nobody asks it. */
  readonly inBackground?: boolean;
  /** Statements that take longer are logged. */
  readonly slowMs?: number;
  /** Whether statements are prepared under names; `auto` by default. */
  readonly prepare?: Prepare | undefined;
}

/**
 * Connects to a server. Everything works through a transaction pooler: statements lose their names where it does not know
 * them, no session locks, `listen` for hints only, and time limits by `set local`, because some poolers refuse limits at
 * the start of a session and others would apply them to other clients' transactions.
 * @throws DatabaseFailure `unavailable` when the server cannot be reached, `broken` when it is not usable.
 */
export async function openPostgres(options: PostgresOptions): Promise<MigratableDatabase> {
  const { poolMax = poolMaxDefault, logger = quietLogger, prepare = 'auto' } = options;
  await waitForServer(options);
  const slow = new SlowStatements(options);
  const statements = { slow, names: new StatementNames(prepare, logger) };
  const writers = makePool(options.url, poolMax, logger);
  const readers = makePool(options.url, readPoolMax, logger);
  const longReaders = makePool(options.url, longReadPoolMax, logger);
  // Connects on first use: a single command does not need it.
  const own = makePool(options.url, 1, logger);
  const { clock, timers } = options;
  const begun = { begin: beginText(options), clock, timers };
  const transactions = new PostgresTransactions(writers, statements, begun);
  const ownTransactions = new PostgresTransactions(own, statements, begun);
  const reading = (pool: pg.Pool, name: string, { statements, timeoutMs }: ReadLimits) =>
    queryOn('postgres', (query) => {
      refuseInside(`database.${name}`, 'use tx.query');
      return readOnce(pool, query, { statements, begin: beginReadText(timeoutMs) });
    });
  const { statementTimeoutMs = statementTimeoutMsDefault } = options;
  const read = reading(readers, 'read', { statements, timeoutMs: statementTimeoutMs });
  // The texts of lists are as many as their filters, and none is run often.
  const unnamed = { slow, names: new StatementNames('off', logger) };
  const longRead = reading(longReaders, 'longRead', { statements: unnamed, timeoutMs: longReadMaxMs });
  const indexing = new PostgresTransactions(longReaders, statements, begun);
  const search = new PostgresSearch(
    longRead,
    (work) => indexing.run(work),
    () => options.clock.monotonic(),
  );
  let closed: Promise<void> | undefined;
  const stop = options.inBackground === true ? search.keepUp(options, logger) : () => {};
  const close = async () => {
    stop();
    closed ??= Promise.all([writers, readers, longReaders, own].map((pool) => pool.end())).then(() => {});
    await closed;
  };
  return {
    kind: 'postgres',
    dialect: postgresDialect,
    schema: {
      integer: 'int8',
      // By code point, as in SQLite: our ids rise with time in that order.
      text: 'text collate "C"',
      strict: '',
      searchIndex: searchIndexStatement,
      lock: `select pg_advisory_xact_lock(${migrationLock})`,
    },
    read,
    longRead,
    find: (kind, sought, max) => search.find(kind, sought, max),
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

interface TransactionOptions {
  /** The text that begins one. */
  readonly begin: string;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Transactions at READ COMMITTED, each on its own client: the server groups commits itself. */
class PostgresTransactions {
  readonly #pool: pg.Pool;
  readonly #statements: Statements;
  readonly #begin: string;
  readonly #columns = new PostgresColumns();

  readonly #ports: { readonly clock: Clock; readonly timers: Timers };

  constructor(pool: pg.Pool, statements: Statements, { begin, ...ports }: TransactionOptions) {
    this.#ports = ports;
    this.#pool = pool;
    this.#statements = statements;
    this.#begin = begin;
  }

  async run<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    refuseInside('database.transaction', 'use the transaction that is open');
    for (let retries = 0; ; retries += 1) {
      const client = await lend(this.#pool);
      const tx = new PostgresTransaction(client, this.#columns, this.#statements, new LoopTurn(this.#ports));
      try {
        const value = await this.#attempt(client, tx, work);
        client.release();
        tx.ended('committed');
        return value;
      } catch (error) {
        tx.ended('rolled back');
        await takeBack(client, tx.failure);
        if (retries >= retriesMax || !isRetried(tx.failure ?? error)) throw error;
      }
    }
  }

  async #attempt<Result>(
    client: pg.PoolClient,
    tx: PostgresTransaction,
    work: (tx: Transaction) => Promise<Result>,
  ): Promise<Result> {
    // Sent without waiting: the first statement travels with it.
    const begun = client.query(this.#begin);
    begun.catch(() => {});
    let value: Result;
    try {
      value = await inside(tx, async () => work(tx));
    } finally {
      tx.open = false;
    }
    if (tx.failure !== undefined) throw tx.failure;
    await this.#commit(client, tx, begun);
    return value;
  }

  /**
   * Sends the commit behind the statements that nobody waited for. When one of them fails, the server rolls back in its
   * place: it never commits a transaction in which a statement has failed.
   */
  async #commit(client: pg.PoolClient, tx: PostgresTransaction, begun: Promise<unknown>): Promise<void> {
    const committed = commit(client, this.#statements.slow);
    const [start, end] = await Promise.allSettled([begun, committed, tx.answered()]);
    const failure = tx.failure ?? (start.status === 'rejected' ? asError(postgresFailure(start.reason)) : undefined);
    // The server answers so, without an error, when a statement had failed before.
    if (end.status === 'fulfilled' && end.value !== 'COMMIT') {
      throw failure ?? new DatabaseFailure('unavailable', 'the server rolled the transaction back');
    }
    if (failure !== undefined && !isUnavailable(failure)) throw failure;
    if (failure === undefined && end.status === 'fulfilled') return;
    // A statement without an answer was sent together with the commit, which may have succeeded.
    tx.ended('in doubt');
    throw commitFailure(failure ?? (end.status === 'rejected' ? end.reason : undefined));
  }
}

/** @returns what the server says that it did. */
async function commit(client: pg.PoolClient, slow: SlowStatements): Promise<string> {
  const started = slow.start();
  try {
    return (await client.query('commit')).command;
  } finally {
    slow.end(started, 'commit');
  }
}

/** Returns a client to the pool only when it certainly has no open transaction, and the server knows its statements. */
async function takeBack(client: pg.PoolClient, failure: Error | undefined): Promise<void> {
  try {
    await client.query('rollback');
    client.release(isUnknownStatement(failure?.cause));
  } catch {
    client.release(true);
  }
}

/** A read outside transactions; one that fails only because of its name runs again. */
async function readOnce(pool: pg.Pool, query: CompiledQuery, reading: ShortRead): Promise<QueryResult<unknown>> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await readTogether(pool, query, reading);
    } catch (error) {
      if (error instanceof DatabaseFailure) reading.statements.names.failed(query.sql, error.cause);
      if (retries >= retriesMax || !isRetried(error)) throw error;
    }
  }
}

interface ReadLimits {
  readonly statements: Statements;
  readonly timeoutMs: number;
}

interface ShortRead {
  readonly statements: Statements;
  /** The text that begins one. */
  readonly begin: string;
}

/** One round trip: the three statements go out together, so that a read has a time limit through a pooler too. */
async function readTogether(
  pool: pg.Pool,
  { sql, parameters }: CompiledQuery,
  { statements, begin }: ShortRead,
): Promise<QueryResult<unknown>> {
  checkParameters(parameters, sql);
  const client = await lend(pool);
  const begun = client.query(begin);
  const result = sendStatement(client, sql, parameters, statements);
  const ended = client.query('commit');
  const [, outcome, end] = await Promise.allSettled([begun, result, ended]);
  const failure: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
  client.release(end.status === 'rejected' || (failure instanceof Error && isUnknownStatement(failure.cause)));
  if (outcome.status === 'rejected') throw failure;
  return outcome.value;
}

/**
 * A prepared statement is parsed once and planned for each run, as one without a name. A plan that is kept would be right
 * for the table as it was: made while nothing waits, it would read the whole backlog for each claim.
 */
const plannedAnew = 'set local plan_cache_mode = force_custom_plan';

function beginText(options: PostgresOptions): string {
  const {
    statementTimeoutMs = statementTimeoutMsDefault,
    lockTimeoutMs = lockTimeoutMsDefault,
    idleInTransactionTimeoutMs = idleInTransactionTimeoutMsDefault,
  } = options;
  return `begin isolation level read committed; set local statement_timeout = ${statementTimeoutMs};
    set local lock_timeout = ${lockTimeoutMs};
    set local idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}; ${plannedAnew}`;
}

function beginReadText(statementTimeoutMs: number): string {
  return `begin read only; set local statement_timeout = ${statementTimeoutMs}; ${plannedAnew}`;
}
