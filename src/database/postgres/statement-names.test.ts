import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedMax, runsUntilNamed, StatementNames, type Prepare } from './statement-names.ts';

/** The longest name that a server keeps whole. */
const nameMaxBytes = 63;

const lost = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });

function named(setting: Prepare = 'auto') {
  const warned: string[] = [];
  const names = new StatementNames(setting, { warn: (_, message) => void warned.push(message) });
  const nameOf = (text: string) => Array.from({ length: runsUntilNamed }, () => names.of(text)).at(-1);
  return { names, nameOf, warned };
}

test(`a text gets its name with run ${runsUntilNamed}, and keeps it`, () => {
  const { names } = named();
  const given = Array.from({ length: runsUntilNamed + 1 }, () => names.of('select 1'));
  assert.deepEqual(given.slice(0, runsUntilNamed - 1), Array(runsUntilNamed - 1).fill(undefined));
  assert.match(given[runsUntilNamed - 1] ?? '', /^tocsin_/);
  assert.equal(given[runsUntilNamed], given[runsUntilNamed - 1]);
});

test(`${namedMax} texts have names, each its own, and no more`, () => {
  const { nameOf } = named();
  // They differ only beyond what would fit into a name.
  const given = Array.from({ length: namedMax + 1 }, (_, index) => nameOf(`select '${'x'.repeat(100)}', ${index}`));
  assert.equal(new Set(given.slice(0, namedMax)).size, namedMax);
  assert.ok(given.slice(0, namedMax).every((name) => name !== undefined && Buffer.byteLength(name) <= nameMaxBytes));
  assert.equal(given[namedMax], undefined);
});

test('the same text has the same name in every process', () => {
  assert.equal(named().nameOf('select 1'), named().nameOf('select 1'));
});

test('off, no text has a name', () => {
  assert.equal(named('off').nameOf('select 1'), undefined);
});

for (const code of ['26000', '42P05']) {
  test(`a server that answers ${code} gets no more names, which is said once`, () => {
    const { names, nameOf, warned } = named();
    nameOf('select 1');
    for (const text of ['select 1', 'select 2']) names.failed(text, lost(code));
    assert.deepEqual([nameOf('select 1'), nameOf('select 2')], [undefined, undefined]);
    assert.deepEqual(warned, ['database.not_prepared']);
  });

  test(`on, they are used also after ${code}`, () => {
    const { names, nameOf, warned } = named('on');
    names.failed('select 1', lost(code));
    assert.match(nameOf('select 1') ?? '', /^tocsin_/);
    assert.deepEqual(warned, []);
  });
}

test('a text whose tables have changed goes without a name, the others do not', () => {
  const { names, nameOf, warned } = named();
  nameOf('select * from a');
  names.failed('select * from a', lost('0A000', { routine: 'RevalidateCachedQuery' }));
  assert.equal(nameOf('select * from a'), undefined);
  names.failed('select * from b', lost('0A000', { routine: 'transformStmt' }));
  names.failed('select * from b', lost('40P01'));
  assert.match(nameOf('select * from b') ?? '', /^tocsin_/);
  assert.deepEqual(warned, []);
});
