import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotRunnable } from '../contestants/contestant.ts';

/** So short that nobody stands still for longer than a few milliseconds. */
const periodMicroseconds = 10_000;
/** A group can go when its last process has. */
const removedMaxMs = 5_000;

/** Where the kernel keeps its groups: the older way, with a separate tree for the processors, and the newer. */
const older = { folder: '/sys/fs/cgroup/cpu', quota: 'cpu.cfs_quota_us', period: 'cpu.cfs_period_us' };
const newer = { folder: '/sys/fs/cgroup', quota: 'cpu.max', period: undefined };

/**
 * Holds a process to a part of a core, by a control group of the kernel, as containers are held. So machines with a core
 * each can be distinguished from one machine that is full.
 * @returns what takes the group away, once the process has ended.
 * @throws NotRunnable where no such group can be made.
 */
export async function holdToCores(pid: number, cores: number): Promise<() => Promise<void>> {
  const place = existsSync(join(older.folder, older.quota)) ? older : newer;
  const group = join(place.folder, `tocsin-bench-${pid}`);
  const quota = String(Math.round(periodMicroseconds * cores));
  try {
    await mkdir(group);
    if (place.period === undefined) {
      await writeFile(join(group, place.quota), `${quota} ${periodMicroseconds}`);
    } else {
      await writeFile(join(group, place.period), String(periodMicroseconds));
      await writeFile(join(group, place.quota), quota);
    }
    await writeFile(join(group, 'cgroup.procs'), String(pid));
  } catch (error) {
    await rmdir(group).catch(() => {});
    throw new NotRunnable(
      `a control group of the kernel cannot be made: ${error instanceof Error ? error.message : ''}`,
    );
  }
  return () => remove(group);
}

async function remove(group: string): Promise<void> {
  for (const until = performance.now() + removedMaxMs; performance.now() < until; await sleep(50)) {
    try {
      return await rmdir(group);
    } catch {
      // A process that was killed a moment ago is still in it.
    }
  }
}
