import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { alertKeyMax, fitAlertKey, fitTitle, keyOfLabels, normalizeAlertKey, truncate } from './text.ts';
import { threadCpuMs } from '../../runtime/loop-meter.ts';

describe('text is cut by code points', () => {
  const rows: readonly [text: string, limit: number, cut: string][] = [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['', 0, ''],
    ['😀😀', 1, '😀'],
    ['a😀b', 2, 'a😀'],
    ['😀😀😀', 3, '😀😀😀'],
  ];
  for (const [text, limit, cut] of rows) {
    test(`${JSON.stringify(text)} to ${limit}`, () => assert.equal(truncate(text, limit), cut));
  }

  test('never inside a surrogate pair, and never more than asked', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, limit) => {
      const cut = truncate(text, limit);
      assert.ok(cut.isWellFormed() && text.startsWith(cut));
      assert.equal(Array.from(cut).length, Math.min(limit, Array.from(text).length));
    });
    fc.assert(property);
  });
});

describe('a title is one line', () => {
  const rows: readonly [text: string, title: string][] = [
    ['disk\nof\r\ndb-3', 'disk of db-3'],
    ['  disk\t', 'disk'],
    ['a\u0007b\u001b[31m', 'ab[31m'],
    ['a\u0085b\u2028c', 'ab c'],
    ['a\u202eb', 'a\u202eb'],
    ['名  前', '名  前'],
    ['😀'.repeat(600), '😀'.repeat(512)],
    ['\n\n', ''],
  ];
  for (const [text, title] of rows) {
    test(JSON.stringify(text.slice(0, 20)), () => assert.equal(fitTitle(text), title));
  }
});

describe('keys', () => {
  test('two spellings of the same characters are one key', () => {
    assert.equal(fitAlertKey('e\u0301'), '\u00e9');
    assert.notEqual(fitAlertKey('Disk'), fitAlertKey('disk'));
  });

  test('a long key of a sender that cannot choose it becomes its digest', () => {
    assert.equal(fitAlertKey('k'.repeat(alertKeyMax)), 'k'.repeat(alertKeyMax));
    assert.match(fitAlertKey('k'.repeat(alertKeyMax + 1)), /^[\da-f]{32}$/);
  });

  test('the same labels in another order give the same key', () => {
    assert.equal(keyOfLabels({ a: '1', b: '2' }), keyOfLabels({ b: '2', a: '1' }));
    assert.notEqual(keyOfLabels({ a: '1', b: '2' }), keyOfLabels({ a: '2', b: '1' }));
  });
});

describe('a text of any length takes as long as a short one', () => {
  const marks = `e${'\u0301\u0316'.repeat(2_000_000)}`;
  const rows: readonly [name: string, work: () => void][] = [
    ['a key of combining marks', () => assert.equal(normalizeAlertKey(marks), undefined)],
    ['the digest of such a key', () => assert.match(fitAlertKey(marks), /^[\da-f]{32}$/)],
    ['a title of combining marks', () => assert.ok(fitTitle(marks).length <= 1024)],
    ['a title of blanks', () => assert.equal(fitTitle(' \n'.repeat(4_000_000)), '')],
    ['a title with blanks inside', () => assert.equal(fitTitle(`a${'\t'.repeat(4_000_000)}b`), 'a')],
  ];
  for (const [name, work] of rows) {
    test(name, () => {
      const before = threadCpuMs();
      work();
      assert.ok(threadCpuMs() - before < 200, `it took ${threadCpuMs() - before} ms`);
    });
  }
});
