import { readFile, stat } from 'node:fs/promises';

/** Of the counters, whatever the disk's own are. */
const sectorBytes = 512;
const writtenSectorsAt = 9;

/** Bytes that the disk with this folder has taken so far, for all who write on it; not a number where the system does not tell. */
export async function writtenBytes(folder: string): Promise<number> {
  const text = await readFile('/proc/diskstats', 'utf8').catch(() => '');
  return writtenIn(text, (await stat(folder)).dev);
}

/** @param disks lines of `major minor name reads …`, as Linux tells them. @param device the number of a file's file system. */
export function writtenIn(disks: string, device: number): number {
  const number = `${majorOf(device)} ${minorOf(device)}`;
  const found = disks.split('\n').map((line) => line.trim().split(/ +/));
  const disk = found.find(([major, minor]) => `${major} ${minor}` === number);
  return Number(disk?.[writtenSectorsAt]) * sectorBytes;
}

/** As `makedev` of the GNU C library packs them, for the numbers that disks have. */
function majorOf(device: number): number {
  return Math.floor(device / 0x100) % 0x1000;
}

function minorOf(device: number): number {
  return (device % 0x100) + Math.floor(device / 0x10_0000) * 0x100;
}
