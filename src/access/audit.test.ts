import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { closing } from '../../test/support/test-service.ts';
import type { Database } from '../database/database.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemIds, type Ids } from '../runtime/ids.ts';
import { systemRandom } from '../runtime/random.ts';
import { Audit, type Action } from './audit.ts';
import { listAudit } from './audit-store.ts';
import type { AppKeyRow } from '../database/tables.ts';

const action: Action = {
  operation: 'thing:create',
  memberId: 7,
  input: { key_name: 'a' },
  requestId: 'r',
  address: '::1',
};

for (const { name, open } of databases) {
  describe(`the audit log on ${name}`, () => {
    test('a change and its line are one transaction, and the line has the id of the new object', async () => {
      await using scene = await sceneOn(open);
      const { database } = scene.audit;
      await scene.audit.during(action, () => database.transaction((tx) => tx.insertMany('app_key', [row('k1')])));
      const [line, ...more] = await scene.lines();
      assert.deepEqual(more, []);
      assert.deepEqual(
        [line?.operation, line?.memberId, line?.objectId, line?.bodyJson, line?.requestId, line?.address],
        ['thing:create', 7, 'k1', '{"key_name":"a"}', 'r', '::1'],
      );
    });

    test('a change that is refused leaves no line', async () => {
      await using scene = await sceneOn(open);
      const refused = scene.audit.during(action, () =>
        scene.audit.database.transaction(async (tx) => {
          await tx.insertMany('app_key', [row('k1')]);
          throw new Error('refused');
        }),
      );
      await assert.rejects(refused, /refused/);
      assert.deepEqual([await scene.lines(), await scene.keys()], [[], []]);
    });

    test('a line that cannot be written takes its change back', async () => {
      const ids = systemIds(systemClock, systemRandom);
      await using scene = await sceneOn(open, { ...ids, event: () => 'the same' });
      const make = (keyId: string) =>
        scene.audit.during(action, () =>
          scene.audit.database.transaction((tx) => tx.insertMany('app_key', [row(keyId)])),
        );
      await make('k1');
      await assert.rejects(make('k2'), { kind: 'conflict' });
      assert.deepEqual(await scene.keys(), ['k1']);
    });

    test('an action has one line, whether it takes no transaction or several, and what it sets going has none', async () => {
      await using scene = await sceneOn(open);
      const { database } = scene.audit;
      await scene.audit.during(action, async () => {});
      assert.equal((await scene.lines()).length, 1);
      let later: Promise<void> = Promise.resolve();
      await scene.audit.during(action, async () => {
        await database.transaction(async (tx) => {
          tx.afterCommit(() => {
            later = database.transaction((other) => other.insertMany('app_key', [row('k1')]));
          });
        });
        await database.transaction((tx) => tx.insertMany('app_key', [row('k2')]));
      });
      await later;
      await database.transaction((tx) => tx.insertMany('app_key', [row('k3')]));
      assert.equal((await scene.lines()).length, 2);
      assert.equal((await scene.keys()).length, 3);
    });

    test('two actions at once have a line each', async () => {
      await using scene = await sceneOn(open);
      await Promise.all(
        ['k1', 'k2'].map((keyId) =>
          scene.audit.during({ ...action, requestId: keyId }, () =>
            scene.audit.database.transaction((tx) => tx.insertMany('app_key', [row(keyId)])),
          ),
        ),
      );
      const lines = await scene.lines();
      const told = new Map(lines.map((line) => [line.requestId, line.objectId]));
      assert.deepEqual([lines.length, told.get('k1'), told.get('k2')], [2, 'k1', 'k2']);
    });
  });
}

function row(keyId: string): AppKeyRow {
  const blank = { member_id: 1, key_name: '', key_hint: '', status: 'enabled', created_at: 1, updated_at: 1 };
  return { ...blank, key_id: keyId, key_hash: keyId };
}

async function sceneOn(open: () => Promise<Database>, ids: Ids = systemIds(systemClock, systemRandom)) {
  const database = closing(await open());
  const everything = { startTime: 0, endTime: Number.MAX_SAFE_INTEGER, memberId: undefined, operations: undefined };
  return {
    audit: new Audit({ database, clock: systemClock, ids }),
    lines: async () => {
      const filter = { ...everything, requestId: undefined };
      const { items, total } = await listAudit(database, filter, { after: undefined, limit: 100 });
      assert.equal(total, items.length);
      return items;
    },
    keys: async () =>
      (await database.read.selectFrom('app_key').select('key_id').orderBy('key_id').execute()).map((one) => one.key_id),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
