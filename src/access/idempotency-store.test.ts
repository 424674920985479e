import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Database, Query } from '../database/database.ts';
import { initial } from '../database/migrations/0001-initial.ts';
import { openSqlite } from '../database/sqlite/open.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemTimers } from '../runtime/timers.ts';
import { IdempotencyStore } from './idempotency-store.ts';
import { createSecretBox } from './secret-box.ts';

const now = 1_700_000_000_000;

describe('idempotency keys', () => {
  let folder: string;
  let database: Database;
  let store: IdempotencyStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-idempotency-'));
    const opened = await openSqlite({ file: join(folder, 'test.db'), clock: systemClock, timers: systemTimers });
    await opened.transaction(({ query }) =>
      initial.up(query as unknown as Parameters<typeof initial.up>[0], opened.schema),
    );
    database = opened;
    store = new IdempotencyStore(database, createSecretBox([systemRandom.bytes(32)], systemRandom));
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  const rows = (query: Query) => query.selectFrom('idempotency').selectAll().execute();

  test('a key is taken, open while the work runs, and answered after', async () => {
    assert.deepEqual(await store.take('a', 'body', now), { kind: 'taken' });
    assert.deepEqual(await store.take('a', 'body', now + 5), { kind: 'open', since: now });
    await store.answer('a', '{"secret":"whsec_1"}');
    assert.deepEqual(await store.take('a', 'body', now + 9), { kind: 'answered', answer: '{"secret":"whsec_1"}' });
    assert.deepEqual(await store.take('a', 'other', now + 9), { kind: 'mismatch' });
  });

  test('an answer with a secret cannot be read in the database', async () => {
    await store.take('sealed', 'body', now);
    await store.answer('sealed', '{"secret":"whsec_1"}');
    assert.doesNotMatch(JSON.stringify(await rows(database.read)), /whsec_1/);
  });

  test('of many at once, one takes the key', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.take('race', 'body', now)));
    assert.equal(taken.filter(({ kind }) => kind === 'taken').length, 1);
    assert.equal(taken.filter(({ kind }) => kind === 'open').length, 19);
  });

  test('a released key can be taken again, for another body too', async () => {
    await store.take('free', 'body', now);
    await store.release('free');
    assert.deepEqual(await store.take('free', 'other', now), { kind: 'taken' });
  });

  test('a purge forgets the oldest, a page at a time', async () => {
    for (const [index, id] of ['p1', 'p2', 'p3'].entries()) await store.take(id, 'body', 1000 + index);
    assert.equal(await store.purge(1002, 1), 1);
    assert.equal(await store.purge(1002, 10), 1);
    assert.equal(await store.purge(1002, 10), 0);
    assert.deepEqual(await store.take('p3', 'body', now), { kind: 'open', since: 1002 });
  });
});
