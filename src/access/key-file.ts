import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Random } from '../runtime/random.ts';
import { parseSealingKey, sealingKeyBytes } from './sealer.ts';

/** Only the service's own user may look into the data folder. */
const folderMode = 0o700;

/**
 * The sealing key of an installation that sets none: read from a file, which is made when there is none. Without this file
 * the secrets in the database cannot be opened any more, so it is durable before it is used.
 */
export function loadOrCreateKeyFile(path: string, random: Random): Uint8Array {
  const existing = readIfThere(path);
  if (existing !== undefined) return parseSealingKey(existing);

  // With SQLite the database has made the folder already; with PostgreSQL this file is the first in it.
  mkdirSync(dirname(path), { recursive: true, mode: folderMode });
  const draft = `${path}.${Buffer.from(random.bytes(6)).toString('hex')}`;
  writeDurably(draft, `${Buffer.from(random.bytes(sealingKeyBytes)).toString('base64')}\n`);
  try {
    // A link fails when the name is taken, so of two processes that start at once, both use the key of the first.
    linkSync(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    unlinkSync(draft);
  }
  syncDirectory(dirname(path));
  return parseSealingKey(readFileSync(path, 'utf8'));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Windows cannot open a directory, and keeps the names of its files in a journal of its own. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
