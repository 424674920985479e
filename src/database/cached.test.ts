import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { databases, freshPostgres, hasPostgres } from '../../test/support/databases.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import { bumpRevision, Cached } from './cached.ts';
import type { Database, Query, Transaction } from './database.ts';
import { openPostgres } from './postgres.ts';
import { insertInstallation, readInstallation, Revision, staleMsDefault } from './revision.ts';

for (const { name, open } of databases) {
  const fresh = async (context: TestContext) => {
    const database = await open();
    context.after(() => database.close());
    await install(database);
    return { database, ...cacheOn(database) };
  };

  test(`${name}: a change of one's own is seen at once, and nothing is loaded twice`, async (context) => {
    const { database, cached, loads } = await fresh(context);
    assert.deepEqual(await Promise.all([cached.current(), cached.current()]), [[], []]);
    assert.equal(loads(), 1);
    await add(database, 1);
    assert.deepEqual(await cached.current(), [1]);
    assert.deepEqual(await cached.current(), [1]);
    assert.equal(loads(), 2);
    assert.equal((await readInstallation(database.read))?.revision, 2);
  });

  test(`${name}: a transaction sees its own change, and others see none of it when it is rolled back`, async (context) => {
    const { database, cached } = await fresh(context);
    const refused = database.transaction(async (tx) => {
      assert.deepEqual(await cached.in(tx), []);
      await addIn(tx, 1);
      assert.deepEqual(await cached.in(tx), [1]);
      throw new Error('refused');
    });
    await assert.rejects(refused, /refused/);
    assert.deepEqual(await cached.current(), []);
    // The same revision number as the one that was rolled back, with other rows.
    await add(database, 2);
    assert.deepEqual(await database.transaction((tx) => cached.in(tx)), [2]);
    assert.deepEqual(await cached.current(), [2]);
  });

  test(`${name}: a transaction loads once, and what it loaded serves all after its commit`, async (context) => {
    const { database, cached, loads } = await fresh(context);
    await add(database, 1);
    await database.transaction(async (tx) => {
      assert.deepEqual(await cached.in(tx), [1]);
      assert.deepEqual(await cached.in(tx), [1]);
    });
    assert.deepEqual(await cached.current(), [1]);
    assert.equal(loads(), 1);
  });

  test(`${name}: before there is an installation the revision is 0, and there is only one`, async (context) => {
    const database = await open();
    context.after(() => database.close());
    const { cached } = cacheOn(database);
    assert.deepEqual(await cached.current(), []);
    assert.equal(await readInstallation(database.read), undefined);
    await install(database);
    await assert.rejects(install(database), { kind: 'conflict' });
  });
}

const skip = hasPostgres ? false : 'no PostgreSQL';

test(
  "another node's change is seen in the next transaction, and outside of one a moment later",
  { skip },
  async (context) => {
    const { url, remove } = await freshPostgres();
    const [here, there] = await Promise.all([1, 2].map(() => openPostgres({ url, ...ports })));
    assert.ok(here && there);
    context.after(async () => {
      await Promise.all([here.close(), there.close()]);
      await remove();
    });
    await install(here);
    let now = 0;
    const { cached } = cacheOn(here, { now: () => 0, monotonic: () => now });
    assert.deepEqual(await cached.current(), []);
    // As another process would, without a word to this one.
    await there.transaction(async (tx) => {
      await tx.insertMany('team_member', [{ team_id: 1, member_id: 1 }]);
      await tx.query.updateTable('installation').set({ revision: 2 }).execute();
    });
    assert.deepEqual(await cached.current(), []);
    now += staleMsDefault - 1;
    assert.deepEqual(await cached.current(), []);
    assert.deepEqual(await here.transaction((tx) => cached.in(tx)), [1]);
    now += 1;
    assert.deepEqual(await cached.current(), [1]);
  },
);

const ports = { clock: systemClock, timers: systemTimers };

function cacheOn(database: Database, clock: Clock = systemClock) {
  let loads = 0;
  const cached = new Cached(new Revision(database, { clock }), async (query: Query) => {
    loads += 1;
    const rows = await query.selectFrom('team_member').select('team_id').orderBy('team_id').execute();
    return rows.map(({ team_id }) => team_id);
  });
  return { cached, loads: () => loads };
}

function install(database: Database): Promise<void> {
  const row = { singleton: 1, account_id: 1, revision: 1, key_check: '', created_at: 0 };
  return database.transaction((tx) => insertInstallation(tx, row));
}

function add(database: Database, teamId: number): Promise<void> {
  return database.transaction((tx) => addIn(tx, teamId));
}

async function addIn(tx: Transaction, teamId: number): Promise<void> {
  await tx.insertMany('team_member', [{ team_id: teamId, member_id: 1 }]);
  await bumpRevision(tx);
}
