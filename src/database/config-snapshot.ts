import { sql, type RawBuilder } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import type { Database, Query, Transaction } from './database.ts';
import { isAtRevision, raiseRevision, readPartRevisions, readRevision } from './installation-store.ts';

/** The configuration in memory. A room that uses a part of it declares that slice: `Config<{ channels: ChannelDirectory }>`. */
export interface SharedConfig<Parts> {
  /** As the transaction sees it. */
  in(tx: Transaction): Promise<Parts>;
  /** As this process knows it, which may be older than the transaction sees it; it waits for no answer if there is something. */
  assumed(tx: Transaction): Promise<Assumed<Parts>>;
  /** Outside transactions: at most a moment old, and never older than a change that this process committed. */
  current(): Promise<Parts>;
  /** Outside transactions: with every change that any node has committed by now. For names that `current` does not have. */
  fresh(): Promise<Parts>;
  /**
   * Call it in every transaction that changes rows of these parts, before it changes them. Changes of the configuration
   * run one after the other, because each locks the installation's row here.
   */
  change(tx: Transaction, ...parts: readonly (keyof Parts & string)[]): Promise<void>;
}

/** A configuration on which only statements with the condition may rely. */
export interface Assumed<Parts> {
  readonly parts: Parts;
  /** It is the present one. */
  readonly holds: RawBuilder<boolean>;
}

const always = sql<boolean>`1 = 1`;

/** How each part is read from its tables. */
export type ConfigLoaders<Parts> = { readonly [Part in keyof Parts]: (query: Query) => Promise<Parts[Part]> };

/** How old the known revision may be for a read outside a transaction. */
export const staleMsDefault = 500;

/** How often a load is repeated because the configuration changed meanwhile; then the last one is taken. */
const loadsMax = 3;

/**
 * Keeps the configuration in memory. The installation's revision rises with every change, on whichever node. Each part
 * has the revision of its last change, and only parts that changed are loaded again.
 */
export class ConfigSnapshot<Parts extends object> implements SharedConfig<Parts> {
  readonly #database: Database;
  readonly #loaders: ConfigLoaders<Parts>;
  readonly #clock: Clock;
  readonly #staleMs: number;
  /** The newest state that is durable, and the changes that this process had begun when it was read. */
  #kept: { readonly state: SnapshotState<Parts>; readonly begun: number } | undefined;
  #checked:
    | { readonly state: Promise<SnapshotState<Parts>>; readonly at: number; readonly committed: number }
    | undefined;
  /** The last read for `fresh`, and the one that begins after it. */
  #freshRead: Promise<unknown> | undefined;
  #nextFresh: Promise<Parts> | undefined;
  readonly #seen = new WeakMap<Transaction, Promise<SnapshotState<Parts>>>();
  readonly #changing = new WeakSet<Transaction>();
  #begun = 0;
  #committed = 0;

  constructor(
    database: Database,
    loaders: ConfigLoaders<Parts>,
    { clock, staleMs = staleMsDefault }: { readonly clock: Clock; readonly staleMs?: number },
  ) {
    this.#database = database;
    this.#loaders = loaders;
    this.#clock = clock;
    this.#staleMs = staleMs;
  }

