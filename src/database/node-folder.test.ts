import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdNodeFolder } from './node-folder.ts';

test('a folder gives the same name with every start, and none while another holds it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-node-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = holdNodeFolder(folder, () => 'aaaaaaaaaaaa');
  assert.equal(first?.name, 'aaaaaaaaaaaa');
  assert.equal(
    holdNodeFolder(folder, () => 'bbbbbbbbbbbb'),
    undefined,
  );
  first?.release();
  const second = holdNodeFolder(folder, () => 'bbbbbbbbbbbb');
  assert.equal(second?.name, 'aaaaaaaaaaaa');
  second?.release();
});

test('a folder that cannot be made has no name', () => {
  assert.equal(
    holdNodeFolder('/dev/null/folder', () => 'aaaaaaaaaaaa'),
    undefined,
  );
});
