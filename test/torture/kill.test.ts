import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { torture } from './kill.ts';

/** About two seconds for each round, and the drain at the end; more on a machine that is busy. */
const timeout = 240_000;

/** A short round in the suite; `npm run torture` is the long one. They wait most of the time, so two run side by side. */
describe('torture', { concurrency: 2 }, () => {
  for (const { database, nodes, rounds } of [
    { database: 'sqlite', nodes: 1, rounds: 12 },
    { database: 'postgres', nodes: 1, rounds: 12 },
    // Everything that can happen, once or twice.
    { database: 'postgres', nodes: 3, rounds: 12 },
  ] as const) {
    const who = nodes === 1 ? 'one node' : `${nodes} nodes`;
    test(`whatever happens to ${who} on ${database}, nothing is lost, doubled or reordered`, { timeout }, async (t) => {
      const seed = randomInt(1_000_000);
      t.diagnostic(`npm run torture -- --rounds ${rounds} --seed ${seed} --database ${database} --nodes ${nodes}`);
      const report = await torture({ rounds, seed, database, nodes });
      t.diagnostic(JSON.stringify(report.counts));
      assert.equal(report.faults.length, 0, report.faults.slice(0, 20).join('\n'));
    });
  }
});
