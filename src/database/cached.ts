import type { Query, Transaction } from './database.ts';
import { readRevision, type Revision } from './revision.ts';

export { bumpRevision } from './revision.ts';

/** How often a load is repeated because the configuration changed meanwhile; then the last one is taken. */
const loadsMax = 3;

/**
 * A value kept in memory that is derived from the configuration's tables, and loaded again when those have changed.
 * Whoever changes them calls {@link bumpRevision} in the same transaction.
 */
export class Cached<Value> {
  readonly #revision: Revision;
  readonly #load: (query: Query) => Promise<Value>;
  readonly #inTransaction = new WeakMap<Transaction, Promise<Loaded<Value>>>();
  #kept: Loaded<Value> | undefined;
  #loading: { readonly revision: number; readonly loaded: Promise<Loaded<Value>> } | undefined;

  constructor(revision: Revision, load: (query: Query) => Promise<Value>) {
    this.#revision = revision;
    this.#load = load;
  }

  /** The value as the transaction sees it, its own changes included once their `bumpRevision` is done. */
  async in(tx: Transaction): Promise<Value> {
    const revision = await this.#revision.in(tx);
    if (this.#kept?.revision === revision) return this.#kept.value;
    const known = await this.#inTransaction.get(tx);
    if (known?.revision === revision) return known.value;
    const loading = this.#loadAt(revision, tx.query);
    this.#inTransaction.set(tx, loading);
    // Kept for others only once it is durable: rolled back, the same revision could come to stand for other rows.
    const loaded = await loading;
    tx.afterCommit(() => this.#keep(loaded));
    return loaded.value;
  }

  /** The value outside transactions, at most a moment old, and never older than a change that this process committed. */
  async current(): Promise<Value> {
    const revision = await this.#revision.current();
    if (this.#kept?.revision === revision) return this.#kept.value;
    if (this.#loading?.revision !== revision) {
      this.#loading = { revision, loaded: this.#loadAt(revision, this.#revision.database.read) };
    }
    const loading = this.#loading;
    try {
      const loaded = await loading.loaded;
      this.#keep(loaded);
      return loaded.value;
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
    }
  }

  #keep(loaded: Loaded<Value>): void {
    if (this.#kept === undefined || this.#kept.revision < loaded.revision) this.#kept = loaded;
  }

  /** The rows are read by several statements, so a change may fall between them; then they are read again. */
  async #loadAt(expected: number, query: Query): Promise<Loaded<Value>> {
    let revision = expected;
    for (let loads = 1; ; loads += 1) {
      const value = await this.#load(query);
      const after = await readRevision(query);
      if (after === revision || loads >= loadsMax) return { revision, value };
      revision = after;
    }
  }
}

interface Loaded<Value> {
  readonly revision: number;
  readonly value: Value;
}