  async in(tx: Transaction): Promise<Parts> {
    // It may change more rows after this, so what it loads is neither remembered nor kept for others.
    if (this.#changing.has(tx)) return (await this.#load(tx.query)).parts;
    const kept = this.#kept;
    const alone = this.#database.shared === undefined;
    if (alone && kept?.begun === this.#begun) return kept.state.parts;
    const seen = this.#seen.get(tx) ?? this.#see(tx);
    return (await seen).parts;
  }

  async assumed(tx: Transaction): Promise<Assumed<Parts>> {
    const state = this.#kept?.state;
    if (this.#database.shared === undefined || state === undefined || this.#changing.has(tx)) {
      return { parts: await this.in(tx), holds: always };
    }
    return { parts: state.parts, holds: isAtRevision(state.revision) };
  }

  async current(): Promise<Parts> {
    const now = this.#clock.monotonic();
    const checked = this.#checked;
    if (checked !== undefined && checked.committed === this.#committed && now - checked.at < this.#staleMs) {
      return (await checked.state).parts;
    }
    const begun = this.#begun;
    const next = { state: this.#load(this.#database.read), at: now, committed: this.#committed };
    this.#checked = next;
    try {
      const state = await next.state;
      this.#keep(state, begun);
      return state.parts;
    } catch (error) {
      if (this.#checked === next) this.#checked = undefined;
      throw error;
    }
  }

  /**
   * Where this process is alone, it has seen every change already. Else those who ask while a read runs, which may have begun
   * before a change, share the next one: made-up keys cost one read at a time.
   */
  async fresh(): Promise<Parts> {
    if (this.#database.shared === undefined) return this.current();
    return (this.#nextFresh ??= this.#readFresh());
  }

  async #readFresh(): Promise<Parts> {
    await this.#freshRead;
    this.#nextFresh = undefined;
    this.#checked = undefined;
    const read = this.current();
    this.#freshRead = read.catch(() => undefined);
    return read;
  }

  async change(tx: Transaction, ...parts: readonly (keyof Parts & string)[]): Promise<void> {
    this.#begun += 1;
    this.#changing.add(tx);
    tx.afterCommit(() => {
      this.#committed += 1;
    });
    await raiseRevision(tx, parts);
  }

  #see(tx: Transaction): Promise<SnapshotState<Parts>> {
    const begun = this.#begun;
    const seen = this.#load(tx.query).then((state) => {
      // Only once it is durable: after a rollback the same revision could come to stand for other rows.
      tx.afterCommit(() => this.#keep(state, begun));
      return state;
    });
    this.#seen.set(tx, seen);
    return seen;
  }

  #keep(state: SnapshotState<Parts>, begun: number): void {
    const kept = this.#kept;
    if (kept === undefined || kept.state.revision <= state.revision) this.#kept = { state, begun };
  }

  /** The rows are read by several statements, so a change may fall between them; then they are read again. */
  async #load(query: Query): Promise<SnapshotState<Parts>> {
    let revision = await readRevision(query);
    for (let loads = 1; ; loads += 1) {
      const kept = this.#kept?.state;
      if (kept?.revision === revision) return kept;
      const state = await this.#loadFrom(kept, revision, query);
      const after = await readRevision(query);
      if (after === revision || loads >= loadsMax) return state;
      revision = after;
    }
  }

  async #loadFrom(
    kept: SnapshotState<Parts> | undefined,
    revision: number,
    query: Query,
  ): Promise<SnapshotState<Parts>> {
    const revisions = await readPartRevisions(query);
    // The first start fills an empty installation without a change of its parts.
    const base = kept === undefined || kept.revision === 0 ? undefined : kept;
    const parts: Partial<Parts> = { ...base?.parts };
    for (const part of Object.keys(this.#loaders) as (keyof Parts & string)[]) {
      const isSame = base !== undefined && base.revisions.get(part) === revisions.get(part);
      if (!isSame) parts[part] = await this.#loaders[part](query);
    }
    return { revision, revisions, parts: parts as Parts };
  }
}

interface SnapshotState<Parts> {
  readonly revision: number;
  /** Of each part's last change; a part that never changed has none. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly parts: Parts;
}

/** One part of a configuration, for a room that needs no other. */
export function partOf<Parts, Part extends keyof Parts>(
  config: Pick<SharedConfig<Parts>, 'in' | 'assumed' | 'current'>,
  part: Part,
): Pick<SharedConfig<Parts[Part]>, 'in' | 'assumed' | 'current'> {
  return {
    in: async (tx) => (await config.in(tx))[part],
    async assumed(tx) {
      const { parts, holds } = await config.assumed(tx);
      return { parts: parts[part], holds };
    },
    current: async () => (await config.current())[part],
  };
}
