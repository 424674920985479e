import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writtenIn } from '../bench/disk.ts';

const disks = `   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0
 254       0 vda 262733 15793 10410346 239596 6743256 435025 251076688 10750185 0 244624 11042643
 259     300 nvme1n1p9 1 1 1 1 1 1 4 1 0 1 1
`;

test('the written bytes are those of the disk with this number', () => {
  assert.equal(writtenIn(disks, 254 * 0x100), 251_076_688 * 512);
  assert.equal(writtenIn(disks, 259 * 0x100 + (300 % 0x100) + 0x10_0000), 4 * 512);
});

test('a file system without a disk tells no number', () => {
  assert.ok(Number.isNaN(writtenIn(disks, 42)));
  assert.ok(Number.isNaN(writtenIn('', 254 * 0x100)));
});
