import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkHeaders, maskHeader } from './headers.ts';
import type { HeadersInput } from './headers.ts';
import { threadCpuMs } from '../runtime/loop-meter.ts';

function faults(input: HeadersInput): string[] {
  const check = checkHeaders(input);
  return check.ok ? [] : check.faults.map(({ field, message }) => `${field}: ${message}`);
}

const canary = 'canary-secret';
const connection = 'belongs to the connection';

/** The row of test/acceptance/bad-input.test.ts, an input, and its faults. */
const refused: readonly (readonly [row: number, what: string, input: HeadersInput, faults: readonly RegExp[]])[] = [
  [
    23,
    'a CR in a value',
    { 'X-A': `${canary}\r\nX-B: 1` },
    [/^headers\["X-A"\]: the value holds a control character, such as a line break$/],
  ],
  [23, 'an LF at the end of a value', { 'X-A': `${canary}\n` }, [/control character/]],
  [23, 'a NUL in a value', { 'X-A': `${canary}\u0000` }, [/control character/]],
  [23, 'a DEL in a value', { 'X-A': `${canary}\u007f` }, [/control character/]],
  [23, 'a CR in a name', { 'X-A\r\nX-B': '1' }, [/^headers\["X-A\\r\\nX-B"\]: a name is made of letters/]],
  [24, 'a name that is no token', { 'X A': '1' }, [/a name is made of letters, digits and/]],
  [24, 'a name with a colon', { ':authority': '1' }, [/a name is made of/]],
  [24, 'a name outside ASCII', { 'X-é': '1' }, [/a name is made of/]],
  [24, 'an empty name', { '': '1' }, [/^headers: a header needs a name$/]],
  [24, 'a name of 129 characters', { ['x'.repeat(129)]: '1' }, [/the name is longer than 128 characters/]],
  [24, 'a value of 4097 bytes', { 'X-A': 'x'.repeat(4097) }, [/the value is longer than 4096 bytes/]],
  [
    24,
    '33 headers',
    Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, '1'])),
    [/^headers: there are 33 headers; 32 are allowed$/],
  ],
  [
    24,
    'more than 16 KiB in total',
    Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'x'.repeat(4096)])),
    [/^headers: names and values hold 16388 bytes; 16384 are allowed$/],
  ],
  [
    25,
    'one name in two cases',
    { 'X-A': '1', 'x-a': '2' },
    [/^headers: "X-A" and "x-a" are the same header; a name may occur once, in any spelling$/],
  ],
  [
    25,
    'one name twice in a list',
    [
      { name: 'X-A', value: '1' },
      { name: 'X-A', value: '1' },
    ],
    [/"X-A" and "X-A" are the same header/],
  ],
  [26, 'Host', { Host: 'inside.example' }, [/^headers\["Host"\]: cannot be set here: it is taken from the endpoint$/]],
  ...[
    'Content-Length',
    'Transfer-Encoding',
    'TE',
    'Trailer',
    'Upgrade',
    'Connection',
    'Keep-Alive',
    'Proxy-Authorization',
    'proxy-x',
    'Expect',
  ].map((name) => [27, name, { [name]: '1' }, [new RegExp(`cannot be set here: it ${connection}`)]] as const),
  ...['Content-Encoding', 'accept-encoding'].map(
    (name) => [28, name, { [name]: 'gzip' }, [/cannot be set here: it is fixed: bodies are never compressed/]] as const,
  ),
  [
    28,
    'a Content-Type that is not JSON',
    { 'Content-Type': 'text/xml' },
    [/the body is JSON, so this must be application\/json/],
  ],
  ...['webhook-id', 'Webhook-Timestamp', 'webhook-signature'].map(
    (name) => [29, name, { [name]: '1' }, [/cannot be set here: it carries the signature/]] as const,
  ),
  [29, 'our own prefix', { 'Tocsin-Attempt': '1' }, [/is kept for what the service itself says about a push/]],
  [30, 'é in a value', { 'X-A': 'é' }, [/the value holds a character outside ASCII/]],
  [30, '中 in a value', { 'X-A': '中' }, [/the value holds a character outside ASCII/]],
  [33, 'a masked value, sent back', { Authorization: '••••abcd' }, [/this is the masked value; give the real one/]],
];

