import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Query } from '../database/database.ts';
import { readInstallation } from '../database/installation-store.ts';
import { Failure } from '../runtime/failure.ts';
import type { Random } from '../runtime/random.ts';
import { parseKeyRing, sealingKeyBytes, type KeyRing } from './secret-box.ts';

/** In the data folder, where no key is set. */
export const keyFileName = 'secret.key';

/**
 * The keys that are set (`secretKey`), or those of the file in the data folder, which the first start makes: a later one
 * would open nothing.
 */
export async function openKeyRing(
  settings: { readonly secretKey: string; readonly data: string },
  query: Query,
  random: Random,
): Promise<KeyFile> {
  if (settings.secretKey !== '') return { ring: parseKeyRing(settings.secretKey), isNew: false };
  const path = join(settings.data, keyFileName);
  const isFirstStart = (await readInstallation(query)) === undefined;
  return isFirstStart ? loadOrCreateKeyFile(path, random) : { ring: requireKeyFile(path), isNew: false };
}

/** Only the service's user may read the data folder. */
const folderMode = 0o700;

/**
 * Reads the encryption keys from a file, or makes one, for an installation that sets none. Without this file the secrets
 * in the database are unreadable, so it is durable before it is used.
 */
export function loadOrCreateKeyFile(path: string, random: Random): KeyFile {
  const existing = loadKeyFile(path);
  if (existing !== undefined) return { ring: existing, isNew: false };

  // SQLite has made the folder already; with PostgreSQL this file is the first in it.
  mkdirSync(dirname(path), { recursive: true, mode: folderMode });
  const draft = `${path}.${Buffer.from(random.bytes(6)).toString('hex')}`;
  writeDurably(draft, textOf([random.bytes(sealingKeyBytes)]));
  let isNew = true;
  try {
    // Linking fails when the name exists, so two processes that start together both use the first one's key.
    linkSync(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    isNew = false;
  } finally {
    unlinkSync(draft);
  }
  syncDirectory(dirname(path));
  return { ring: ringOf(path, readFileSync(path, 'utf8')), isNew };
}

export interface KeyFile {
  readonly ring: KeyRing;
  /** It was made just now. */
  readonly isNew: boolean;
}

/** Replaces the keys in the file, durably and all at once. */
export function replaceKeyFile(path: string, ring: KeyRing, random: Random): void {
  const draft = `${path}.${Buffer.from(random.bytes(6)).toString('hex')}`;
  writeDurably(draft, textOf(ring));
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Takes back a file that was made for an installation which has another key after all. */
export function removeKeyFile(path: string): void {
  unlinkSync(path);
}

/** A key on each line, the one that seals first. */
function textOf(ring: KeyRing): string {
  return ring.map((key) => `${Buffer.from(key).toString('base64')}\n`).join('');
}

/** The same where it is there already; `undefined` where no installation has made one. */
export function loadKeyFile(path: string): KeyRing | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : ringOf(path, text);
}

/** Whether other users of the machine may read the file; false where there is none. */
export function isOpenToOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & othersMode) !== 0;
}

const othersMode = 0o077;

/** @throws Failure that names the file, because no setting is wrong. */
function ringOf(path: string, text: string): KeyRing {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `${path} holds no key: it must have 32 random bytes as base64 or 64 hex digits on each line; put the file back from a backup`;
    throw new Failure('InvalidParameter', message, { cause: error });
  }
}

/**
 * Reads the encryption key of an installation that has secrets.
 * @throws Failure when the file is gone: a new key could not read them.
 */
export function requireKeyFile(path: string): KeyRing {
  const existing = readIfThere(path);
  if (existing !== undefined) return ringOf(path, existing);
  throw new Failure(
    'InvalidParameter',
    `${path} is gone, and the secrets in the database are encrypted with the key in it: restore it from a backup, ` +
      'or set TOCSIN_SECRET_KEY to that key',
  );
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

/** Windows cannot open a directory, and journals file names itself. */
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
