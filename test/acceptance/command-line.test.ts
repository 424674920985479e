import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { until } from '../support/until.ts';
import { startService } from '../support/service.ts';

const root = join(import.meta.dirname, '..', '..');
const bin = join(root, 'bin', 'tocsin.mjs');
/** As on a machine whose Node cannot put another program in its place. */
const older = ['--import', 'data:text/javascript,process.execve=undefined'];

for (const [name, options] of [
  ['in place of it', []],
  ['beside it', older],
] as const) {
  test(`the command hands over to the packaged Node, ${name}: signals go on and exit codes come back`, async (t) => {
    const folder = await temporaryFolder('command');
    t.after(() => folder.remove());
    const service = await startService({
      folder: folder.path,
      database: 'sqlite',
      command: [process.execPath, ...options, bin, 'serve'],
    });
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
    // Fails unless it drains and ends with 0.
    await service.stop();
    assert.ok(service.logs.some((line) => line.includes('"event":"service.stopped"')));
    const wrong = spawnSync(process.execPath, [...options, bin, 'config'], {
      env: { PATH: process.env['PATH'], TOCSIN_LISTEN: 'nowhere' },
      encoding: 'utf8',
    });
    assert.deepEqual([wrong.status, /TOCSIN_LISTEN is not host:port/.test(wrong.stderr)], [1, true]);
  });
}

test('a command that does not exist is named, with the nearest one, and starts nothing', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/tocsin.js', ...args], {
      cwd: root,
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
  for (const [args, said] of [
    [['bogus'], 'tocsin: there is no command "bogus"; tocsin --help lists them\n'],
    [
      ['sign-in-lnk', '--email', 'a@example.org'],
      'tocsin: there is no command "sign-in-lnk"; did you mean sign-in-link?\n',
    ],
  ] as const) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout, stderr], [1, '', said]);
  }
  assert.match(run('--help').stdout, /serve .*starts the service, as tocsin alone does/);
});

test('npx runs it with the Node of the machine', skipWithout(missingCommand('npx', 'npm')), () => {
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  const shown = spawnSync('npx', ['tocsin', '--version'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  assert.match(shown.stdout, /^\d+\.\d+\.\d+\n$/, shown.stderr);
});

test(
  'npx builds nothing that is built, though npm prepares the package',
  skipWithout(missingCommand('npx', 'npm')),
  async (t) => {
    const folder = await temporaryFolder('npx-cache');
    t.after(() => folder.remove());
    const stamp = join(root, 'console', 'dist', '.stamp');
    const before = await stat(stamp);
    // A cache in which npm has prepared nothing yet.
    const env = { ...process.env, npm_config_cache: folder.path };
    const { stdout } = await promisify(execFile)('npx', ['tocsin', '--version'], { cwd: root, env });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal((await stat(stamp)).mtimeMs, before.mtimeMs);
  },
);

test(
  'the packed program runs the bundle where it is installed',
  skipWithout(missingCommand('npm', 'npm')),
  async (t) => {
    const folder = await temporaryFolder('packed');
    t.after(() => folder.remove());
    const run = promisify(execFile);
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { cwd: root });
    const [archive = ''] = await readdir(folder.path);
    // As `npm install` unpacks it; the bundle needs no other package.
    await mkdir(join(folder.path, 'node_modules'));
    await run('tar', ['xzf', archive, '-C', 'node_modules'], { cwd: folder.path });
    const service = await startService({
      folder: join(folder.path, 'data'),
      database: 'sqlite',
      command: [process.execPath, join(folder.path, 'node_modules/package/bin/tocsin.mjs'), 'serve'],
    });
    const [home, reference] = await Promise.all([
      fetch(service.url, { headers: { accept: 'text/html' } }),
      fetch(`${service.url}/reference`),
    ]);
    assert.deepEqual([home.status, reference.status], [200, 200]);
    await service.stop();
    assert.ok(service.logs.some((line) => line.includes('"runs":"bundle"')));
  },
);

test('the end of npx is the end of the service, which drains', skipWithout(missingCommand('npx', 'npm')), async (t) => {
  const folder = await temporaryFolder('npx');
  t.after(() => folder.remove());
  const service = await startService({
    folder: folder.path,
    database: 'sqlite',
    command: ['npx', 'tocsin', 'serve'],
  });
  await service.kill('SIGTERM');
  // Its last line: the port closes before.
  await until(() => service.logs.some((line) => line.includes('"event":"service.stopped"')));
  await assert.rejects(fetch(`${service.url}/healthz`));
});

test('each command and script of the pages is there', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const commands = new Set<string>();
  for (const page of await pages()) {
    const text = await readFile(join(root, page), 'utf8');
    assert.doesNotMatch(text, /node src\/main\.ts (?!serve\b)\w/, `${page}: npx tocsin is for people`);
    for (const [, name = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g))
      assert.ok(name in scripts, `${page}: npm run ${name}`);
    for (const [, command = ''] of text.matchAll(/npx tocsin((?: [a-z][\w-]*| --?[a-z]\w*)*)/g))
      commands.add(command.trim());
  }
  assert.ok(commands.size >= 7, [...commands].join());
  const run = promisify(execFile);
  for (const command of commands) {
    const { stdout } = await run(
      process.execPath,
      ['dist/tocsin.js', ...command.split(' ').filter((word) => word !== ''), '--help'],
      {
        cwd: root,
        env: { PATH: process.env['PATH'] },
      },
    );
    const [name] = command.split(' ');
    assert.match(stdout, new RegExp(`Usage: tocsin ${name?.startsWith('-') === true ? '' : (name ?? '')}`), command);
  }
});

for (const page of ['README.md', 'docs/quick-start.md']) {
  test(`the calls of ${page} work as they are written`, async (t) => {
    const folder = await temporaryFolder('pages');
    const service = await startService({ folder: folder.path, database: 'sqlite' });
    t.after(async () => {
      await service.stop();
      await folder.remove();
    });
    const calls = callsOf(await readFile(join(root, page), 'utf8'));
    assert.ok(calls.length >= 4, `${calls.length} calls`);
    const known: Record<string, string> = { KEY: service.appKey };
    for (const call of calls) {
      const reply = await shell(service.url, call, known);
      assert.equal(reply['error'], undefined, `${call}\n${JSON.stringify(reply)}`);
      const data = reply['data'] as Record<string, unknown>;
      if (call.includes('/channel/create')) known['CHANNEL_ID'] = String(data['channel_id']);
      if (call.includes('/integration/create')) known['PUSH_URL'] = String(data['push_url']);
      if (call.includes('/webhook/create')) known['WEBHOOK_ID'] = String(data['integration_id']);
    }
  });
}

/** The lines of its shell blocks that call the service. */
function callsOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => /^(?:api \/|curl -s "\$PUSH_URL")/.test(line));
}

async function shell(
  url: string,
  call: string,
  known: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const helper = `api() { curl -s "${url}$1" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d "$2"; }`;
  const filled = call.replace(/\b(?:CHANNEL_ID|WEBHOOK_ID)\b/g, (name) => known[name] ?? name);
  const { stdout } = await promisify(execFile)('bash', ['-c', `${helper}\n${filled}`], {
    env: { PATH: process.env['PATH'], ...known },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function pages(): Promise<string[]> {
  const names = await readdir(join(root, 'docs'), { recursive: true });
  const ours = names.filter((name) => name.endsWith('.md') && !name.startsWith('decisions'));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...ours.map((name) => join('docs', name))];
}
