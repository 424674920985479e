import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql, type CompiledQuery } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { openTestService } from '../../test/support/test-service.ts';
import { findStatement as onPostgres } from './postgres/search.ts';
import { oneOf, searchedKinds } from './search-text.ts';
import { findStatement as onSqlite, IndexedTexts } from './sqlite/indexed-texts.ts';
import { SqliteHandle } from './sqlite/handle.ts';
import { SlowStatements } from './slow-statements.ts';
import { systemClock } from '../runtime/clock.ts';

const pairs = [...oneOf('host', ['web-1']), ...oneOf('zone', ['a', 'b'])];

test('SQLite looks through what has the rarest value, and asks the others by their keys', () => {
  const handle = new SqliteHandle(':memory:', new SlowStatements({ clock: systemClock }), { readOnly: false });
  try {
    for (const kind of searchedKinds) {
      new IndexedTexts(handle, kind).begin();
      for (const [match, lists, wanted] of [
        [
          [],
          pairs,
          [
            /SEARCH \w+_pair USING PRIMARY KEY \(pair=\?\)/,
            /SEARCH \w+_pair EXISTS USING .*\((?:pair=\? AND document|document=\? AND pair)=\?\)/,
          ],
        ],
        [['"vol"'], [], [/SCAN \w+_words VIRTUAL TABLE/]],
        [['"vol"'], pairs, [/SEARCH \w+_pair USING PRIMARY KEY/]],
      ] as const) {
        const { text, parameters } = onSqlite(
          kind,
          match,
          lists.map((list) => list.join(',')),
        );
        const { rows } = handle.execute(`explain query plan ${text}`, [...parameters, 10]);
        const plan = rows.map((row) => (row as { detail: string }).detail).join('\n');
        for (const part of wanted) assert.match(plan, part);
        assert.match(plan, /SEARCH found USING INTEGER PRIMARY KEY/, plan);
      }
    }
  } finally {
    handle.close();
  }
});

for (const { name, open } of databases.filter((one) => one.name === 'postgres')) {
  test(`${name} asks the index of trigrams for words, and the one of values for labels and attributes`, async () => {
    await using service = await openTestService(open);
    for (const kind of searchedKinds) {
      for (const [sought, index] of [
        [{ words: ['volume'], pairs: [] }, `${kind}_trigrams`],
        [{ words: [], pairs }, `${kind}_pairs`],
      ] as const) {
        const plan = await service.database.transaction(async (tx) => {
          await sql`set local enable_seqscan = off`.execute(tx.query);
          const query = onPostgres(kind, sought, 10).compile(tx.query);
          const explained = { ...query, sql: `explain ${query.sql}` } as CompiledQuery<{ 'QUERY PLAN': string }>;
          return (await tx.query.executeQuery(explained)).rows.map((row) => row['QUERY PLAN']).join('\n');
        });
        assert.match(plan, new RegExp(`Bitmap Index Scan on ${index}`), plan);
      }
    }
  });
}
