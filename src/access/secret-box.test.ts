import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../runtime/failure.ts';
import { systemRandom } from '../runtime/random.ts';
import { createSecretBox, parseKeyRing, requireSameKey } from './secret-box.ts';

const key = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);
const sealer = createSecretBox([key], systemRandom);
const stranger = createSecretBox([other], systemRandom);
const failure = (pattern: RegExp) => (error: unknown) => error instanceof Failure && pattern.test(error.message);

test('a sealed text opens again, and is sealed differently each time', () => {
  const property = fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const sealed = sealer.seal(text);
    assert.equal(sealer.open(sealed), text);
    assert.equal(createSecretBox([key], systemRandom).open(sealed), text);
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
  assert.equal(sealer.check, createSecretBox([key], systemRandom).check);
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
    assert.deepEqual(
      parseKeyRing(text).map((one) => Buffer.from(one)),
      [bytes],
    );
  }
  for (const text of [
    '',
    'short',
    'ab'.repeat(31),
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    'correct-horse-battery-staple-is-no-key-!!!!!',
  ]) {
    assert.throws(() => parseKeyRing(text), failure(/^TOCSIN_SECRET_KEY must be 32 random bytes/));
  }
  assert.throws(() => createSecretBox([Buffer.alloc(16)], systemRandom), TypeError);
});

test('a former key opens what it sealed, and the first one seals', () => {
  const both = createSecretBox([other, key], systemRandom);
  const old = sealer.seal('secret');
  assert.deepEqual([both.open(old), both.isCurrent(old)], ['secret', false]);
  const renewed = both.seal('secret');
  assert.deepEqual([stranger.open(renewed), both.isCurrent(renewed)], ['secret', true]);
  assert.throws(() => sealer.open(renewed), Failure);
  assert.equal(both.check, stranger.check);
  requireSameKey(both, sealer.check);
  requireSameKey(both, stranger.check);
  assert.deepEqual(
    parseKeyRing(`${other.toString('hex')}, ${key.toString('base64')}\n`).map((one) => Buffer.from(one)),
    [other, key],
  );
});
