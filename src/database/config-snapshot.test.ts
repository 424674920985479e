import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { databases, freshPostgres, hasPostgres } from '../../test/support/databases.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import { ConfigSnapshot, staleMsDefault } from './config-snapshot.ts';
import type { Database, Query, Transaction } from './database.ts';
import { insertInstallation, raiseRevision, readInstallation } from './installation-store.ts';
import { openPostgres } from './postgres/open.ts';

for (const { name, open } of databases) {
  const fresh = async (context: TestContext) => {
    const database = await open();
    context.after(() => database.close());
    await install(database);
    return snapshotOn(database);
  };

  test(`${name}: a change of one's own is seen at once, and nothing is loaded twice`, async (context) => {
    const { database, teams, add, loads } = await fresh(context);
    assert.deepEqual(await Promise.all([teams(), teams()]), [[], []]);
    assert.deepEqual(loads.splice(0), ['teams', 'channels']);
    await add(1);
    assert.deepEqual(await teams(), [1]);
    assert.deepEqual(await teams(), [1]);
    assert.deepEqual(loads, ['teams']);
    assert.equal((await readInstallation(database.read))?.revision, 2);
  });

  test(`${name}: a transaction sees its own changes, and others see none of them when it is rolled back`, async (context) => {
    const { database, teams, teamsIn, add, addIn } = await fresh(context);
    const refused = database.transaction(async (tx) => {
      assert.deepEqual(await teamsIn(tx), []);
      await addIn(tx, 1);
      assert.deepEqual(await teamsIn(tx), [1]);
      await addIn(tx, 2);
      assert.deepEqual(await teamsIn(tx), [1, 2]);
      throw new Error('refused');
    });
    await assert.rejects(refused, /refused/);
    assert.deepEqual(await teams(), []);
    // The same revision number as the one that was rolled back, with other rows.
    await add(3);
    assert.deepEqual(await database.transaction(teamsIn), [3]);
    assert.deepEqual(await teams(), [3]);
  });

  test(`${name}: what a transaction reads between its announcement and its change is kept by nobody`, async (context) => {
    const { database, config, teams, teamsIn } = await fresh(context);
    await database.transaction(async (tx) => {
      await config.change(tx, 'teams');
      assert.deepEqual(await teamsIn(tx), []);
      await tx.insertMany('team_member', [{ team_id: 1, member_id: 1 }]);
    });
    assert.deepEqual(await database.transaction(teamsIn), [1]);
    assert.deepEqual(await teams(), [1]);
  });

  test(`${name}: a transaction loads once, and what it loaded serves all after its commit`, async (context) => {
    const { database, teams, teamsIn, add, loads } = await fresh(context);
    await add(1);
    await database.transaction(async (tx) => {
      assert.deepEqual(await teamsIn(tx), [1]);
      assert.deepEqual(await teamsIn(tx), [1]);
    });
    assert.deepEqual(await teams(), [1]);
    assert.deepEqual(loads, ['teams', 'channels']);
  });

  test(`${name}: before there is an installation everything is empty, and then all that it holds is there`, async (context) => {
    const database = await open();
    context.after(() => database.close());
    const { teams } = snapshotOn(database, { now: () => 0, monotonic: () => (now += staleMsDefault) });
    let now = 0;
    assert.deepEqual(await teams(), []);
    assert.equal(await readInstallation(database.read), undefined);
    await database.transaction(async (tx) => {
      await insertInstallation(tx, { singleton: 1, account_id: 1, revision: 1, key_check: '', created_at: 0 });
      await tx.insertMany('team_member', [{ team_id: 1, member_id: 1 }]);
    });
    assert.deepEqual(await teams(), [1]);
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
    const { teams, freshTeams, teamsIn, loads } = snapshotOn(here, { now: () => 0, monotonic: () => now });
    assert.deepEqual(await teams(), []);
    // As another process would, without a word to this one.
    await there.transaction(async (tx) => {
      await tx.insertMany('team_member', [{ team_id: 1, member_id: 1 }]);
      await raiseRevision(tx, ['teams']);
    });
    assert.deepEqual(await teams(), []);
    now += staleMsDefault - 1;
    assert.deepEqual(await teams(), []);
    assert.deepEqual(await here.transaction(teamsIn), [1]);
    now += 1;
    assert.deepEqual(await teams(), [1]);
    assert.deepEqual(loads, ['teams', 'channels', 'teams']);
    await there.transaction(async (tx) => {
      await tx.insertMany('team_member', [{ team_id: 2, member_id: 1 }]);
      await raiseRevision(tx, ['teams']);
    });
    assert.deepEqual(await teams(), [1]);
    assert.deepEqual(await freshTeams(), [1, 2], 'a name that is not there is looked for anew');
  },
);

test(
  'however many ask for a name that is not there, one read at a time looks for it, and none is too old',
  { skip },
  async (context) => {
    const { url, remove } = await freshPostgres();
    const asked: string[] = [];
    const logger = { warn: ({ statement }: Readonly<Record<string, unknown>>) => void asked.push(String(statement)) };
    const [here, there] = await Promise.all([
      openPostgres({ url, ...ports, slowMs: 0, logger }),
      openPostgres({ url, ...ports }),
    ]);
    context.after(async () => {
      await Promise.all([here.close(), there.close()]);
      await remove();
    });
    await install(here);
    const { teams, freshTeams } = snapshotOn(here);
    await teams();
    asked.length = 0;
    const before = Array.from({ length: 100 }, () => freshTeams());
    await there.transaction(async (tx) => {
      await tx.insertMany('team_member', [{ team_id: 1, member_id: 1 }]);
      await raiseRevision(tx, ['teams']);
    });
    const after = Array.from({ length: 100 }, () => freshTeams());
    for (const found of await Promise.all(after)) assert.deepEqual(found, [1]);
    await Promise.all(before);
    const reads = asked.filter((statement) => statement === 'select "revision" from "installation"').length;
    // A load reads the revision before and after what it loads.
    assert.ok(reads <= 4, `${reads} reads of the revision`);
  },
);

const ports = { clock: systemClock, timers: systemTimers };

interface Parts {
  readonly teams: readonly number[];
  readonly channels: readonly number[];
}

function snapshotOn(database: Database, clock: Clock = systemClock) {
  const loads: (keyof Parts)[] = [];
  const config = new ConfigSnapshot<Parts>(
    database,
    {
      teams: async (query: Query) => {
        loads.push('teams');
        const rows = await query.selectFrom('team_member').select('team_id').orderBy('team_id').execute();
        return rows.map(({ team_id }) => team_id);
      },
      channels: async (query: Query) => {
        loads.push('channels');
        const rows = await query.selectFrom('channel').select('channel_id').execute();
        return rows.map(({ channel_id }) => channel_id);
      },
    },
    { clock },
  );
  const teams = async () => (await config.current()).teams;
  const freshTeams = async () => (await config.fresh()).teams;
  const teamsIn = async (tx: Transaction) => (await config.in(tx)).teams;
  const addIn = async (tx: Transaction, teamId: number) => {
    await config.change(tx, 'teams');
    await tx.insertMany('team_member', [{ team_id: teamId, member_id: 1 }]);
  };
  const add = (teamId: number) => database.transaction((tx) => addIn(tx, teamId));
  return { database, config, teams, freshTeams, teamsIn, add, addIn, loads };
}

function install(database: Database): Promise<void> {
  const row = { singleton: 1, account_id: 1, revision: 1, key_check: '', created_at: 0 };
  return database.transaction((tx) => insertInstallation(tx, row));
}
