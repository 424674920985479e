import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closing } from '../../test/support/configuration.ts';
import { databases } from '../../test/support/databases.ts';
import { silentLogger } from '../runtime/logger.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemTimers } from '../runtime/timers.ts';
import { auditKeptDays, Forgetting } from './forgetting.ts';
import { IdempotencyStore } from './idempotency-store.ts';
import { createSealer } from './sealer.ts';

const dayMs = 86_400_000;
const now = 1000 * dayMs;

for (const { name, open } of databases) {
  describe(`what is kept for so long, on ${name}`, () => {
    test('old keys of requests go page by page, and of the audit log no more than a day in one run', async () => {
      await using database = closing(await open());
      const idempotency = new IdempotencyStore(database, createSealer(systemRandom.bytes(32), systemRandom));
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
      });
      const kept: number[][] = [];
      const enough = Promise.withResolvers<void>();
      const forgetting = new Forgetting({
        database,
        idempotency,
        clock: { now: () => now, monotonic: () => 0 },
        logger: silentLogger,
        timers: {
          soon: systemTimers.soon,
          // A moment until the next page; the next run is told of, and at the third it is enough.
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
        [6, 2],
        [6, 1],
        [6, 1],
      ]);
    });
  });
}

const blankLine = { member_id: 1, operation: 'a', object_id: '', body_json: '{}', request_id: '', address: '' };

async function count({ read }: Awaited<ReturnType<(typeof databases)[number]['open']>>): Promise<number[]> {
  const tables = ['idempotency', 'audit_entry'] as const;
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
