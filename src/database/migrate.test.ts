import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { databases, freshPostgres, hasPostgres } from '../../test/support/databases.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemTimers } from '../runtime/timers.ts';
import { migrate, type MigratableDatabase, type Migration } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPostgres } from './postgres/open.ts';
import { openSqlite } from './sqlite/open.ts';

const ports = { clock: systemClock, timers: systemTimers };

test('an empty SQLite file gets every migration once, in order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
  const database = await openSqlite({ file: join(folder, 'a.db'), ...ports });
  try {
    const log: string[] = [];
    const steps = [step('0001', log), step('0002', log)];
    assert.deepEqual(await migrate(database, steps), ['0001', '0002']);
    assert.deepEqual(await migrate(database, steps), []);
    assert.deepEqual(log, ['0001', '0002']);
    await keepsItsRules(database, steps);
  } finally {
    await database.close();
    await rm(folder, { recursive: true });
  }
});

test('several nodes may migrate at once', { skip: hasPostgres ? false : 'no PostgreSQL' }, async () => {
  const { url, remove } = await freshPostgres();
  const nodes = await Promise.all([1, 2, 3].map(() => openPostgres({ url, ...ports })));
  const [node] = nodes;
  assert.ok(node);
  const log: string[] = [];
  const steps = [...migrations, step('8001', log), step('8002', log)];
  try {
    const ran = await Promise.all(nodes.map((one) => migrate(one, steps)));
    assert.deepEqual(ran.flat().toSorted(), ['8001', '8002']);
    await keepsItsRules(node, steps);
  } finally {
    await node.transaction(async (tx) => {
      await sql`drop table if exists made_8001, made_8002`.execute(tx.query);
      await sql`delete from schema_migration where name like '8%'`.execute(tx.query);
    });
    await Promise.all(nodes.map((one) => one.close()));
    await remove();
  }
});

for (const { name, open } of databases) {
  test(`${name}: a database with a schema from before the first release is refused`, async () => {
    const database = (await open()) as MigratableDatabase;
    const [first = assert.fail()] = migrations;
    const rename = (from: string, to: string) =>
      database.transaction((tx) =>
        sql`update schema_migration set name = ${to} where name = ${from}`.execute(tx.query),
      );
    assert.match(first.name, /^0001-initial-[0-9a-f]{8}$/);
    await rename(first.name, '0001-initial');
    try {
      await assert.rejects(migrate(database, migrations), {
        kind: 'broken',
        message: /made by a version before the first release, with another schema \(0001-initial\)/,
      });
    } finally {
      await rename('0001-initial', first.name);
      await database.close();
    }
  });
}

async function keepsItsRules(database: MigratableDatabase, steps: readonly Migration[]): Promise<void> {
  const broken: Migration = {
    name: '9001',
    async up(db) {
      await sql`create table half (a int)`.execute(db);
      throw new Error('half done');
    },
  };
  await assert.rejects(migrate(database, [...steps, broken]), /half done/);
  await assert.rejects(database.read.executeQuery(sql`select * from half`.compile(database.read)), /half/);
  await assert.rejects(migrate(database, steps.slice(0, -1)), {
    kind: 'broken',
    message: /made by a newer version, with \d{4}/,
  });
  assert.deepEqual(await migrate(database, steps), []);
}

function step(name: string, log: string[]): Migration {
  return {
    name,
    async up(db, { integer, strict }) {
      await sql.raw(`create table made_${name} (a ${integer} not null) ${strict}`).execute(db);
      log.push(name);
    },
  };
}
