import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choice,
  choices,
  numberOrNone,
  parseAddress,
  readSearch,
  text,
  writeAddress,
  writeSearch,
} from './search-params.ts';

const params = {
  q: text,
  state: choice(['on', 'off']),
  channel: numberOrNone,
  type: choices(['a', 'b', 'c']),
  tab: choice(['x', 'y'], 'x'),
};

test('an address says only what is not the default, and gives it back', () => {
  const values = { q: '50 % & more', state: 'on', channel: 7, type: ['a', 'c'], tab: 'x' } as const;
  const address = writeAddress(writeSearch(params, values));
  assert.equal(address, '?q=50+%25+%26+more&state=on&channel=7&type=a,c');
  assert.deepEqual(readSearch(params, parseAddress(address)), { values, dropped: [] });
});

test('what cannot be read is the default, and is named', () => {
  for (const raw of [
    { state: 'maybe' },
    { channel: '-1' },
    { channel: '1e3' },
    { channel: '9'.repeat(16) },
    { type: 'a,z' },
    { q: 'x'.repeat(201) },
  ]) {
    const { values, dropped } = readSearch(params, raw as Record<string, string>);
    assert.deepEqual(dropped, Object.keys(raw));
    assert.deepEqual(writeSearch(params, values), {});
  }
});

test('no name of a parameter reaches the prototype', () => {
  const { values, dropped } = readSearch(params, parseAddress('?__proto__=x&constructor=y&q=z'));
  assert.deepEqual([values.q, dropped], ['z', []]);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('numbers and words that look like JSON stay the text that they are', () => {
  assert.deepEqual(parseAddress('?q=123&r=true&s={"a":1}'), { q: '123', r: 'true', s: '{"a":1}' });
});
