import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptDocuments } from '../../cli/openapi.ts';
import { builtDocuments, readBuilt, servedAt } from './built-documents.ts';

test('the document of the build has the address of this server in its one place', async () => {
  const { [builtDocuments.document]: kept = '' } = await keptDocuments();
  const at = (publicUrl: string) => JSON.parse(servedAt(kept, publicUrl)) as { servers: unknown };
  const whole = JSON.parse(kept) as object;
  assert.deepEqual(at(''), { ...whole, servers: [{ url: '/' }] });
  for (const url of ['https://tocsin.example.org', 'https://x.example/$&"\\'])
    assert.deepEqual(at(url), { ...whole, servers: [{ url }] });
});

test('sources that were not built have none', async () => {
  assert.equal(await readBuilt('document'), undefined);
  assert.equal(await readBuilt('page'), undefined);
});
