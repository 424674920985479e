import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { torture } from './kill.ts';

const rounds = 20;
/** Twenty lives of at most 1.5 s, as many starts, and the drain at the end. */
const timeout = 240_000;
const app = join(import.meta.dirname, '..', '..', 'src', 'app.ts');

for (const database of ['sqlite', 'postgres'] as const) {
  const name = `kill -9 under load loses, doubles and reorders nothing, on ${database}`;
  test(name, { timeout, skip: existsSync(app) ? false : 'there is no src/app.ts yet' }, async (t) => {
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
