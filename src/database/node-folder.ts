import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseFailure } from './database.ts';
import { lockForThisProcess } from './sqlite/file-lock.ts';

/** The name is in this file; the lock is on a file beside it. */
const nameFile = 'node';

export interface NodeFolder {
  /** The same on every start with this folder. */
  readonly name: string;
  release(): void;
}

/**
 * Locks a folder for this process. Then the process that held it before has certainly ended, and nobody needs to wait
 * for its leases.
 * @returns undefined when that cannot be known: another process holds the folder, or it cannot be written to.
 */
export function holdNodeFolder(folder: string, newName: () => string): NodeFolder | undefined {
  const file = join(folder, nameFile);
  let release: () => void;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    release = lockForThisProcess(file);
  } catch (error) {
    if (error instanceof DatabaseFailure || isFileError(error)) return undefined;
    throw error;
  }
  try {
    return { name: readName(file) ?? writeName(file, newName()), release };
  } catch (error) {
    release();
    if (isFileError(error)) return undefined;
    throw error;
  }
}

function readName(file: string): string | undefined {
  try {
    const name = readFileSync(file, 'utf8').trim();
    return /^[0-9a-z]{8,64}$/.test(name) ? name : undefined;
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

function writeName(file: string, name: string): string {
  writeFileSync(file, `${name}\n`, { mode: 0o600 });
  return name;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
