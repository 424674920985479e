import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../runtime/failure.ts';
import { systemRandom } from '../runtime/random.ts';
import { isOpenToOthers, loadOrCreateKeyFile } from './master-key-file.ts';

test('the key file is made once, for its owner only, and read ever after', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret.key');
  const { ring, isNew } = loadOrCreateKeyFile(path, systemRandom);
  assert.deepEqual([ring.length, ring[0]?.length, isNew], [1, 32, true]);
  assert.deepEqual(loadOrCreateKeyFile(path, systemRandom), { ring, isNew: false });
  assert.deepEqual(readdirSync(folder), ['secret.key']);
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('the folder of the key file is made when it is not there, for its owner only', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const data = join(folder, 'not', 'there');
  assert.equal(loadOrCreateKeyFile(join(data, 'secret.key'), systemRandom).isNew, true);
  if (process.platform !== 'win32') assert.equal(statSync(data).mode & 0o777, 0o700);
});

test('a process that finds the file made in the meantime uses the key in it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret.key');
  const first = Buffer.alloc(32, 9);
  // The other process wins just while this one asks for its random bytes.
  const random = {
    ...systemRandom,
    bytes(count: number) {
      if (count === 32) writeFileSync(path, first.toString('base64'));
      return systemRandom.bytes(count);
    },
  };
  const { ring, isNew } = loadOrCreateKeyFile(path, random);
  assert.deepEqual([ring.map((key) => Buffer.from(key)), isNew], [[first], false]);
  assert.deepEqual(readdirSync(folder), ['secret.key']);
});

test('a damaged key file stops the start and is left as it is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret.key');
  writeFileSync(path, 'half a ke');
  assert.throws(
    () => loadOrCreateKeyFile(path, systemRandom),
    (error) => error instanceof Failure && error.message.startsWith(`${path} holds no key`),
  );
  assert.equal(statSync(path).size, 9);
});

test('a key file that others may read is known as such', { skip: process.platform === 'win32' }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret.key');
  assert.equal(isOpenToOthers(path), false);
  loadOrCreateKeyFile(path, systemRandom);
  assert.equal(isOpenToOthers(path), false);
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(path, mode);
    assert.equal(isOpenToOthers(path), true);
  }
});
