import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'test', 'reliability', 'README.md'), 'utf8');
/** A file in backticks, or words of a name in it. */
const mention = /`(?<file>[\w./-]+\.test\.ts)`|“(?<words>[^”]+)”/g;

test('every file and every test that test/reliability/README.md mentions is there', () => {
  const missing: string[] = [];
  for (const line of page.split('\n')) {
    let file = '';
    for (const { groups } of line.matchAll(mention)) {
      if (groups?.['file'] !== undefined) file = groups['file'];
      const words = groups?.['words'] ?? '';
      if (!existsSync(join(root, file))) missing.push(file);
      else if (!readFileSync(join(root, file), 'utf8').includes(words)) missing.push(`${file}: ${words}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('test/reliability/README.md mentions every file of tests about faults', () => {
  const own = basename(import.meta.filename);
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts') && name !== own);
  const unmentioned = files.filter((name) => !page.includes(`test/reliability/${name}`));
  assert.deepEqual(unmentioned, []);
});

test('each row of test/reliability/README.md has as many cells as its table', () => {
  let cells = 0;
  for (const line of page.split('\n')) {
    const count = line.split('|').length;
    if (!line.startsWith('|')) cells = 0;
    else if (cells === 0) cells = count;
    else assert.equal(count, cells, line);
  }
});
