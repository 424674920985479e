import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countKinds, planRounds } from './plan.ts';

const options = { rounds: 200, seed: 7, database: 'postgres', nodes: 3, leaseMs: 2_000 } as const;

test('a seed gives the same rounds again, and another seed others', () => {
  assert.deepEqual(planRounds(options), planRounds(options));
  assert.notDeepEqual(planRounds(options), planRounds({ ...options, seed: 8 }));
});

test('every kind that the database knows is planned, even in a short run', () => {
  const kinds = (rounds: number, database: 'sqlite' | 'postgres') =>
    [...countKinds(planRounds({ ...options, rounds, database })).keys()].sort();
  const everywhere = ['crash', 'edit', 'kill', 'leave', 'pause', 'replace'];
  assert.deepEqual(kinds(6, 'sqlite'), everywhere);
  assert.deepEqual(kinds(10, 'postgres'), [...everywhere, 'backends', 'commit', 'cut', 'postgres'].sort());
});

test('a long run dies three times at each crash point at least', () => {
  const points = planRounds(options).flatMap(({ mishap }) => (mishap.kind === 'crash' ? [mishap.point] : []));
  const times = [...Map.groupBy(points, (point) => point).values()].map(({ length }) => length);
  assert.equal(times.length, 9);
  assert.ok(Math.min(...times) >= 3, String(times));
});

test('pauses last from a fifth of a lease to three leases', () => {
  const pauses = planRounds({ ...options, rounds: 1_000 }).flatMap(({ mishap }) =>
    mishap.kind === 'pause' ? [mishap.ms] : [],
  );
  assert.ok(Math.min(...pauses) >= 400);
  assert.ok(Math.max(...pauses) <= 6_000);
  const long = pauses.filter((ms) => ms > options.leaseMs).length;
  assert.ok(long > pauses.length / 4 && long < (pauses.length * 3) / 4, `${long} of ${pauses.length}`);
});
