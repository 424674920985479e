import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { describedRoutes } from '../src/cli/openapi.ts';
import { isOwn } from '../src/http/routes/route.ts';
import { channelsPath } from '../src/http/server/push-request.ts';
import { compatibilityOf, compatibilityPage, partly } from './support/compatibility.ts';

const docs = join(import.meta.dirname, '..', 'docs');
const listed = await readFile(join(docs, 'reference', 'published-operations.txt'), 'utf8');
const published = listed.trim().split('\n');
const routes: readonly string[] = describedRoutes().map(({ path }) => path);
const paths: ReadonlySet<string> = new Set([...routes, channelsPath]);

test('the page says of each published operation whether it is there', async () => {
  const page = compatibilityPage(compatibilityOf(published, paths));
  const file = join(docs, 'compatibility.md');
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(file, page);
  assert.equal(await readFile(file, 'utf8'), page, 'docs/compatibility.md is not current: UPDATE_DOCS=1 writes it');
});

test('the list is sorted and names each operation once, and what is said of one is of one that exists', () => {
  assert.deepEqual(published, [...new Set(published)].sort());
  assert.deepEqual(
    Object.keys(partly).filter((path) => !paths.has(path)),
    [],
  );
});

test('every operation is either published, and takes fields that it does not know, or ours, and refuses them', () => {
  const known = new Set(published);
  assert.deepEqual(
    routes.filter((path) => known.has(path) === isOwn(path)),
    [],
  );
});
