import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { apiLimits, configLimits, ingestionLimits, parseJson } from './json-limits.ts';
import type { JsonLimits } from './json-limits.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('bodies that are refused', () => {
  const rows: readonly [name: string, body: string | Uint8Array, code: string, limits?: JsonLimits][] = [
    ['no JSON', 'hello', 'invalid_json'],
    ['an empty body', '', 'empty_body'],
    ['only a byte order mark', '\ufeff', 'empty_body'],
    ['two byte order marks', '\ufeff\ufeff{}', 'invalid_json'],
    ['only blanks', ' \n', 'invalid_json'],
    ['junk behind the value', '{} x', 'invalid_json'],
    ['two values', '{}{}', 'invalid_json'],
    ['NaN', '{"a":NaN}', 'invalid_json'],
    ['Infinity', '[-Infinity]', 'invalid_json'],
    ['a trailing comma', '[1,]', 'invalid_json'],
    ['a string without an end', '{"a":"b', 'invalid_json'],
    ['a key without an end, where keys may not repeat', '{"a', 'invalid_json', configLimits],
    ['a raw line break in a string', '"a\nb"', 'invalid_json'],
    ['a raw NUL in a string', '"a\0b"', 'invalid_json'],
    ['an escape outside a string, which repair must not remove', '\\u0000{"a":"\\u0000"}', 'invalid_json'],
    [
      'a large number as a key, which must not become a text',
      '{18446744073709551615:1}',
      'invalid_json',
      ingestionLimits,
    ],
    ['a byte that is no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'invalid_utf8'],
    ['a surrogate half in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'invalid_utf8'],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'invalid_utf8'],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00), 'invalid_utf8'],
    ['33 levels of arrays', '['.repeat(33) + ']'.repeat(33), 'too_deep'],
    ['33 levels of objects', '{"a":'.repeat(33) + '1' + '}'.repeat(33), 'too_deep'],
    ['a million open brackets', '['.repeat(1_000_000), 'too_deep'],
    ['350,000 empty arrays', `[${'[],'.repeat(350_000)}0]`, 'too_many_nodes'],
    ['350,000 empty arrays, for ingestion too', `[${'[],'.repeat(350_000)}0]`, 'too_many_nodes', ingestionLimits],
    ['10,001 values', `[${Array(10_000).fill('true').join()}]`, 'too_many_nodes'],
    ['257 keys in one object', JSON.stringify(numbered(257)), 'too_many_keys'],
    ['60,000 keys in one object', JSON.stringify(numbered(60_000)), 'too_many_keys', ingestionLimits],
    ['one key 257 times', `{${Array(257).fill('"a":1').join()}}`, 'too_many_keys'],
    ['a key twice', '{"url":"a","url":"b"}', 'duplicate_key', configLimits],
    ['a key twice, once escaped', '{"url":"a","\\u0075rl":"b"}', 'duplicate_key', configLimits],
    ['a key twice, once with a NUL', '{"url":"a","url\\u0000":"b"}', 'duplicate_key', configLimits],
    ['a key twice, deep inside', '[{"a":{"b":1,"c":[{}],"b":2}}]', 'duplicate_key', configLimits],
  ];
  for (const [name, body, code, limits] of rows) {
    test(`${name} is refused as ${code}`, () => {
      const parsed = parseJson(typeof body === 'string' ? bytes(body) : body, limits);
      assert.ok(!parsed.ok);
      assert.equal(parsed.code, code);
      assert.ok(parsed.message.length > 10);
    });
  }

  test('the message tells the place and never quotes the body, which may hold a key', () => {
    const parsed = parseJson(bytes('{"routing_key":"R0SECRET" "x":1}'));
    assert.ok(!parsed.ok);
    assert.match(parsed.message, /character 26/);
    assert.doesNotMatch(parsed.message, /SECRET/);
    const cut = parseJson(bytes('{"routing_key":'));
    assert.ok(!cut.ok);
    assert.match(cut.message, /ends too early, behind character 15$/);
    const other = parseJson(bytes('{"routing_key":R0SECRET}'));
    assert.doesNotMatch(JSON.stringify(other), /SECRET/);
  });
});