for (const [row, what, input, expected] of refused) {
  test(`C2 row ${row}: ${what} is refused`, () => {
    const found = faults(input);
    assert.equal(found.length, expected.length, found.join('\n'));
    expected.forEach((message, index) => assert.match(found[index] ?? '', message));
    assert.ok(!found.join().includes(canary));
  });
}

const accepted: readonly (readonly [row: number, what: string, input: HeadersInput, headers: readonly string[]])[] = [
  [24, 'the widest that is allowed', { ['x'.repeat(128)]: 'y'.repeat(4096) }, ['x'.repeat(128), 'y'.repeat(4096)]],
  [24, 'no header', {}, []],
  [28, 'a user agent', { 'User-Agent': 'us/1' }, ['User-Agent', 'us/1']],
  [
    28,
    'a JSON content type',
    { 'Content-Type': 'application/json; charset=utf-8' },
    ['Content-Type', 'application/json; charset=utf-8'],
  ],
  [
    28,
    'a structured JSON content type',
    { 'content-type': 'application/cloudevents+json' },
    ['content-type', 'application/cloudevents+json'],
  ],
  [
    30,
    'every printable ASCII character and a tab',
    { 'X-A': `~!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}\t0` },
    ['X-A', `~!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}\t0`],
  ],
  [31, 'spaces around a value', { 'X-A': ' \t a b \t' }, ['X-A', 'a b']],
  [31, 'a value of spaces only', { 'X-A': '  ' }, ['X-A', '']],
  [
    32,
    '__proto__ and constructor',
    JSON.parse('{"__proto__": "1", "constructor": "2"}') as HeadersInput,
    ['__proto__', '1', 'constructor', '2'],
  ],
  [
    32,
    'toString beside another',
    [
      { name: 'toString', value: '1' },
      { name: 'a', value: '2' },
    ],
    ['toString', '1', 'a', '2'],
  ],
];

for (const [row, what, input, headers] of accepted) {
  test(`C2 row ${row}: ${what} is accepted`, () => {
    const check = checkHeaders(input);
    assert.ok(check.ok, faults(input).join('\n'));
    assert.deepEqual(
      check.headers.flatMap(({ name, value }) => [name, value]),
      headers,
    );
  });
}

test('C2 row 33: a value shows its last four characters only when it has twelve', () => {
  assert.equal(maskHeader('Bearer abcdefgh'), '••••efgh');
  assert.equal(maskHeader('123456789012'), '••••9012');
  assert.equal(maskHeader('12345678901'), '••••');
  assert.equal(maskHeader(''), '••••');
});

test('the faults of all headers are named at once', () => {
  assert.equal(faults({ Host: 'a', 'X-A': 'é', 'X B': '1', 'x-a': '2' }).length, 4);
});

test('whatever is accepted is unique, trimmed, and fit for the wire', () => {
  const header = fc.record({
    name: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('Host', 'X-A', 'x-a', '__proto__')),
    value: fc.string({ unit: 'binary', maxLength: 8 }),
  });
  const property = fc.property(fc.array(header, { maxLength: 4 }), (input) => {
    const check = checkHeaders(input);
    if (!check.ok) return assert.ok(check.faults.length > 0);
    assert.equal(new Set(check.headers.map(({ name }) => name.toLowerCase())).size, input.length);
    const wire = new Headers(check.headers.map(({ name, value }) => [name, value]));
    for (const { name, value } of check.headers) assert.equal(wire.get(name), value);
  });
  fc.assert(property, { numRuns: 500 });
});

test('a value with a hundred thousand blanks inside is refused by its length, at once', () => {
  const started = threadCpuMs();
  const checked = checkHeaders({ 'x-a': `a${' '.repeat(100_000)}a`, 'x-b': ` \t${'b'.repeat(100_000)}\t ` });
  assert.ok(threadCpuMs() - started < 50);
  assert.equal(checked.ok, false);
  const trimmed = checkHeaders({ 'x-a': ' \t a b\t ' });
  assert.deepEqual(trimmed.ok && trimmed.headers, [{ name: 'x-a', value: 'a b' }]);
});
