import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchPostgres } from './servers/postgres.ts';

const run = promisify(execFile);

/** Where and with what it ran, but for the project itself, as name and value. */
export async function describeMachine(postgres: BenchPostgres | undefined): Promise<[string, string][]> {
  const [cpu] = cpus();
  const own = JSON.parse(await readFile(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as Package;
  const peers = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8')) as Package;
  return [
    ['processor', `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${type()} ${release()}`],
    ['Node', process.version],
    ['undici', own.dependencies?.['undici'] ?? ''],
    ['SQLite', process.versions['sqlite'] ?? ''],
    ['PostgreSQL', postgres?.version ?? 'not started'],
    ['Redis', await versionOf('redis-server', /v=(\S+)/)],
    ['Alertmanager', await versionOf('prometheus-alertmanager', /version (\S+)/)],
    ...Object.entries(peers.dependencies ?? {}).map(([name, version]): [string, string] => [name, version]),
  ];
}

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function versionOf(command: string, pattern: RegExp): Promise<string> {
  const { stdout, stderr } = await run(command, ['--version']).catch(() => ({ stdout: '', stderr: '' }));
  return pattern.exec(stdout + stderr)?.[1] ?? 'not installed';
}

/** What of the project runs, and whether it is as it was committed. */
export async function describeRevision(): Promise<string> {
  const git = (...args: string[]) => run('git', ['-C', import.meta.dirname, ...args]).catch(() => ({ stdout: '' }));
  const { stdout: hash } = await git('rev-parse', '--short', 'HEAD');
  const { stdout: changes } = await git('status', '--porcelain', '--untracked-files=no', '--', '../src');
  return hash === '' ? 'an unknown commit' : `commit ${hash.trim()}${changes.trim() === '' ? '' : ' with changes'}`;
}
