import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';
import { freePort, missingCommand, skipWithout } from '../counterparts/program.ts';

const root = join(import.meta.dirname, '..', '..');
const readyMaxMs = 30_000;

test(
  'the demonstration shows alerts that fire, change and recover, and every command that it prints works',
  { ...skipWithout(missingCommand('curl', 'curl')), timeout: 60_000 },
  async (t) => {
    const port = await freePort();
    const environment = { ...process.env, TOCSIN_LISTEN: `127.0.0.1:${port}` };
    const child = spawn(process.execPath, ['dist/tocsin.js', 'demo'], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (/what there is: /.test(output)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`it ended:\n${output}`)));
    const late = setTimeout(() => reject(new Error(`it did not get so far:\n${output}`)), readyMaxMs);
    await ready;
    clearTimeout(late);

    const pushes = output.split('\n').filter((line) => /^ +[\d.]+ ms /.test(line));
    const told = pushes.map((line) => /ms +\S+ +(\S+) +(#\d+) +(signature ok|SIGNATURE WRONG) +(.*)$/.exec(line));
    assert.deepEqual(told.map((found) => String(found?.slice(1).join(' '))).toSorted(), [
      'a_new #1 signature ok Checkout latency / shop (Critical)',
      'a_new #1 signature ok DiskFull / db-3:9100 (Warning)',
      'a_new #1 signature ok HighCPU / web-01:9100 (Critical)',
      'a_update #2 signature ok DiskFull / db-3:9100 (Critical)',
      'a_update #2 signature ok HighCPU / web-01:9100 (Ok)',
      'a_update #3 signature ok DiskFull / db-3:9100 (Ok)',
      'i_new #1 signature ok Checkout latency / shop (Triggered)',
      'i_new #1 signature ok DiskFull / db-3:9100 (Triggered)',
      'i_new #1 signature ok HighCPU / web-01:9100 (Triggered)',
      'i_r_severity #2 signature ok DiskFull / db-3:9100 (Triggered)',
      'i_rslv #2 signature ok HighCPU / web-01:9100 (Closed)',
      'i_rslv #3 signature ok DiskFull / db-3:9100 (Closed)',
    ]);
    const folder = /its database in (\S+?)\.?\n/.exec(output)?.[1] ?? '';
    assert.ok(existsSync(folder), folder);

    const commands = output.split('\n').filter((line) => line.startsWith('  curl '));
    assert.equal(commands.length, 3);
    const asked: number[] = [];
    for (const command of commands) {
      asked.push(Date.now());
      const { stdout } = await promisify(execFile)('sh', ['-c', `${command.trim()} --fail-with-body`]);
      assert.ok('data' in (JSON.parse(stdout) as object), stdout);
    }
    const byHand = () => / ([\d.]+) ms +\S+ +i_new +#1 +signature ok +Checkout is slow/.exec(output);
    await until(() => byHand() !== null);
    const waited = Date.now() - (asked[1] ?? 0);
    assert.ok(Number(byHand()?.[1]) <= waited, `it took at most ${waited} ms: ${byHand()?.[0]}`);
    const [history = ''] = commands;
    // The failing receiver's pushes end a moment after the others', and the last of them wait until it is asked again.
    await until(async () => {
      const { stdout } = await promisify(execFile)('sh', ['-c', history.trim()]);
      const { items } = (JSON.parse(stdout) as { data: { items: { endpoint: string; status_code: number }[] } }).data;
      const failed = items.filter((one) => one.endpoint.endsWith('/out-of-order'));
      return items.length - failed.length === 15 && failed.filter((one) => one.status_code === 500).length >= 5;
    });

    const asKey = /Authorization: (Bearer \S+?)'/.exec(history)?.[1] ?? '';
    const info = await fetch(`http://127.0.0.1:${port}/system/info`, {
      method: 'POST',
      headers: { authorization: asKey, 'content-type': 'application/json' },
      body: '{}',
    });
    const { settings } = ((await info.json()) as { data: { settings: Record<string, string> } }).data;
    assert.equal(settings['TOCSIN_LISTEN'], `127.0.0.1:${port}`, 'the console shows the settings in effect');

    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    assert.equal(existsSync(folder), false);
  },
);

test('a demonstration on a taken port ends with 1, says so, and leaves no folder behind', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const temporary = await mkdtemp(join(tmpdir(), 'tocsin-taken-port-'));
  t.after(() => rm(temporary, { recursive: true }));
  const child = spawn(process.execPath, ['dist/tocsin.js', 'demo'], {
    cwd: root,
    env: { ...process.env, TOCSIN_LISTEN: `127.0.0.1:${port}`, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  assert.deepEqual(await once(child, 'exit'), [1, null]);
  assert.match(errors, /^tocsin: cannot listen on 127\.0\.0\.1:\d+/);
  assert.deepEqual(await readdir(temporary), []);
});

test(
  'SIGTERM to npm ends the service in good order, and npm with it',
  { ...skipWithout(missingCommand('npm', 'npm')), timeout: 60_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-npm-start-'));
    t.after(() => rm(folder, { recursive: true }));
    const port = await freePort();
    const env = { ...process.env, TOCSIN_LISTEN: `127.0.0.1:${port}`, TOCSIN_DATA: folder };
    const npm = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => npm.kill('SIGKILL'));
    let output = '';
    npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.includes('listening on '));
    const ended = once(npm, 'exit');
    npm.kill('SIGTERM');
    await ended;
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`), 'the service is still there');
    assert.match(output, /"event":"service\.stopped"/);
  },
);
