import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closing } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import { silentLogger } from '../runtime/logger.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemTimers } from '../runtime/timers.ts';
import { auditKeptDays, ExpiryWorker } from './expiry-worker.ts';
import { IdempotencyStore } from './idempotency-store.ts';
import { createSecretBox } from './secret-box.ts';
import { ageMaxMs, idleMaxMs } from './session.ts';
import { SessionStore } from './session-store.ts';

const dayMs = 86_400_000;
const now = 1000 * dayMs;

for (const { name, open } of databases) {
  describe(`expiry on ${name}`, () => {
    test('old keys of requests, sessions and used links go page by page, and of the audit log no more than a day in one run', async () => {
      await using database = closing(await open());
      const idempotency = new IdempotencyStore(database, createSecretBox([systemRandom.bytes(32)], systemRandom));
      const days = [2, 1, 0.5].map((age) => now - age * dayMs);
      const keys = days.flatMap((createdAt, day) =>
        Array.from({ length: day === 0 ? 700 : 3 }, (_, index) => ({
          idempotency_id: `${day} ${index}`,
          body_hash: '',
          response: '',
          created_at: createdAt,
        })),
      );
      const lines = [3, 2.5, 1, -1].map((age, index) => ({
        ...blankLine,
        audit_id: `${index}`,
        created_at: now - (auditKeptDays + age) * dayMs,
      }));
      await database.transaction(async (tx) => {
        await tx.insertMany('idempotency', keys);
        await tx.insertMany('audit_entry', lines);
        await tx.insertMany(
          'session',
          [
            [now - ageMaxMs - 1, now],
            [now - idleMaxMs - 2, now - idleMaxMs - 1],
            [now - ageMaxMs, now - idleMaxMs],
          ].map(([created_at = 0, seen_at = 0]) => ({
            ...blankSession,
            ...named(seen_at + created_at),
            created_at,
            seen_at,
          })),
        );
        await tx.insertMany(
          'spent_link',
          [now - 1, now].map((expires_at) => ({ link_id: `${expires_at}`, expires_at })),
        );
      });
      const kept: number[][] = [];
      const enough = Promise.withResolvers<void>();
      const forgetting = new ExpiryWorker({
        database,
        idempotency,
        sessions: new SessionStore(),
        purgeChanges: async (at, max) => {
          assert.deepEqual([at, max], [now, 500]);
          return 0;
        },
        clock: { now: () => now, monotonic: () => 0 },
        logger: silentLogger,
        timers: {
          soon: systemTimers.soon,
          // A moment until the next page; the third scheduled run is enough.
          after(delayMs, work) {
            if (delayMs < 1000) return systemTimers.after(0, work);
            void count(database).then((counts) => {
              kept.push(counts);
              if (kept.length < 3) work();
              else enough.resolve();
            });
            return () => {};
          },
        },
      });
      forgetting.start();
      await enough.promise;
      await forgetting.stop();
      assert.deepEqual(kept, [
        [6, 2, 1, 1],
        [6, 1, 1, 1],
        [6, 1, 1, 1],
      ]);
    });
  });
}

const blankSession = { member_id: 1, method: 'link', address: '', agent: '' };
const named = (id: number) => ({ session_id: `${id}`, token_hash: `${id}` });
const blankLine = { member_id: 1, operation: 'a', object_id: '', body_json: '{}', request_id: '', address: '' };

async function count({ read }: Awaited<ReturnType<(typeof databases)[number]['open']>>): Promise<number[]> {
  const tables = ['idempotency', 'audit_entry', 'session', 'spent_link'] as const;
  return Promise.all(
    tables.map(async (table) => {
      const row = await read
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('rows'))
        .executeTakeFirstOrThrow();
      return row.rows;
    }),
  );
}
