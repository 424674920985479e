import { shardsMax } from '../../database/shard.ts';

/** All leases as a node sees them at one moment. */
export interface LeaseView {
  readonly nodeId: string;
  /** Live nodes, this one included. */
  readonly nodes: readonly string[];
  /** Free shards. */
  readonly free: readonly number[];
  /** Shards that this node holds and keeps. */
  readonly held: readonly number[];
}

export interface ShardBalance {
  readonly take: readonly number[];
  readonly giveUp: readonly number[];
}

/** Gives every node the same number of shards, plus or minus one, with the fewest moves. */
export function planShardBalance({ nodeId, nodes, free, held }: LeaseView): ShardBalance {
  const order = [...new Set([...nodes, nodeId])].sort();
  const rank = order.indexOf(nodeId);
  const share = Math.floor(shardsMax / order.length) + (rank < shardsMax % order.length ? 1 : 0);
  const byNumber = (one: number, other: number) => one - other;
  const surplus = held.length - share;
  if (surplus > 0) return { take: [], giveUp: [...held].sort(byNumber).slice(-surplus) };
  // Each node starts at another shard, so that nodes do not compete for the same ones.
  const start = Math.floor((rank * shardsMax) / order.length);
  const rotated = [...free].sort((one, other) => place(one, start) - place(other, start));
  return { take: rotated.slice(0, -surplus).sort(byNumber), giveUp: [] };
}

function place(shard: number, start: number): number {
  return (shard - start + shardsMax) % shardsMax;
}
