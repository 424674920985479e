import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Failure } from '../runtime/failure.ts';
import type { Random } from '../runtime/random.ts';

/**
 * Encrypts secrets for the database: AES-256-GCM under a key that is not stored in it. A sealed text is
 * `v1.nonce.ciphertext-and-tag`, the latter two in base64url, so that another scheme can follow and both be opened.
 */
export interface SecretBox {
  seal(text: string): string;
  /** Throws a `Failure` when the text was sealed with another key, or was changed. */
  open(sealed: string): string;
  /** Whether the key that seals opens it, and none of the former ones is needed. */
  isCurrent(sealed: string): boolean;
  /** Equal on nodes that seal with the same key, and reveals nothing else: `installation.key_check`. */
  readonly check: string;
  /** Of every key that opens. */
  readonly checks: readonly string[];
}

/** The key that seals, and then those that still open what they sealed: more than one while a key is replaced. */
export type KeyRing = readonly Uint8Array[];

export const sealingKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = 'v1';

export function createSecretBox(ring: KeyRing, random: Random): SecretBox {
  if (ring.some((key) => key.length !== sealingKeyBytes)) throw new TypeError(`a key has ${sealingKeyBytes} bytes`);
  const keys = ring.map((key) => createSecretKey(derive(key, 'tocsin seal v1', 32)));
  const [sealing] = keys;
  if (sealing === undefined) throw new TypeError('there is no key');
  const checks = ring.map((key) => `${version}.${derive(key, 'tocsin key check v1', 16).toString('base64url')}`);
  return {
    check: checks[0] ?? '',
    checks,
    isCurrent: (sealed) => openedBy(sealing, partsOf(sealed)) !== undefined,
    seal(text) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: tagBytes });
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [version, Buffer.from(nonce).toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(sealed) {
      const parts = partsOf(sealed);
      for (const key of keys) {
        const text = openedBy(key, parts);
        if (text !== undefined) return text;
      }
      throw new Failure('ServiceUnavailable', `a stored secret does not open: ${wrongKey}`);
    },
  };
}

interface SealedParts {
  readonly nonce: Buffer;
  readonly bytes: Buffer;
}

/** @throws Failure when it has another form. */
function partsOf(sealed: string): SealedParts {
  const [scheme, nonceText = '', bytesText = '', rest] = sealed.split('.');
  const nonce = Buffer.from(nonceText, 'base64url');
  const bytes = Buffer.from(bytesText, 'base64url');
  if (scheme !== version || rest !== undefined || nonce.length !== nonceBytes || bytes.length < tagBytes) {
    throw new Failure('ServiceUnavailable', 'a stored secret is not in a form that this version can open');
  }
  return { nonce, bytes };
}

/** `undefined` when it was sealed with another key, or was changed: the tag does not fit. */
function openedBy(key: KeyObject, { nonce, bytes }: SealedParts): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const text = decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8');
  try {
    return text + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/**
 * Reads the keys of a setting or a file: the one that seals, then those that still open, with commas or line ends
 * between them.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text.split(/[\s,]+/).filter((one) => one !== '');
  return keys.length === 0 ? [parseSealingKey('')] : keys.map(parseSealingKey);
}

/** Reads a key from a setting or a file: 64 hex digits, or base64 of either alphabet. Never shows it. */
function parseSealingKey(text: string): Uint8Array {
  const trimmed = text.trim();
  const key = /^[0-9a-fA-F]{64}$/.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)
      ? Buffer.from(trimmed, 'base64')
      : undefined;
  if (key?.length === sealingKeyBytes) return key;
  const message = `TOCSIN_SECRET_KEY must be ${sealingKeyBytes} random bytes as 64 hex digits or as base64, as made by "openssl rand -base64 32"`;
  throw new Failure('InvalidParameter', message, { faults: [{ field: 'TOCSIN_SECRET_KEY', message }] });
}

/** Refuses, before anything is written, keys among which the one that the database was encrypted with is not. */
export function requireSameKey(sealer: SecretBox, stored: string): void {
  if (!sealer.checks.includes(stored))
    throw new Failure('ServiceUnavailable', `this database cannot be used: ${wrongKey}`);
}

const wrongKey =
  'its secrets were sealed with another key; set TOCSIN_SECRET_KEY, or put the key file back, to the key it was made with';

/** A separate key per use, so that the check does not help to decrypt. */
function derive(key: Uint8Array, use: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(), use, bytes));
}
