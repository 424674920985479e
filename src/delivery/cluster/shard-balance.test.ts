import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shardsMax } from '../../database/shard.ts';
import { planShardBalance } from './shard-balance.ts';

const all = Array.from({ length: shardsMax }, (_, shard) => shard);

test('the first node takes everything', () => {
  assert.deepEqual(planShardBalance({ nodeId: 'a', nodes: [], free: all, held: [] }), { take: all, giveUp: [] });
});

test('a node gives up no more than its surplus when another comes', () => {
  const { take, giveUp } = planShardBalance({ nodeId: 'a', nodes: ['a', 'b'], free: [], held: all });
  assert.deepEqual([take, giveUp.length], [[], 32]);
});

test('nothing moves when every node has its share', () => {
  const held = all.slice(0, 22);
  assert.deepEqual(planShardBalance({ nodeId: 'a', nodes: ['a', 'b', 'c'], free: [], held }), { take: [], giveUp: [] });
});

test('nodes that look at the same time reach for different shards', () => {
  const nodes = ['a', 'b', 'c', 'd'];
  const taken = nodes.flatMap((nodeId) => planShardBalance({ nodeId, nodes, free: all, held: [] }).take);
  assert.equal(new Set(taken).size, shardsMax);
});

test('however nodes come and go, in the end each has its share and every shard has one owner', () => {
  const joinsAndLeaves = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 20 });
  fc.assert(
    fc.property(joinsAndLeaves, (changes) => {
      const owned = new Map<string, number[]>([['n0', []]]);
      const settle = () => {
        for (let round = 0; round < 10; round += 1) {
          for (const [nodeId, held] of owned) {
            const free = all.filter((shard) => ![...owned.values()].some((shards) => shards.includes(shard)));
            const { take, giveUp } = planShardBalance({ nodeId, nodes: [...owned.keys()], free, held });
            assert.ok(take.every((shard) => free.includes(shard)) && giveUp.every((shard) => held.includes(shard)));
            owned.set(nodeId, [...held.filter((shard) => !giveUp.includes(shard)), ...take]);
          }
        }
      };
      for (const [number, joins] of changes) {
        if (joins && !owned.has(`n${number}`)) owned.set(`n${number}`, []);
        else if (!joins && owned.size > 1) owned.delete(`n${number}`);
        settle();
        const sizes = [...owned.values()].map((shards) => shards.length);
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          shardsMax,
        );
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }
    }),
    { numRuns: 200 },
  );
});
