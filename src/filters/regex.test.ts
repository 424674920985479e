import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RE2JS } from 're2js';
import { estimateInstructions, RegexCache, regexInstructionsKeptMax, regexInstructionsMax } from './regex.ts';

describe('an expression', () => {
  for (const source of [
    'a{1001}',
    'a{999}b{2}',
    '(?:\\pL{100}|\\pN{100}){9}',
    '\\pL{1000}'.repeat(40),
    '[a-z]{500}[]x{5]{501}',
    '(a{30}){34}',
    '((((a{5}){6}){6}){6})',
    'x{2,600}y{500,}',
    '(?i:[^\\]{9]{40}){26}',
  ]) {
    test(`of too large a program is refused before it is built: ${source.slice(0, 30)}`, () => {
      assert.ok(estimateInstructions(source) > regexInstructionsMax, String(estimateInstructions(source)));
      assert.match(String(new RegexCache().compile(source)), /too large.*1000 instructions/);
    });
  }

  for (const source of [
    'a{990}',
    '^(web|db)-\\d{1,3}\\.example\\.(org|com)$',
    '(?:[0-9a-f]{2}:){5}[0-9a-f]{2}',
    'x{',
    '\\Qa{5}\\E',
    '{9}',
  ]) {
    test(`of a small program is taken, or refused for what is wrong in it: ${source}`, () => {
      assert.doesNotMatch(String(new RegexCache().compile(source)), /too large/);
    });
  }

  test('is never estimated at less than a third of what its program has', () => {
    for (const source of [
      'a',
      'abc',
      '(a|b|c)+',
      'a{50}',
      '(ab){20}c*',
      '((a?){7}){9}',
      '[a-z]{3,90}',
      '(?:a|b){2,}',
      '\\pL{44}x?',
      '(a*){80}',
    ])
      assert.ok(estimateInstructions(source) * 3 >= RE2JS.compile(source).programSize() - 2, source);
  });
});

test('the cache of compiled expressions is bounded by instructions, whatever their number', () => {
  const cache = new RegexCache();
  for (let each = 0; each < 150; each += 1) {
    assert.equal(typeof cache.compile(`a{900}${each}`), 'function');
    assert.ok(cache.instructions <= regexInstructionsKeptMax, String(cache.instructions));
  }
  assert.ok(cache.instructions > regexInstructionsKeptMax / 2);
});
