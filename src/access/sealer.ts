import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import { Failure } from '../runtime/failure.ts';
import type { Random } from '../runtime/random.ts';

/**
 * Keeps secrets unreadable in the database: AES-256-GCM under a key that is not in it. A sealed text is
 * `v1.nonce.ciphertext-and-tag`, the latter two in base64url, so that another scheme can follow and both be opened.
 */
export interface Sealer {
  seal(text: string): string;
  /** Throws a `Failure` when the text was sealed with another key, or was changed. */
  open(sealed: string): string;
  /** Tells whether two nodes hold the same key, and nothing else about it: `installation.key_check`. */
  readonly check: string;
}

export const sealingKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = 'v1';

export function createSealer(key: Uint8Array, random: Random): Sealer {
  if (key.length !== sealingKeyBytes) throw new TypeError(`a sealing key has ${sealingKeyBytes} bytes`);
  const sealing = createSecretKey(derive(key, 'tocsin seal v1', 32));
  return {
    check: `${version}.${derive(key, 'tocsin key check v1', 16).toString('base64url')}`,
    seal(text) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: tagBytes });
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [version, Buffer.from(nonce).toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(sealed) {
      const [scheme, nonceText = '', bytesText = '', rest] = sealed.split('.');
      const nonce = Buffer.from(nonceText, 'base64url');
      const bytes = Buffer.from(bytesText, 'base64url');
      if (scheme !== version || rest !== undefined || nonce.length !== nonceBytes || bytes.length < tagBytes) {
        throw new Failure('ServiceUnavailable', 'a stored secret is not in a form that this version can open');
      }
      const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: tagBytes });
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        return decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new Failure('ServiceUnavailable', `a stored secret does not open: ${wrongKey}`, { cause });
      }
    },
  };
}

/** Reads a key from a setting or a file: 64 hex digits, or base64 of either alphabet. Never shows it. */
export function parseSealingKey(text: string): Uint8Array {
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

/** Refuses to start with another key than the one that the database was sealed with, before anything is written. */
export function requireSameKey(sealer: Sealer, stored: string): void {
  if (sealer.check !== stored) throw new Failure('ServiceUnavailable', `this database cannot be used: ${wrongKey}`);
}

const wrongKey =
  'its secrets were sealed with another key; set TOCSIN_SECRET_KEY, or put the key file back, to the key it was made with';

/** Separate keys for separate uses, so that the check says nothing that helps to open. */
function derive(key: Uint8Array, use: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(), use, bytes));
}
