import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { DatabaseFailure, type Database } from '../database.ts';
import { databaseFile, openDatabase } from '../open.ts';
import { searchSuffix } from './long-reader.ts';

const ports = { clock: systemClock, timers: systemTimers, inBackground: true };

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-reading-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withDatabase(folder: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await openDatabase({ folder, ...ports });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

/** Counts so far that it takes far longer than the event loop may stand still. */
const slow = sql<{ count: number }>`with recursive counted (n) as
  (select 1 union all select n + 1 from counted where n < 500000) select count(*) as count from counted`;

test('a long read leaves the event loop to the others', async () => {
  await inFolder((folder) =>
    withDatabase(folder, async (database) => {
      let turns = 0;
      let turning = true;
      const turn = () => {
        turns += 1;
        if (turning) setImmediate(turn);
      };
      turn();
      const { rows } = await slow.execute(database.longRead);
      turning = false;
      assert.equal(rows[0]?.count, 500_000);
      assert.ok(turns > 100, `the loop had ${turns} turns`);
    }),
  );
});

test('what a read refuses comes back as a failure, and the next one is answered', async () => {
  await inFolder((folder) =>
    withDatabase(folder, async (database) => {
      await assert.rejects(sql`select * from nothing_like_it`.execute(database.longRead), /no such table/);
      await assert.rejects(sql`delete from incident`.execute(database.longRead), DatabaseFailure);
      assert.deepEqual((await sql`select 1 as one`.execute(database.longRead)).rows, [{ one: 1 }]);
    }),
  );
});

/** A search that the index has not caught up with is answered without it. */
async function findsNothing(database: Database): Promise<void> {
  const find = () => database.find('alert', { words: ['word'], pairs: [] }, 10);
  await until(async () => (await find()) !== undefined);
  assert.deepEqual(await find(), { ids: [] });
}

test('a damaged index is made anew, and its file is for its own user only', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, `${databaseFile}${searchSuffix}`);
    await withDatabase(folder, findsNothing);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await writeFile(file, 'this is no database');
    for (const name of await readdir(folder)) if (/-search-/.test(name)) await rm(join(folder, name));
    await withDatabase(folder, findsNothing);
  });
});
