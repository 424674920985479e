/**
 * Lanes (webhook and entity) are spread over this many shards; a node sends in the shards that it holds. Never changes:
 * it is stored with every delivery.
 */
export const shardsMax = 64;

/** For a delivery in no lane: the node that made it sends it. */
export const noShard = -1;

/** From 0 to {@link shardsMax} - 1; the same on every node, for ever. */
export function shardOf(webhookId: number, entityId: string): number {
  const lane = `${webhookId} ${entityId}`;
  // FNV-1a with the final steps of MurmurHash3: the low bits of FNV alone are uneven for similar ids.
  let hash = 0x811c9dc5;
  for (let index = 0; index < lane.length; index += 1) hash = Math.imul(hash ^ lane.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shardsMax;
}
