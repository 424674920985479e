import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf, shardsMax } from './shard.ts';

test('a lane lies in the same shard for ever', () => {
  // Stored with deliveries: another hash would leave them where nobody looks.
  assert.deepEqual(
    [shardOf(10_000_000_000_001, '6560d0f4a1b2c3d4e5f60001'), shardOf(1, 'a'), shardOf(1, 'b'), shardOf(2, 'a')],
    [53, 61, 38, 34],
  );
});

test('lanes are spread evenly over all shards, whether the webhook or the entity differs', () => {
  const spreads = [
    Array.from({ length: 6_400 }, (_, index) => shardOf(10_000_000_000_001, (0x6560d0f4 + index).toString(16))),
    Array.from({ length: 6_400 }, (_, index) => shardOf(10_000_000_000_001 + index, 'one entity')),
  ];
  for (const shards of spreads) {
    const counts = Array.from({ length: shardsMax }, (_, shard) => shards.filter((one) => one === shard).length);
    assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 160, counts.join(' '));
  }
});
