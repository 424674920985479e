import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { torture } from './kill.ts';

const rounds = 20;
/** Twenty starts and lives of about a second together, and the drain at the end; more on a machine that is busy. */
const timeout = 240_000;

for (const database of ['sqlite', 'postgres'] as const) {
  const name = `kill -9 under load loses, doubles and reorders nothing, on ${database}`;
  test(name, { timeout }, async (t) => {
    const seed = randomInt(1_000_000);
    t.diagnostic(`npm run torture -- --rounds ${rounds} --seed ${seed} --database ${database}`);
    await using empty = database === 'postgres' ? await emptyPostgres('torture') : undefined;
    const report = await torture({
      rounds,
      seed,
      database,
      ...(empty === undefined ? {} : { databaseUrl: empty.url }),
    });
    t.diagnostic(JSON.stringify(report.counts));
    assert.equal(report.faults.length, 0, report.faults.slice(0, 20).join('\n'));
  });
}
