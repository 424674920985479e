import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Replaces the files of a folder by those of a fresh one, which is gone afterwards. Each file comes in one step, and those
 * named in `last` after all others: at no time does a page name a file that is not there.
 */
export async function putInPlace(fresh: string, folder: string, last: readonly string[]): Promise<void> {
  const names = await filesBelow(fresh);
  const former = await filesBelow(folder);
  for (const name of [...names.filter((one) => !last.includes(one)), ...last]) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await rename(join(fresh, name), join(folder, name));
  }
  for (const name of former.filter((one) => !names.includes(one))) await rm(join(folder, name), { force: true });
  await rm(fresh, { recursive: true });
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(path, join(entry.parentPath, entry.name)));
}
