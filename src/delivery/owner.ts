import type { Moment } from '../runtime/moment.ts';

/** A shard that a node holds. The fence tells one time of holding it from the next. */
export interface Tenure {
  readonly shard: number;
  readonly fence: number;
}

/** Until when a request may begin to be written: so many milliseconds after a moment, which may be moved on meanwhile. */
export interface SendWindow {
  readonly since: Moment;
  readonly ms: number;
}

/** What a node claims under. Read once for a claim and all that is sent under it. */
export interface Holding {
  /** Asked of the database by the claim itself; absent where nobody else could hold anything. */
  readonly lease?: {
    readonly nodeId: string;
    readonly tenures: readonly Tenure[];
    /** What the node saw of the server's lineage; absent where the server does not tell it. */
    readonly lineage?: { readonly fenceFloor: number } | undefined;
  };
  /** For a request of this shard. */
  window(shard: number): SendWindow;
}

/** Says what of the work is this process's. The database has the last word: with every claim. */
export interface Owner {
  holds(shard: number): boolean;
  /** Those held now; absent = all there are. */
  readonly shards?: readonly number[];
  /** @param since taken before the claim. */
  holding(since: Moment): Holding;
  /** The database did not grant a claim: what is believed to be held may be held no more. */
  doubt(): void;
}

/** How long a claim allows to begin writing where no lease says so. */
const claimGoodForMs = 30_000;

/** One process with a database of its own: everything is its work. */
export const soleOwner: Owner = {
  holds: () => true,
  holding: (since) => ({ window: () => ({ since, ms: claimGoodForMs }) }),
  doubt() {},
};
