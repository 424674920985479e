import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import type { Dialect, Transaction } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres/open.ts';
import { runsUntilNamed } from '../../src/database/postgres/statement-names.ts';
import { claimHeads } from '../../src/delivery/attempt/claim.ts';
import { cancelDeliveries, recoverDeliveries } from '../../src/delivery/store/delivery-store.ts';
import type { Delivery } from '../../src/delivery/store/delivery.ts';
import { readHeadsOf } from '../../src/delivery/store/backlog-store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { WebhookDirectory } from '../../src/webhooks/webhook-index.ts';
import { freshPostgres, hasPostgres } from '../support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../support/deliveries.ts';

const lanesCount = 600;
const eachLane = 20;
const headsCount = 32;
/** So many rows a statement may look at for each head that it is about: the lane, and a few beside it. */
const rowsEachMax = 3 * eachLane;

/** A statement has its name by then, and the server would have made a plan to keep, were it allowed to. */
const quietRuns = runsUntilNamed + 6;

const retry = { maxAttempts: 9, maxAgeSeconds: 1_000_000_000, on: 'any' as const };
const webhook = testWebhook({ mode: 'at_least_once', retry });

type Step = (tx: Transaction, dialect: Dialect, heads: readonly Delivery[]) => Promise<unknown>;

const claimBy =
  (orderPolicy: 'every' | 'latest'): Step =>
  (tx, dialect, heads) => {
    const directory = new WebhookDirectory([{ ...webhook, orderPolicy }]);
    return claimHeads(tx, { dialect, directory, lease: undefined, now: systemClock.now() }, heads);
  };

const steps: Readonly<Record<string, Step>> = {
  'claim heads': claimBy('every'),
  'recover what a dead process left': (tx, dialect) =>
    recoverDeliveries(tx, dialect, {}, systemClock.now(), headsCount),
  'claim the latest': (tx, dialect, heads) => claimBy('latest')(tx, dialect, heads.slice(0, 4)),
  'cancel some': (tx) => cancelDeliveries(tx, webhook.webhookId, '', systemClock.now(), headsCount),
};

/** A server knows what its tables hold as of some time ago: most often, of a time at which nothing waited. */
test(
  'with statistics from a quiet time, the cost of a claim does not grow with the backlog',
  { skip: !hasPostgres && 'needs PostgreSQL' },
  async () => {
    const { url, remove } = await freshPostgres();
    // One connection, on which all that is prepared while it is quiet is used later.
    const database = await openPostgres({ url, clock: systemClock, timers: systemTimers, poolMax: 1 });
    try {
      const [delivered] = await storeDeliveries(database, webhook, [testEvent('quiet', 1)]);
      assert.ok(delivered !== undefined);
      await database.transaction(async ({ query }) => {
        await sql`update delivery set state = 'delivered'`.execute(query);
        await sql`analyze`.execute(query);
      });
      for (let runs = 0; runs < quietRuns; runs += 1) {
        for (const step of Object.values(steps)) {
          await database.transaction(async (tx) => {
            const heads = await readHeadsOf(tx.query, database.dialect, webhook.webhookId, ['quiet']);
            assert.equal(heads.length, 0);
            await step(tx, database.dialect, [delivered]);
          });
        }
      }
      await database.transaction(async ({ query }) => {
        for (const table of ['event', 'delivery'] as const) await copiesIn(table).execute(query);
      });
      for (const [name, step] of Object.entries(steps)) {
        const { looked, count } = await database.transaction(async (tx) => {
          const lanes = Array.from({ length: headsCount }, (_, index) => `lane${index + 1}`);
          const heads = await readHeadsOf(tx.query, database.dialect, webhook.webhookId, lanes);
          const before = await lookedAt(tx);
          await step(
            tx,
            database.dialect,
            heads.map(({ delivery }) => delivery),
          );
          return { looked: (await lookedAt(tx)) - before, count: heads.length };
        });
        assert.equal(count, headsCount);
        assert.ok(
          looked <= headsCount * rowsEachMax,
          `to ${name}, ${looked} rows of ${lanesCount * eachLane} were looked at`,
        );
      }
    } finally {
      await database.transaction(({ query }) => sql`delete from delivery`.execute(query));
      await database.transaction(({ query }) => sql`analyze`.execute(query));
      await database.close();
      await remove();
    }
  },
);

/** Copies of the one that is there, as of so many events in so many lanes. */
function copiesIn(table: 'event' | 'delivery') {
  const own = table === 'event' ? '' : `, 'delivery_id', lane || ' ' || number, 'state', 'pending'`;
  return sql.raw(`
    insert into ${table}
    select (jsonb_populate_record(${table}, jsonb_build_object('event_id', md5(lane || ' ' || number), 'sequence', number,
      'entity_id', 'lane' || lane ${own}))).*
    from ${table}, generate_series(1, ${lanesCount}) as lane, generate_series(1, ${eachLane}) as number`);
}

/** Rows of deliveries that this transaction has looked at so far. */
async function lookedAt({ query }: Transaction): Promise<number> {
  const { rows } = await sql<{ rows: number }>`
    select (idx_tup_fetch + seq_tup_read)::int8 as rows from pg_stat_xact_user_tables where relname = 'delivery'`.execute(
    query,
  );
  return rows[0]?.rows ?? 0;
}
