import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectionsWithin, descriptorsMax } from './descriptors.ts';

test('connections take half of what the files of the process leave, and no more than is set', () => {
  const rows: [descriptors: number, wanted: number, connections: number][] = [
    [Infinity, 10_000, 10_000],
    [1_048_576, 10_000, 10_000],
    [20_064, 10_000, 10_000],
    [20_062, 10_000, 9_999],
    [1_024, 10_000, 480],
    [1_024, 100, 100],
    [128, 10_000, 32],
    [64, 10_000, 8],
    [20, 10_000, 8],
  ];
  for (const [descriptors, wanted, connections] of rows) {
    assert.equal(connectionsWithin(descriptors, wanted), connections, `${descriptors} and ${wanted}`);
  }
});

test('the limit is that of the process', { skip: process.platform === 'win32' }, () => {
  assert.ok(descriptorsMax() > 0);
  const file = join(import.meta.dirname, 'descriptors.ts');
  const script = `import(${JSON.stringify(file)}).then((one) => console.log(one.descriptorsMax()))`;
  const command = `ulimit -n 128; exec "${process.execPath}" -e ${JSON.stringify(script)}`;
  assert.equal(execFileSync('bash', ['-c', command], { encoding: 'utf8' }).trim(), '128');
});
