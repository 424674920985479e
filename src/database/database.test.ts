import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../test/support/databases.ts';
import { DatabaseFailure, type Database, type Transaction } from './database.ts';
import type { IdempotencyRow } from './tables.ts';

for (const { name, open } of databases) {
  const fresh = async (context: TestContext): Promise<Database> => {
    const database = await open();
    context.after(() => database.close());
    return database;
  };

  test(`${name}: transactions of the same moment stand or fall alone`, async (context) => {
    const database = await fresh(context);
    const results = await Promise.allSettled(
      numbers(40).map((index) =>
        database.transaction(async (tx) => {
          await tx.insertMany('idempotency', [row(`a${index}`)]);
          if (index % 4 === 0) throw new Error(`refused ${index}`);
          return index;
        }),
      ),
    );
    for (const [index, result] of results.entries()) {
      if (index % 4 === 0) assert.match(String(rejection(result)), /refused/);
      else assert.deepEqual(result, { status: 'fulfilled', value: index });
    }
    const kept = await ids(database);
    assert.equal(kept.length, 30);
    assert.ok(!kept.includes('a0') && kept.includes('a1'));
  });

  test(`${name}: many transactions that raise one number add up`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('sum', { created_at: 0 })]);
    await Promise.all(
      numbers(60).map(() =>
        database.transaction(async (tx) => {
          const found = await tx.query
            .selectFrom('idempotency')
            .select('created_at')
            .where('idempotency_id', '=', 'sum')
            .modifyEnd(database.dialect.forUpdate)
            .executeTakeFirstOrThrow();
          await tx.updateMany('idempotency', [
            { match: { idempotency_id: 'sum' }, set: { created_at: found.created_at + 1 } },
          ]);
        }),
      ),
    );
    assert.equal((await rows(database))[0]?.created_at, 60);
  });

  test(`${name}: rows come back as they went in`, async (context) => {
    const database = await fresh(context);
    const texts = [
      '',
      ' ',
      "'",
      '"',
      '\\',
      '\\"',
      '{}',
      '{"a":[1,"x"]}',
      'NULL',
      'null',
      ',',
      '%_',
      'line\nbreak\ttab\r',
      'é ß Ä 漢字 😀',
      '\u202e\u0301',
      'x'.repeat(100_000),
    ];
    const given = texts.map((text, index) => row(`t${String(index).padStart(2, '0')}`, { response: text }));
    const numbered = [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)].map((created_at, index) =>
      row(`u${index}`, { created_at }),
    );
    await insert(database, [...given, ...numbered]);
    assert.deepEqual(await rows(database), [...given, ...numbered]);

    const changes = given.map(({ idempotency_id, response }) => ({
      match: { idempotency_id, response },
      set: { response: `${response}'\\"😀` },
    }));
    const changed = await database.transaction((tx) => tx.updateMany('idempotency', changes));
    assert.deepEqual(new Set(changed), new Set([true]));
    assert.deepEqual(
      (await rows(database)).slice(0, given.length).map(({ response }) => response),
      texts.map((text) => `${text}'\\"😀`),
    );
  });

  test(`${name}: a half of a character pair is stored as the replacement character`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a', { response: 'a\ud800b' })]);
    assert.equal((await rows(database))[0]?.response, 'a\ufffdb');
  });

  test(`${name}: texts are in the order of their code points`, async (context) => {
    const database = await fresh(context);
    const order = ['0', '9', 'A', 'Z', '_', 'a', 'z', 'é', '漢'];
    await insert(
      database,
      order.toReversed().map((id) => row(id)),
    );
    assert.deepEqual(await ids(database), order);
  });

  test(`${name}: nothing given is nothing done`, async (context) => {
    const database = await fresh(context);
    const changed = await database.transaction(async (tx) => {
      await tx.insertMany('idempotency', []);
      return tx.updateMany('idempotency', []);
    });
    assert.deepEqual(changed, []);
  });

  test(`${name}: updateMany says for each change whether a row changed, in order`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a'), row('b', { body_hash: 'old' })]);
    const changed = await database.transaction((tx) =>
      tx.updateMany('idempotency', [
        { match: { idempotency_id: 'b', body_hash: 'old' }, set: { body_hash: 'new', created_at: 5 } },
        { match: { idempotency_id: 'nowhere', body_hash: 'old' }, set: { body_hash: 'new', created_at: 6 } },
        { match: { idempotency_id: 'a', body_hash: 'hash' }, set: { body_hash: 'first', created_at: 7 } },
        { match: { idempotency_id: 'a', body_hash: 'first' }, set: { body_hash: 'second', created_at: 8 } },
        { match: { idempotency_id: 'b', body_hash: 'old' }, set: { body_hash: 'late', created_at: 9 } },
      ]),
    );
    assert.deepEqual(changed, [true, false, true, true, false]);
    assert.deepEqual(
      (await rows(database)).map(({ body_hash, created_at }) => [body_hash, created_at]),
      [
        ['second', 8],
        ['new', 5],
      ],
    );
  });

  test(`${name}: changes of one row in one batch come one after the other`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a')]);
    const changed = await database.transaction((tx) =>
      tx.updateMany(
        'idempotency',
        [1, 2, 3].map((created_at) => ({ match: { idempotency_id: 'a' }, set: { created_at } })),
      ),
    );
    assert.deepEqual(changed, [true, true, true]);
    assert.equal((await rows(database))[0]?.created_at, 3);
  });

  test(`${name}: a taken key is a conflict, and takes nothing else with it`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a')]);
    const both = await Promise.allSettled([
      insert(database, [row('b'), row('a')]),
      insert(database, [row('c')]),
      database.transaction((tx) => tx.query.insertInto('idempotency').values(row('a')).execute()),
    ]);
    assert.equal(failureKind(both[0]), 'conflict');
    assert.equal(both[1]?.status, 'fulfilled');
    assert.equal(failureKind(both[2]), 'conflict');
    assert.deepEqual(await ids(database), ['a', 'c']);
  });

  test(`${name}: a statement that failed ends its transaction, even when the work goes on`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a')]);
    const ended = database.transaction(async (tx) => {
      await tx.insertMany('idempotency', [row('b')]);
      await tx.insertMany('idempotency', [row('a')]).catch(() => {});
      return 'done all the same';
    });
    await assert.rejects(ended, { name: 'DatabaseFailure', kind: 'conflict' });
    assert.deepEqual(await ids(database), ['a']);
  });

  test(`${name}: callbacks run after the commit, in order, and not after a rollback`, async (context) => {
    const database = await fresh(context);
    const told: string[] = [];
    const both = await Promise.allSettled([
      database.transaction(async (tx) => {
        tx.afterCommit(() => told.push('first'));
        await tx.insertMany('idempotency', [row('a')]);
        tx.afterCommit(() => told.push('second'));
      }),
      database.transaction(async (tx) => {
        tx.afterCommit(() => told.push('never'));
        await tx.insertMany('idempotency', [row('b')]);
        throw new Error('refused');
      }),
    ]);
    assert.equal(both[1].status, 'rejected');
    assert.deepEqual(told, ['first', 'second']);
    let seen: Promise<string[]> | undefined;
    await database.transaction(async (tx) => {
      await tx.insertMany('idempotency', [row('c')]);
      tx.afterCommit(() => {
        seen = ids(database);
      });
    });
    assert.deepEqual(await seen, ['a', 'c']);
  });

  test(`${name}: the end of each run is reported once, whether it was committed or rolled back`, async (context) => {
    const database = await fresh(context);
    const told: string[] = [];
    await database.transaction(async (tx) => {
      tx.whenEnded((end) => told.push(`first ${end}`));
      await tx.insertMany('idempotency', [row('a')]);
    });
    const refused = database.transaction(async (tx) => {
      tx.whenEnded((end) => told.push(`second ${end}`));
      await tx.insertMany('idempotency', [row('b')]);
      throw new Error('refused');
    });
    await assert.rejects(refused, /refused/);
    const taken = database.transaction(async (tx) => {
      tx.whenEnded((end) => told.push(`third ${end}`));
      await tx.insertMany('idempotency', [row('a')]);
    });
    await assert.rejects(taken, { kind: 'conflict' });
    assert.deepEqual(told, ['first committed', 'second rolled back', 'third rolled back']);
  });

  test(`${name}: a statement that nobody waits for fails the transaction all the same`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a')]);
    for (const write of [
      (tx: Transaction) => tx.insertMany('idempotency', [row('a')]),
      (tx: Transaction) =>
        tx.setMany('idempotency', [{ match: { idempotency_id: 'b' }, set: { idempotency_id: 'a' } }]),
      (tx: Transaction) =>
        tx.ask(sql`update idempotency set idempotency_id = 'a' where idempotency_id = 'b'`.compile(tx.query), () => {}),
    ]) {
      const taken = database.transaction(async (tx) => {
        await tx.insertMany('idempotency', [row('b')]);
        void write(tx).catch(() => {});
      });
      await assert.rejects(taken, { kind: 'conflict' });
      assert.deepEqual(await ids(database), ['a']);
    }
  });

  test(`${name}: changeAll is a conflict where a row is not as expected, and else as updateMany`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a'), row('b'), row('c', { created_at: 7 })]);
    const raise = (id: string, from: number) => ({
      match: { idempotency_id: id, created_at: from },
      set: { created_at: from + 1 },
    });
    const { created_at: first } = row('a');
    const change = (...changes: ReturnType<typeof raise>[]) =>
      database.transaction((tx) => tx.changeAll('idempotency', changes));
    await assert.rejects(change(raise('a', first), raise('b', first), raise('c', 6)), { kind: 'conflict' });
    await change(raise('a', first), raise('b', first), raise('c', 7));
    await change();
    const kept = (await rows(database)).map((one) => one.created_at);
    assert.deepEqual(kept, [first + 1, first + 1, 8]);
  });

  test(`${name}: the rows of a statement are heard before the end of its transaction is reported`, async (context) => {
    const database = await fresh(context);
    const heard: unknown[] = [];
    await database.transaction(async (tx) => {
      tx.whenEnded((end) => heard.push(end));
      await tx.insertMany('idempotency', [row('a')]);
      await tx.ask(sql`select idempotency_id from idempotency`.compile(tx.query), (found) => heard.push(found));
    });
    assert.deepEqual(heard, [[{ idempotency_id: 'a' }], 'committed']);
  });

  test(`${name}: a read sees only what is committed`, async (context) => {
    const database = await fresh(context);
    const step = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const running = database.transaction(async (tx) => {
      await tx.insertMany('idempotency', [row('a')]);
      inside.resolve();
      await step.promise;
    });
    await inside.promise;
    assert.deepEqual(await ids(database), []);
    step.resolve();
    await running;
    assert.deepEqual(await ids(database), ['a']);
  });

  test(`${name}: a read or a second transaction inside a transaction is refused`, async (context) => {
    const database = await fresh(context);
    await assert.rejects(
      database.transaction(() => ids(database)),
      /database\.read was used inside a transaction.*use tx\.query/,
    );
    await assert.rejects(
      database.transaction(() => insert(database, [row('a')])),
      /database\.transaction was used inside a transaction/,
    );
    // What a transaction only set off, and what runs after it, may read.
    const ended = Promise.withResolvers<void>();
    let later: Promise<string[]> | undefined;
    await database.transaction(async () => {
      later = ended.promise.then(() => ids(database));
    });
    ended.resolve();
    assert.deepEqual(await later, []);
  });

  test(`${name}: a transaction that has ended can be used no more`, async (context) => {
    const database = await fresh(context);
    let kept: Transaction | undefined;
    await database.transaction(async (tx) => {
      kept = tx;
    });
    await assert.rejects(async () => kept?.query.selectFrom('idempotency').selectAll().execute(), /has ended/);
    await assert.rejects(async () => kept?.insertMany('idempotency', [row('a')]), /has ended/);
    assert.throws(() => kept?.afterCommit(() => {}), /has ended/);
  });

  test(`${name}: values that no column could hold are refused with their place`, async (context) => {
    const database = await fresh(context);
    const refused: readonly [unknown, RegExp][] = [
      [undefined, /parameter 4 is undefined/],
      [Number.NaN, /parameter 4 is NaN/],
      [Number.POSITIVE_INFINITY, /parameter 4 is Infinity/],
      [2 ** 53, /parameter 4 is 9007199254740992/],
      [true, /parameter 4 is a boolean/],
      [new Date(0), /parameter 4 is a Date/],
      [{ a: 1 }, /parameter 4 is an object/],
      ['a\0b', /parameter 4 has a NUL/],
      [2n ** 63n, /parameter 4 is an integer of more than 64 bits/],
    ];
    for (const [value, message] of refused) {
      const wrong = row('a', { created_at: value as number });
      await assert.rejects(insert(database, [wrong]), message);
      await assert.rejects(
        database.transaction((tx) => tx.query.insertInto('idempotency').values(wrong).execute()),
        value === undefined ? /./ : message,
      );
    }
    assert.deepEqual(await ids(database), []);
  });

  test(`${name}: rows and changes that name other columns than the first are refused`, async (context) => {
    const database = await fresh(context);
    const { response, ...short } = row('b');
    assert.equal(response, '');
    await assert.rejects(
      insert(database, [row('a'), short as IdempotencyRow]),
      /row 1 for idempotency has other columns/,
    );
    const match = { idempotency_id: 'a' };
    await assert.rejects(
      database.transaction((tx) =>
        tx.updateMany('idempotency', [
          { match, set: { response: '' } },
          { match, set: { body_hash: '' } },
        ]),
      ),
      /row 1 for idempotency, set has other columns/,
    );
  });

  test(`${name}: an integer that a number cannot hold is refused when it is read`, async (context) => {
    const database = await fresh(context);
    await database.transaction((tx) =>
      sql`insert into idempotency (idempotency_id, body_hash, response, created_at) values ('a', '', '', 9007199254740993)`.execute(
        tx.query,
      ),
    );
    await assert.rejects(rows(database), /9007199254740993|too large/);
  });

  test(`${name}: counts, sums and averages are numbers`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a', { created_at: 3 }), row('b', { created_at: 4 })]);
    const found = await database.read
      .selectFrom('idempotency')
      .select((select) => [
        select.fn.countAll<number>().as('count'),
        select.fn.sum<number>('created_at').as('sum'),
        select.fn.avg<number>('created_at').as('average'),
      ])
      .where('created_at', '<', 10)
      .limit(5)
      .executeTakeFirstOrThrow();
    assert.deepEqual(found, { count: 2, sum: 7, average: 3.5 });
  });

  test(`${name}: a statement returns the number of rows that it changed`, async (context) => {
    const database = await fresh(context);
    await insert(database, [row('a'), row('b')]);
    const [changed, deleted] = await database.transaction(async (tx) => [
      await tx.query.updateTable('idempotency').set({ response: 'x' }).executeTakeFirst(),
      await tx.query.deleteFrom('idempotency').where('idempotency_id', '=', 'a').executeTakeFirst(),
    ]);
    assert.equal(changed?.numUpdatedRows, 2n);
    assert.equal(deleted?.numDeletedRows, 1n);
  });

  test(`${name}: anyOf finds what is in the list`, async (context) => {
    const database = await fresh(context);
    const { anyOf } = database.dialect;
    await insert(database, [row("a'"), row('b"\\,{}'), row('😀', { created_at: 2 ** 53 - 1 })]);
    const found = async (column: string, values: readonly (string | number)[]) =>
      (await database.read.selectFrom('idempotency').selectAll().where(anyOf(column, values)).execute()).length;
    assert.equal(await found('idempotency_id', ["a'", 'b"\\,{}', '😀', 'nowhere', 'NULL']), 3);
    assert.equal(await found('idempotency.created_at', [2 ** 53 - 1, 4]), 1);
    assert.equal(await found('idempotency_id', []), 0);
    assert.equal(await found('created_at', []), 0);
    assert.throws(() => anyOf('created_at', [1, '1']), TypeError);
  });

  test(`${name}: contains takes the part as it is written, and letters in either case`, async (context) => {
    const database = await fresh(context);
    const texts = ['100% Sure', 'under_score', 'back\\slash', "quo'te", 'Ärger Straße', '漢字', 'plain', ''];
    await insert(
      database,
      texts.map((response, index) => row(`a${index}`, { response })),
    );
    const found = async (part: string) =>
      (
        await database.read
          .selectFrom('idempotency')
          .select('response')
          .where((where) => database.dialect.contains(where.ref('response'), part))
          .orderBy('idempotency_id')
          .execute()
      ).map(({ response }) => response);
    const cases: readonly [string, readonly string[]][] = [
      ['0% s', ['100% Sure']],
      ['%', ['100% Sure']],
      ['_', ['under_score']],
      ['\\', ['back\\slash']],
      ["O'T", ["quo'te"]],
      ['äR', ['Ärger Straße']],
      ['字', ['漢字']],
      ['nowhere', []],
      ['', texts],
    ];
    for (const [part, expected] of cases) assert.deepEqual(await found(part), expected, part);
    const byName = database.read.selectFrom('idempotency').selectAll();
    assert.equal((await byName.where(database.dialect.contains('response', 'PLAIN')).execute()).length, 1);
  });

  test(`${name}: the caller's async context reaches the work and what follows the commit`, async (context) => {
    const database = await fresh(context);
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const storage = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];
    await Promise.all(
      [1, 2].map((caller) =>
        storage.run(caller, () =>
          database.transaction(async (tx) => {
            await tx.insertMany('idempotency', [row(`a${caller}`)]);
            seen.push(storage.getStore());
            tx.afterCommit(() => seen.push(storage.getStore()));
          }),
        ),
      ),
    );
    assert.deepEqual(
      seen.toSorted((a = 0, b = 0) => a - b),
      [1, 1, 2, 2],
    );
  });

  test(`${name}: close waits for what runs, and nothing begins after it`, async (context) => {
    const database = await fresh(context);
    const running = insert(database, [row('a')]);
    const closed = database.close();
    await running;
    await closed;
    await assert.rejects(insert(database, [row('b')]), { name: 'DatabaseFailure', kind: 'unavailable' });
  });
}

function row(id: string, other: Partial<IdempotencyRow> = {}): IdempotencyRow {
  return { idempotency_id: id, body_hash: 'hash', response: '', created_at: 1, ...other };
}

function insert(database: Database, given: readonly IdempotencyRow[]): Promise<void> {
  return database.transaction((tx) => tx.insertMany('idempotency', given));
}

function rows(database: Database): Promise<IdempotencyRow[]> {
  return database.read.selectFrom('idempotency').selectAll().orderBy('idempotency_id').execute();
}

async function ids(database: Database): Promise<string[]> {
  return (await rows(database)).map(({ idempotency_id }) => idempotency_id);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function rejection(result: PromiseSettledResult<unknown> | undefined): unknown {
  assert.ok(result?.status === 'rejected');
  return result.reason;
}

function failureKind(result: PromiseSettledResult<unknown> | undefined): string {
  const reason = rejection(result);
  assert.ok(reason instanceof DatabaseFailure);
  return reason.kind;
}
