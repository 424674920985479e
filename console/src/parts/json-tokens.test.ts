import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prettyJson, tokensOf } from './json-tokens.ts';

const texts = [
  '{"a": "b", "c": [1, -2.5e3, true, null], "d": {}}',
  '',
  'no JSON at all',
  '"unfinished',
  '{"quote\\"d": "back\\\\"}',
  '\ud800 lone',
  '<script>alert(1)</script>',
];

test('coloured or not, a text stays the same', () => {
  for (const text of texts) {
    assert.equal(
      tokensOf(text)
        .map((token) => token.text)
        .join(''),
      text,
    );
  }
});

test('keys, texts, numbers and words are distinguished', () => {
  const kinds = tokensOf(texts[0] ?? '').filter((token) => token.kind !== 'plain');
  assert.deepEqual(
    kinds.map(({ kind, text }) => `${kind} ${text}`),
    ['key "a"', 'text "b"', 'key "c"', 'number 1', 'number -2.5e3', 'word true', 'word null', 'key "d"'],
  );
});

test('pretty JSON means the same, keeps every digit of a number, and is indented', () => {
  const text = '{"id":12345678901234567890,"n":1.0,"list":[],"deep":{"x":[{"y":"a,b:{}"}]}}';
  const pretty = prettyJson(text) ?? '';
  assert.deepEqual(JSON.parse(pretty), JSON.parse(text));
  assert.match(pretty, /12345678901234567890/);
  assert.match(pretty, /\n {2}"list": \[\],\n/);
  assert.equal(prettyJson('{"a":'), undefined);
});
