import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../runtime/failure.ts';
import { systemRandom } from '../runtime/random.ts';
import { createSealer, parseSealingKey, requireSameKey } from './sealer.ts';

const key = Buffer.alloc(32, 1);
const sealer = createSealer(key, systemRandom);
const stranger = createSealer(Buffer.alloc(32, 2), systemRandom);
const failure = (pattern: RegExp) => (error: unknown) => error instanceof Failure && pattern.test(error.message);

test('what is sealed opens again, with another text each time it is sealed', () => {
  const property = fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const sealed = sealer.seal(text);
    assert.equal(sealer.open(sealed), text);
    assert.equal(createSealer(key, systemRandom).open(sealed), text);
    assert.match(sealed, /^v1\.[\w-]{16}\.[\w-]{22,}$/);
    assert.notEqual(sealer.seal(text), sealed);
  });
  fc.assert(property, { numRuns: 100 });
});

test('another key does not open it, and the failure names the setting', () => {
  assert.throws(() => stranger.open(sealer.seal('secret')), failure(/sealed with another key; set TOCSIN_SECRET_KEY/));
});

test('a sealed text with any character changed does not open', () => {
  const sealed = sealer.seal('secret');
  for (let index = 0; index < sealed.length; index += 1) {
    const last = sealed.charAt(index) === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, index) + last + sealed.slice(index + 1);
    // The last characters may hold bits that base64 does not use; then the bytes are the same, and so is what opens.
    const same = changed
      .split('.')
      .every((part, at) =>
        Buffer.from(part, 'base64url').equals(Buffer.from(sealed.split('.')[at] ?? '', 'base64url')),
      );
    if (!same) assert.throws(() => sealer.open(changed), Failure);
  }
});

test('a text in an unknown form is refused as such', () => {
  for (const text of [
    '',
    'secret',
    'v2.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA',
    'v1.AAAA.AAAA',
    `${sealer.seal('x')}.x`,
  ]) {
    assert.throws(() => sealer.open(text), failure(/not in a form that this version can open/));
  }
});

test('the check is the same for the same key only, and does not hold the key', () => {
  assert.equal(sealer.check, createSealer(key, systemRandom).check);
  assert.notEqual(sealer.check, stranger.check);
  requireSameKey(sealer, sealer.check);
  assert.throws(
    () => requireSameKey(stranger, sealer.check),
    failure(/this database cannot be used.*TOCSIN_SECRET_KEY/),
  );
});

test('a key is read from hex and from base64 of both alphabets', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
  for (const text of [
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    `${bytes.toString('base64')}\n`,
  ]) {
    assert.deepEqual(Buffer.from(parseSealingKey(text)), bytes);
  }
  for (const text of [
    '',
    'short',
    'ab'.repeat(31),
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    'correct horse battery staple is no key !!!!!',
  ]) {
    assert.throws(() => parseSealingKey(text), failure(/^TOCSIN_SECRET_KEY must be 32 random bytes/));
  }
  assert.throws(() => createSealer(Buffer.alloc(16), systemRandom), TypeError);
});
