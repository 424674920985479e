import { shardsMax } from '../database/shard.ts';

/** What a node sees of all leases at one moment. */
export interface LeaseView {
  readonly nodeId: string;
  /** Those that are alive, this one among them. */
  readonly nodes: readonly string[];
  /** Shards that nobody holds. */
  readonly free: readonly number[];
  /** Shards that this node holds and means to keep. */
  readonly held: readonly number[];
}

export interface Shares {
  readonly take: readonly number[];
  readonly giveUp: readonly number[];
}

/** Every node the same number of shards, give or take one; nothing moves that need not. */
export function planShares({ nodeId, nodes, free, held }: LeaseView): Shares {
  const order = [...new Set([...nodes, nodeId])].sort();
  const rank = order.indexOf(nodeId);
  const share = Math.floor(shardsMax / order.length) + (rank < shardsMax % order.length ? 1 : 0);
  const byNumber = (one: number, other: number) => one - other;
  const surplus = held.length - share;
  if (surplus > 0) return { take: [], giveUp: [...held].sort(byNumber).slice(-surplus) };
  // Each begins at another place, so that nodes that look at the same time do not reach for the same shards.
  const start = Math.floor((rank * shardsMax) / order.length);
  const rotated = [...free].sort((one, other) => place(one, start) - place(other, start));
  return { take: rotated.slice(0, -surplus).sort(byNumber), giveUp: [] };
}

function place(shard: number, start: number): number {
  return (shard - start + shardsMax) % shardsMax;
}