describe('bodies that are taken', () => {
  const rows: readonly [name: string, body: string, value: unknown, limits?: JsonLimits][] = [
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['blanks around', ' \r\n\t[ ] ', []],
    ['a bare value', 'null', null],
    ['32 levels', '['.repeat(32) + ']'.repeat(32), JSON.parse('['.repeat(32) + ']'.repeat(32))],
    ['10,000 values', `[${Array(9_999).fill('0').join()}]`, Array(9_999).fill(0)],
    ['256 keys', JSON.stringify(numbered(256)), numbered(256)],
    ['2^53 - 1', '[9007199254740991,-9007199254740991]', [9007199254740991, -9007199254740991]],
    ['a fraction with many digits', '[44.239437375419081234]', [Number('44.239437375419081234')]],
    ['a large number with an exponent', '[1.5e20,1E5]', [1.5e20, 100000]],
    ['a key twice: the last one wins', '{"a":1,"a":2}', { a: 2 }],
    ['the same key in two objects', '[{"a":1},{"a":{"a":2}}]', [{ a: 1 }, { a: { a: 2 } }], configLimits],
    ['the text of a key as a value', '{"a":"b","b":"a"}', { a: 'b', b: 'a' }, configLimits],
    ['escaped NULs, which go', '{"a\\u0000b":"c\\u0000","d":["\\u0000"]}', { ab: 'c', d: [''] }],
    ['a backslash before u0000, which stays', '["\\\\u0000"]', ['\\u0000']],
    ['a lone high surrogate', '["\\ud83dx"]', ['\ufffdx']],
    ['a lone low surrogate', '["x\\uDE00"]', ['x\ufffd']],
    ['surrogates in the wrong order', '["\\ude00\\ud83d"]', ['\ufffd\ufffd']],
    ['halves that a NUL kept apart', '["\\ud83d\\u0000\\ude00"]', ['\ufffd\ufffd']],
    ['an escaped pair beside a NUL', '["\\ud83d\\ude00\\u0000"]', ['😀']],
    [
      'large numbers as text',
      '{"é":18446744073709551615,"b":[-1e400]}',
      { é: '18446744073709551615', b: ['-1e400'] },
      ingestionLimits,
    ],
    ['digits in a text', '{"a":"18446744073709551615"}', { a: '18446744073709551615' }],
    ['braces in a text', '{"a":"[[[[{{{{,,,,"}', { a: '[[[[{{{{,,,,' }],
  ];
  for (const [name, body, value, limits] of rows) {
    test(name, () => assert.deepEqual(parseJson(bytes(body), limits), { ok: true, value }));
  }

  test('prototype keys are data and change no prototype', () => {
    const parsed = parseJson(bytes('{"__proto__":{"admin":true},"constructor":{"prototype":1},"__proto__\\u0000":2}'));
    assert.ok(parsed.ok && typeof parsed.value === 'object' && parsed.value !== null);
    assert.equal(Object.getPrototypeOf(parsed.value), Object.prototype);
    assert.deepEqual(Object.keys(parsed.value), ['__proto__', 'constructor']);
    assert.equal(Object.hasOwn(Object.prototype, 'admin'), false);
  });

  test('a view into a larger buffer is read within its bounds', () => {
    const whole = bytes('xx[1,2]yy');
    assert.deepEqual(parseJson(whole.subarray(2, 7)), { ok: true, value: [1, 2] });
  });

  test('a group of 1000 alerts with 20 labels each passes for ingestion', () => {
    const alert = { status: 'firing', labels: numbered(20), annotations: numbered(4), values: { A: 1, B: 2 } };
    const parsed = parseJson(
      bytes(JSON.stringify({ alerts: Array.from({ length: 1000 }, () => alert) })),
      ingestionLimits,
    );
    assert.ok(parsed.ok);
  });
});

describe('beside JSON.parse', () => {
  const wide: JsonLimits = { ...apiLimits, depth: 1000, nodes: 1e6, keysPerObject: 1e6 };

  test('it reads every JSON value as JSON.parse does', () => {
    const property = fc.property(someJson(8), fc.constantFrom('', '\t', ' '), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), undefined, indent);
      assert.deepEqual(parseJson(bytes(text), wide), { ok: true, value: JSON.parse(text) });
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('it accepts exactly the texts that JSON.parse accepts, however they are damaged', () => {
    const piece = fc.constantFrom(
      ...Array.from('{}[],:"\\ -+.eE0159tfnu'),
      '\\u0000',
      '\\ud83d',
      '99999999999999999999',
      '1e999',
      'true',
      'null',
      '"a"',
      '"a":1',
      'é',
    );
    const damaged = fc
      .tuple(someJson(3), fc.array(fc.tuple(fc.nat(), fc.nat(2), piece), { maxLength: 3 }))
      .map(([text, edits]) => edits.reduce(damage, text));
    const made = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const property = fc.property(fc.oneof(damaged, made), (text) => {
      const ours = parseJson(bytes(text), wide);
      assert.equal(ours.ok, isJson(text.toWellFormed().replace(/^\ufeff/, '')), JSON.stringify(text));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test('the result has no NUL and no half of a surrogate pair', () => {
    const unit = fc.constantFrom('a', '\\u0000', '\\ud83d', '\\ude00', '\\\\', '\\n', '\\"', 'é', '😀', '\\u00e9');
    const property = fc.property(fc.array(unit), (units) => {
      const parsed = parseJson(bytes(`{"${units.join('')}":"${units.join('')}"}`));
      assert.ok(parsed.ok);
      const [[key, value] = []] = Object.entries(parsed.value ?? {});
      assert.ok(typeof key === 'string' && typeof value === 'string' && key === value);
      assert.ok(value.isWellFormed() && !value.includes('\0'));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('depth, values and keys are counted exactly', () => {
    const property = fc.property(someJson(6), (json) => {
      const value: unknown = JSON.parse(json);
      const text = bytes(JSON.stringify(value));
      const size = measure(value);
      const limits = { ...wide, depth: size.depth, nodes: size.nodes, keysPerObject: size.keys };
      assert.ok(parseJson(text, limits).ok);
      assert.ok(!parseJson(text, { ...limits, nodes: size.nodes - 1 }).ok);
      if (size.depth > 0) assert.ok(!parseJson(text, { ...limits, depth: size.depth - 1 }).ok);
      if (size.keys > 0) assert.ok(!parseJson(text, { ...limits, keysPerObject: size.keys - 1 }).ok);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

/** JSON without large numbers, which have their own rows. */
function someJson(maxDepth: number): fc.Arbitrary<string> {
  const plain = (_: string, value: unknown) => (Number.isInteger(value) && !Number.isSafeInteger(value) ? 0.5 : value);
  return fc.jsonValue({ maxDepth, stringUnit: 'grapheme' }).map((value) => JSON.stringify(value, plain));
}

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key_${index}`, 'v']));
}

function damage(text: string, [at, removed, piece]: [number, number, string]): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + piece + text.slice(place + removed);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function measure(value: unknown): { depth: number; nodes: number; keys: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, nodes: 1, keys: 0 };
  const parts = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...parts.map((part) => part.depth)),
    nodes: 1 + parts.reduce((sum, part) => sum + part.nodes, 0),
    keys: Math.max(Array.isArray(value) ? 0 : parts.length, ...parts.map((part) => part.keys)),
  };
}
