import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { systemTimers } from '../../runtime/timers.ts';
import type { Database, Transaction } from '../database.ts';
import { databaseFile, openDatabase } from '../open.ts';
import { commitCountFile } from './commit-count.ts';

const ports = { clock: systemClock, timers: systemTimers };
let made = 0;

function write(tx: Transaction): Promise<void> {
  made += 1;
  return tx.insertMany('idempotency', [{ idempotency_id: `${made}`, body_hash: '', response: '', created_at: 1 }]);
}

async function uncounted(tx: Transaction): Promise<void> {
  await write(tx);
  tx.needsNoCount();
}

test('a commit is counted when something of it needs that, and a read never', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'));
  const file = commitCountFile(join(folder, databaseFile));
  const count = async () => Number(await readFile(file, 'latin1'));
  let database: Database = await openDatabase({ folder, ...ports });
  try {
    const from = await count();
    await database.transaction(write);
    assert.equal((await count()) - from, 1);
    await database.transaction(uncounted);
    await database.transaction((tx) => tx.query.selectFrom('idempotency').selectAll().execute());
    assert.equal((await count()) - from, 1);
    // They share a commit.
    await Promise.all([database.transaction(uncounted), database.transaction(write), database.transaction(uncounted)]);
    assert.equal((await count()) - from, 2);
    await database.transaction(uncounted);
    await database.close();
    database = await openDatabase({ folder, ...ports });
    assert.equal(database.lostCommits, 0);
    assert.equal((await database.read.selectFrom('idempotency').select('idempotency_id').execute()).length, 6);
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
});
