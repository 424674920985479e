import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../src/database/open.ts';
import { purgeHistory } from '../src/delivery/history/history-store.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { systemTimers } from '../src/runtime/timers.ts';
import { CountingProxy } from './support/counting-proxy.ts';
import { hasPostgres } from './support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from './support/deliveries.ts';
import { emptyPostgres } from './support/empty-postgres.ts';
import { startTestApp } from './support/test-app.ts';

/** Each is counted so often, and the least counts: a machine that stands still may part what was sent together. */
const tries = 3;
/** Pushes that arrive together are most often taken together. */
const burstsMax = 50;
const betweenMs = 50;

/** Each costs a change the time to the server and back. */
const tripsMax = {
  'a new alert with its incident': 3,
  'a change of an alert and its incident': 3,
  'a result': 1,
  'a result and the claim of the next push': 1,
};

const pageTripsMax = 3;

test(
  'PostgreSQL is waited for a few times per change, not once per statement',
  { skip: !hasPostgres && 'needs PostgreSQL' },
  async () => {
    await using empty = await emptyPostgres('trips');
    const { proxy, url } = await CountingProxy.before(empty.url);
    await using closing = proxy;
    const scene = await startTestApp({
      database: 'postgres',
      databaseUrl: url,
      env: { TOCSIN_DATABASE_PREPARE: 'off' },
    });
    try {
      const place = await scene.place();
      const hook = await place.hook('alert');
      const report = (key: number, status: string) =>
        place.report({ title: `alert ${key}`, alert_key: `alert ${key}`, event_status: status });
      await report(0, 'Warning');
      await report(0, 'Critical');
      await hook.history(2, { status: 'success' });
      closing.count();
      for (let key = 1; key <= tries; key += 1) {
        await report(key, 'Warning');
        await report(key, 'Critical');
      }
      await hook.history(2 + 2 * tries, { status: 'success' });
      // Where several are taken by one transaction, later ones wait for the first. Each burst has its own alert: of a
      // lane that was not in memory as a whole, only the head is read, and it stays so while more comes than goes.
      const burst = ['Warning', 'Critical', 'Warning', 'Critical', 'Warning', 'Critical'];
      for (let bursts = 1; proxy.passed(claimsNext).length === 0; bursts += 1) {
        assert.ok(bursts <= burstsMax, 'no push was claimed with the result of the one before it');
        await Promise.all(burst.map((status) => report(tries + bursts, status)));
        await sleep(betweenMs);
      }
      const counted = {
        'a new alert with its incident': least(proxy, /^insert into "alert" /),
        'a change of an alert and its incident': least(proxy, /^update "alert" as target/),
        'a result': least(proxy, /^with changed as \(update "delivery" /),
        'a result and the claim of the next push': least(proxy, claimsNext),
      };
      assert.deepEqual(counted, tripsMax);
    } finally {
      await scene.stop();
    }
  },
);

test(
  'PostgreSQL is waited for three times per page of old history, however many parts its attempts have',
  { skip: !hasPostgres && 'needs PostgreSQL' },
  async () => {
    await using empty = await emptyPostgres('purge');
    const { proxy, url } = await CountingProxy.before(empty.url);
    await using closing = proxy;
    const ports = { clock: systemClock, timers: systemTimers };
    const database = await openDatabase({ folder: '', url, prepare: 'off', ...ports });
    try {
      const old = Array.from({ length: 300 }, (_, at) => testEvent(`lane${at}`, 1, { eventTime: 1 + at }));
      await storeDeliveries(database, testWebhook(), old);
      await database.transaction((tx) =>
        tx.query.updateTable('delivery').set({ state: 'delivered', finished_at: 1 }).execute(),
      );
      closing.count();
      const span = { before: 1_000, stepMs: 1_000 };
      for (let page = 0; page < tries; page += 1) {
        const after = { eventTime: page * 100, deliveryId: '~' };
        const { purged } = await database.transaction((tx) => purgeHistory(tx, database.dialect, span, after, 100));
        assert.equal(purged, 100);
      }
      // The rows, all that is deleted, and the commit.
      assert.equal(least(proxy, /^delete from "delivery"/), pageTripsMax);
    } finally {
      await database.close();
    }
  },
);

/** Only successors are claimed without being waited for: in the transaction of the result before them. */
const claimsNext = /update delivery set state = 'sending'[^]*exists \(select 1 from installation where revision/;

function least(proxy: CountingProxy, statement: RegExp): number {
  return Math.min(...proxy.passed(statement).map(({ trips }) => trips));
}
