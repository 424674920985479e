import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const dist = join(import.meta.dirname, '..', 'dist');
const files = readdirSync(dist).filter((name) => name.endsWith('.js') && name !== 'tocsin.js');

test('the bundle imports no module of Node with all its names, which would load more than is used', () => {
  for (const file of files) {
    const code = readFileSync(join(dist, file), 'utf8');
    assert.deepEqual(code.match(/\bfrom\s*["'`]node:[\w/]+["'`]/g) ?? [], [], file);
  }
});

test('every thread that the bundle starts is a file of it', () => {
  const started = files.flatMap((file) => {
    const code = readFileSync(join(dist, file), 'utf8');
    return [...code.matchAll(/new URL\(["'`]\.\/([^"'`]+)["'`],\s*import\.meta\.url\)/g)].map(
      (match) => match[1] ?? '',
    );
  });
  assert.deepEqual(started.toSorted(), ['checkpoint-worker.js', 'large-push-worker.js', 'reading-worker.js']);
  assert.deepEqual(
    started.filter((name) => !files.includes(name)),
    [],
  );
});
