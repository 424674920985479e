import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { openPostgres } from '../../src/database/postgres/open.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { freshPostgres, hasPostgres } from '../support/databases.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startTestApp } from '../support/test-app.ts';
import { followsNames, missingPgBouncer, startPgBouncer } from './pgbouncer.ts';
import { skipWithout } from './program.ts';

/** More than the connections that the pooler has to the server, so that it gives each to several clients. */
const clients = 8;
const rounds = 40;
/** As by default since 1.24. */
const namedByDefault = 200;

const notPrepared = 'database.not_prepared';
const noServer = hasPostgres ? undefined : 'needs PostgreSQL';
const tooOld = (await followsNames()) ? undefined : 'PgBouncer follows the names of statements since 1.21';

const poolers = [
  { what: 'follows names', named: namedByDefault, said: [], ...skipIn(tooOld) },
  { what: 'does not know names', named: 0, said: [notPrepared], ...skipIn(undefined) },
];

for (const { what, named, said, skip } of poolers) {
  describe(`a transaction pooler that ${what}`, { skip }, () => {
    test('no transaction and no read fails, and what is done is done once', async () => {
      const fresh = await freshPostgres();
      await using pooler = await startPgBouncer(fresh.url, named);
      const warned: string[] = [];
      const database = await openPostgres({
        url: pooler.url,
        clock: systemClock,
        timers: systemTimers,
        poolMax: clients,
        logger: { warn: (_, message) => void warned.push(message) },
      });
      const read = () => database.read.selectFrom('idempotency').select('created_at').execute();
      const raise = async () =>
        database.transaction((tx) => sql`update idempotency set created_at = created_at + 1`.execute(tx.query));
      await database.transaction((tx) =>
        tx.insertMany('idempotency', [{ idempotency_id: 'a', body_hash: '', response: '', created_at: 0 }]),
      );
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(Array.from({ length: clients }, () => [raise(), read()]).flat());
      }
      assert.deepEqual(await read(), [{ created_at: clients * rounds }]);
      assert.deepEqual(
        warned.filter((message) => message === notPrepared),
        said,
      );
      if (named > 0) {
        const { rows } = await sql<{ count: number }>`select count(*) from pg_prepared_statements`.execute(
          database.read,
        );
        assert.ok((rows[0]?.count ?? 0) > 0, 'nothing is prepared on the server');
      }
      await database.close();
      await fresh.remove();
    });

    test('the service delivers', async () => {
      await using empty = await emptyPostgres('pooler');
      await using pooler = await startPgBouncer(empty.url, named);
      const scene = await startTestApp({ database: 'postgres', databaseUrl: pooler.url });
      try {
        const place = await scene.place();
        const hook = await place.hook('alert');
        const keys = Array.from({ length: clients }, (_, index) => `alert ${index}`);
        for (const status of ['Critical', 'Warning', 'Ok']) {
          await Promise.all(keys.map((key) => place.report({ title: key, alert_key: key, event_status: status })));
        }
        await hook.pushes(3 * keys.length);
        const history = await hook.history(3 * keys.length);
        assert.ok(history.every(({ status }) => status === 'success'));
        assert.equal(scene.service.logs.filter((line) => line.includes(notPrepared)).length, said.length);
      } finally {
        await scene.stop();
      }
    });
  });
}

/** A missing program fails the test in CI; one that is too old is skipped there too, and says so. */
function skipIn(tooOld: string | undefined) {
  const missing = skipWithout(missingPgBouncer() ?? noServer).skip;
  return { skip: missing === false && missingPgBouncer() === undefined ? (tooOld ?? false) : missing };
}
