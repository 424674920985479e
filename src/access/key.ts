import { createHash } from 'node:crypto';
import type { Random } from '../runtime/random.ts';

/** 128 random bits and three digits: the form that clients expect (contract 0.3). */
export function makeKey(random: Random): string {
  const digits = Buffer.from(random.bytes(2)).readUInt16BE() % 1000;
  return Buffer.from(random.bytes(16)).toString('hex') + String(digits).padStart(3, '0');
}

/** SHA-256, hex: the stored form of a key. A slow hash is for passwords; 128 random bits cannot be guessed. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** The part of a key that lists show: enough to tell keys apart, too little to help a guesser. */
export function keyHint(key: string): string {
  return key.length < hintedFromLength ? '••••' : `••••${key.slice(-4)}`;
}

const hintedFromLength = 12;
