import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSame, readJson, readObject, readWords, writeObject, writeWords } from './reading.ts';

test('severity words are one a line, in any case, and a word may have an equals sign', () => {
  const words = { page: 'Critical', 'p=1': 'Warning' } as const;
  assert.equal(writeWords(words), 'page = Critical\np=1 = Warning');
  assert.deepEqual(readWords('page = critical\n\n p=1 =Warning '), words);
  assert.deepEqual(readWords(''), {});
  for (const wrong of ['page', 'page = high', '= Critical']) assert.equal(readWords(wrong), undefined, wrong);
});

test('a mapping is a JSON object; none is an empty one', () => {
  assert.deepEqual(readObject('{"title": "{{a.b}}"}'), { title: '{{a.b}}' });
  assert.deepEqual(readObject('  '), {});
  for (const wrong of ['[1]', '"a"', 'null', '{']) assert.equal(readObject(wrong), undefined, wrong);
  assert.equal(readJson('{'), undefined);
  assert.equal(writeObject({}), '');
  assert.deepEqual(readObject(writeObject({ title: 'x' })), { title: 'x' });
});

test('an object is the same in another order of its keys', () => {
  assert.equal(isSame({ a: 'x', b: { c: 1 } }, { b: { c: 1 }, a: 'x' }), true);
  assert.equal(isSame({ a: 'x' }, { a: 'y' }), false);
  assert.equal(isSame(undefined, {}), false);
});
