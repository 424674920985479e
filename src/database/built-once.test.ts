import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { BuiltOnce } from './built-once.ts';

for (const { name, open } of databases) {
  test(`${name}: a statement that is built once has the rows of each call's parameter, in every transaction`, async () => {
    const database = await open();
    try {
      let built = 0;
      const kept = new BuiltOnce((query, names: readonly string[]) => {
        built += 1;
        return query
          .selectFrom('note')
          .select('note_type')
          .where(database.dialect.anyOf('note_type', names))
          .orderBy('note_type');
      });
      const note = { entity_id: 'e', sequence: 1, person_id: 0, detail_json: '{}', created_at: 1 };
      await database.transaction((tx) =>
        tx.insertMany(
          'note',
          ['one', 'two'].map((name) => ({ ...note, note_id: name, note_type: name })),
        ),
      );
      const found = (names: readonly string[]) =>
        database.transaction(async (tx) => {
          const rows = await kept.rows(tx.query, names, database.dialect.listOf(names));
          return rows.map((row) => row.note_type);
        });
      assert.deepEqual(await found(['two']), ['two']);
      assert.deepEqual(await found(['one', 'two', 'three']), ['one', 'two']);
      assert.deepEqual(await found(['three']), []);
      assert.equal(built, 1);
    } finally {
      await database.close();
    }
  });

  test(`${name}: a statement of two parameters is not built once`, async () => {
    const database = await open();
    try {
      const two = new BuiltOnce((query, value: string) =>
        query.selectFrom('note').select('note_type').where('note_type', '=', value).where('entity_id', '=', value),
      );
      await assert.rejects(two.rows(database.read, 'a', 'a'), /2 parameters in place of one/);
    } finally {
      await database.close();
    }
  });
}
