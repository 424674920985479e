import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from 'undici';
import { keptDocuments } from '../src/cli/openapi.ts';

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
  const workers = ['checkpoint-worker.js', 'egress-worker.js', 'large-push-worker.js', 'reading-worker.js'];
  assert.deepEqual(started.toSorted(), workers);
  assert.deepEqual(
    started.filter((name) => !files.includes(name)),
    [],
  );
});

test('the document of the API and its page lie beside the bundle, as the sources make them', async () => {
  const kept = Object.entries(await keptDocuments());
  assert.equal(kept.length, 2);
  for (const [name, text] of kept) assert.equal(readFileSync(join(dist, name), 'utf8') === text, true, name);
});

test('the client that the bundle takes from a file of its package is that of the package', () => {
  assert.equal(createRequire(import.meta.url)('undici/lib/dispatcher/client.js'), Client);
});

test('the bundle leaves out what its packages load in vain', () => {
  const code = files
    .filter((name) => !name.startsWith('undici-'))
    .map((name) => readFileSync(join(dist, name), 'utf8'));
  const has = (text: string) => code.some((each) => each.includes(text));
  assert.ok(has('HTTP/2 is left out'));
  assert.ok(!has('opentelemetry.js.api'));
  assert.ok(!has('class SnapshotAgent'), 'all of undici');
});

test('what answers first is loaded without the database, the engine and the API', () => {
  const seen = new Set<string>();
  const load = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const code = readFileSync(join(dist, file), 'utf8');
    for (const match of code.matchAll(/\bfrom\s*["'`]\.\/([^"'`]+)["'`]|\bimport\s*["'`]\.\/([^"'`]+)["'`]/g))
      load(match[1] ?? match[2] ?? '');
  };
  load('main.js');
  const code = [...seen].map((file) => readFileSync(join(dist, file), 'utf8'));
  assert.ok(code.some((each) => each.includes('service.listening')));
  for (const later of ['service.started', 'insert into', '/incident/list', 'HTTP/2 is left out']) {
    assert.ok(!code.some((each) => each.includes(later)), later);
  }
});
