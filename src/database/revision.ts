import type { Clock } from '../runtime/clock.ts';
import type { Database, Query, Transaction } from './database.ts';
import type { InstallationRow } from './tables.ts';

/** How old what is known of the revision may be, for a read outside a transaction. */
export const staleMsDefault = 500;

/** Counts the configuration changes that this process has begun and has committed, so that it sees its own at once. */
const local = { begun: 0, changes: 0 };

/**
 * The installation's revision: it rises with every change of the configuration, on whichever node. One for each
 * database, shared by everything that is kept in memory, so that one transaction reads it once.
 */
export class Revision {
  readonly database: Database;
  readonly #clock: Clock;
  readonly #staleMs: number;
  readonly #inTransaction = new WeakMap<Transaction, Promise<number>>();
  /** What a durable transaction read, where no other process changes it, until a change begins. */
  #durable: { readonly revision: Promise<number>; readonly begun: number } | undefined;
  #checked: { readonly revision: Promise<number>; readonly at: number; readonly changes: number } | undefined;

  constructor(database: Database, { clock, staleMs = staleMsDefault }: { clock: Clock; staleMs?: number }) {
    this.database = database;
    this.#clock = clock;
    this.#staleMs = staleMs;
  }

  /** As the transaction sees it. Its own changes count from the moment that {@link bumpRevision} is done. */
  in(tx: Transaction): Promise<number> {
    const known = bumped.get(tx) ?? this.#inTransaction.get(tx);
    if (known !== undefined) return known;
    if (this.#durable?.begun === local.begun) return this.#durable.revision;
    const next = { revision: readRevision(tx.query), begun: local.begun };
    this.#inTransaction.set(tx, next.revision);
    if (this.database.shared === undefined) tx.afterCommit(() => (this.#durable = next));
    return next.revision;
  }

  /** At most `staleMs` old, and never older than the last change that this process committed. */
  current(): Promise<number> {
    const now = this.#clock.monotonic();
    const checked = this.#checked;
    if (checked !== undefined && checked.changes === local.changes && now - checked.at < this.#staleMs) {
      return checked.revision;
    }
    const next = { revision: readRevision(this.database.read), at: now, changes: local.changes };
    this.#checked = next;
    next.revision.catch(() => {
      if (this.#checked === next) this.#checked = undefined;
    });
    return next.revision;
  }
}

const bumped = new WeakMap<Transaction, Promise<number>>();

/** Call it in every transaction that changes members, teams, channels, integrations, webhooks or keys. */
export async function bumpRevision(tx: Transaction): Promise<void> {
  local.begun += 1;
  const raised = tx.query
    .updateTable('installation')
    .set((row) => ({ revision: row('revision', '+', 1) }))
    .execute()
    .then(() => readRevision(tx.query));
  bumped.set(tx, raised);
  await raised;
  tx.afterCommit(() => {
    local.changes += 1;
  });
}

/** 0 while there is no installation. */
export async function readRevision(query: Query): Promise<number> {
  const row = await query.selectFrom('installation').select('revision').executeTakeFirst();
  return row?.revision ?? 0;
}

export function readInstallation(query: Query): Promise<InstallationRow | undefined> {
  return query.selectFrom('installation').selectAll().executeTakeFirst();
}

/** @throws DatabaseFailure `conflict` when there is one already. */
export async function insertInstallation(tx: Transaction, row: InstallationRow): Promise<void> {
  await tx.query.insertInto('installation').values(row).execute();
}
