import type { Moment } from '../../runtime/moment.ts';

/** A shard that a node holds. The fence differs for each time of holding it. */
export interface ShardLease {
  readonly shard: number;
  readonly fence: number;
}

/** The time in which a request may begin to be written: milliseconds after a moment, which may be renewed. */
export interface SendWindow {
  readonly since: Moment;
  readonly ms: number;
}

/** The leases under which a node claims. Read once for a claim and its requests. */
export interface ClaimContext {
  /** Checked by the claim's statement; absent where nobody else can hold a shard. */
  readonly lease?: {
    readonly nodeId: string;
    readonly leases: readonly ShardLease[];
    /** The timeline that the node saw; absent where the server does not show it. */
    readonly timeline?: { readonly fenceFloor: number } | undefined;
  };
  /** For a request of this shard. */
  window(shard: number): SendWindow;
}

/** Says which shards this process sends in. The database decides, with every claim. */
export interface ShardOwnership {
  holds(shard: number): boolean;
  /** The shards held now; absent = all. */
  readonly shards?: readonly number[];
  /** @param since taken before the claim. */
  claimContext(since: Moment): ClaimContext;
  /** The database refused a claim: a lease may be lost. */
  reportRefusedClaim(): void;
}

/** The time in which writing may begin without leases. */
const claimGoodForMs = 30_000;

/** One process with its own database: all shards. */
export const soleOwner: ShardOwnership = {
  holds: () => true,
  claimContext: (since) => ({ window: () => ({ since, ms: claimGoodForMs }) }),
  reportRefusedClaim() {},
};
