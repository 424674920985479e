/**
 * Lanes (webhook and entity) are spread over this many shards; a node sends in the shards that it holds. Never changed:
 * it is stored with every delivery.
 */
export const shardsMax = 64;

/** For a delivery that is in no lane: whoever made it sends it. */
export const noShard = -1;

/** 0 … {@link shardsMax} - 1, the same on every node and for ever. */
export function shardOf(webhookId: number, entityId: string): number {
  const lane = `${webhookId} ${entityId}`;
  // FNV-1a, and the last steps of MurmurHash3, because the low bits of FNV alone are uneven for ids that differ by little.
  let hash = 0x811c9dc5;
  for (let index = 0; index < lane.length; index += 1) hash = Math.imul(hash ^ lane.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shardsMax;
}
