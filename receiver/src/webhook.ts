import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { valuesOf } from './headers.ts';
import type { RequestHeaders } from './headers.ts';

/** Standard Webhooks, scheme v1: HMAC-SHA256 over `id.timestamp.body`, the body being the raw bytes of the request. */

/** A secret with fewer bytes can be guessed, one with more is hashed down by the HMAC. */
export const secretMinBytes = 24;
export const secretMaxBytes = 64;
/** How far the sender's clock may be from ours, either way. */
export const toleranceSeconds = 5 * 60;
/** A sender needs two during a rotation; each one more is work that a stranger could ask of the receiver. */
export const signaturesMax = 16;
export const idMaxChars = 256;

/** A secret, decoded once. Opaque: made by {@link signingKey}, so it has the right length. */
export interface SigningKey {
  readonly key: KeyObject;
}

/** `whsec_` and base64, or what {@link signingKey} made of it. Several while a rotation overlaps. */
export type Secrets = string | SigningKey | readonly (string | SigningKey)[];

export interface Message {
  /** The push's `event_id`; the same in every repetition. Visible ASCII without a dot, at most {@link idMaxChars}. */
  readonly id: string;
  /** When this attempt was made, Unix seconds. */
  readonly timestamp: number;
  /** The bytes of the body; a string stands for its UTF-8 bytes. */
  readonly body: Uint8Array | string;
}

/** The value of `webhook-signature`: one `v1,…` per secret, in their order. */
export function sign(message: Message, secrets: Secrets): string {
  if (!idShape.test(message.id)) throw new TypeError('the id of a message is visible ASCII without a dot');
  if (!Number.isSafeInteger(message.timestamp) || message.timestamp <= 0) {
    throw new TypeError('the timestamp of a message is a whole number of Unix seconds');
  }
  const head = `${message.id}.${message.timestamp}.`;
  return signingKeys(secrets)
    .map((key) => signature(key, head, message.body))
    .join(' ');
}

export type Verification =
  | {
      readonly ok: true;
      /** The push's `event_id`. */ readonly id: string;
      /** Unix seconds. */ readonly timestamp: number;
    }
  | { readonly ok: false; readonly reason: Refusal; /** For the receiver's log. */ readonly message: string };

export type Refusal =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_matching_signature';

/**
 * Whether a request was signed with one of the secrets within the last five minutes. Answer 401 when it was not.
 *
 * `body` must be the bytes as they arrived, taken before any JSON parser: parsing and writing again changes them.
 * Throws only for a mistake of the receiver's own: a bad secret, or a body that is not bytes.
 */
export function verify(
  request: { readonly headers: RequestHeaders; readonly body: Uint8Array },
  secrets: Secrets,
  options: { /** Unix milliseconds. */ readonly now?: number; readonly toleranceSeconds?: number } = {},
): Verification {
  const keys = signingKeys(secrets);
  if (!(request.body instanceof Uint8Array)) {
    throw new TypeError('verify needs the raw bytes of the body, as they arrived and before a JSON parser took them');
  }
  const read = readHeaders(request.headers);
  if (!('id' in read)) return read;
  const { id, timestamp, signatures } = read;

  const age = Math.floor((options.now ?? Date.now()) / 1000) - timestamp;
  const tolerance = options.toleranceSeconds ?? toleranceSeconds;
  if (age > tolerance) return refuse('timestamp_too_old', `the push was signed ${age} seconds ago`);
  if (-age > tolerance) return refuse('timestamp_too_new', `the push was signed ${-age} seconds in the future`);

  const head = `${id}.${timestamp}.`;
  const expected = keys.map((key) => Buffer.from(signature(key, head, request.body)));
  // Every pair is compared, so that the time taken does not tell which secret or which signature came close.
  let matches = 0;
  for (const given of signatures) for (const own of expected) matches += equalBytes(Buffer.from(given), own) ? 1 : 0;
  if (matches > 0) return { ok: true, id, timestamp };
  return refuse(
    'no_matching_signature',
    'no signature fits: the secret differs, or the body is not the bytes that arrived',
  );
}

/** Decodes a secret, once for many messages. Throws a `TypeError` that says what is wrong with it, without showing it. */
export function signingKey(secret: string): SigningKey {
  if (typeof secret !== 'string') {
    throw new TypeError('the webhook secret is missing: it is the text "whsec_…" that /webhook/create showed');
  }
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text)
    throw new TypeError('a webhook secret is "whsec_" and base64 with its padding');
  if (bytes.length < secretMinBytes || bytes.length > secretMaxBytes) {
    throw new TypeError(
      `a webhook secret holds ${secretMinBytes} to ${secretMaxBytes} bytes, this one ${bytes.length}`,
    );
  }
  return { key: createSecretKey(bytes) };
}

const idShape = new RegExp(`^[!-\\-/-~]{1,${idMaxChars}}$`);
const timestampShape = /^[1-9][0-9]{0,11}$/;

function signingKeys(secrets: Secrets): SigningKey[] {
  const list: readonly (string | SigningKey)[] = isList(secrets) ? secrets : [secrets];
  if (list.length === 0) throw new TypeError('at least one webhook secret is needed');
  return list.map((secret) => (typeof secret === 'object' ? secret : signingKey(secret)));
}

/** `Array.isArray` does not narrow a read-only list. */
function isList(secrets: Secrets): secrets is readonly (string | SigningKey)[] {
  return Array.isArray(secrets);
}

function signature(key: SigningKey, head: string, body: Uint8Array | string): string {
  return `v1,${createHmac('sha256', key.key).update(head).update(body).digest('base64')}`;
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

interface SignedHeaders {
  readonly id: string;
  readonly timestamp: number;
  readonly signatures: readonly string[];
}

function readHeaders(headers: RequestHeaders): SignedHeaders | (Verification & { ok: false }) {
  const values: string[] = [];
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const found = valuesOf(headers, name);
    const value = found[0];
    if (value === undefined || value === '') return refuse('missing_header', `the header ${name} is missing`);
    if (found.length > 1) return refuse('malformed_header', `the header ${name} came more than once`);
    if (typeof value !== 'string') return refuse('malformed_header', `the header ${name} is not one text`);
    values.push(value);
  }
  const [id = '', timestamp = '', signature = ''] = values;
  if (!idShape.test(id)) return refuse('malformed_header', 'webhook-id is not visible ASCII without a dot');
  if (!timestampShape.test(timestamp))
    return refuse('malformed_header', 'webhook-timestamp is not Unix seconds in digits');
  const signatures = signature.split(' ');
  if (signatures.length > signaturesMax) {
    return refuse('malformed_header', `webhook-signature holds more than ${signaturesMax} signatures`);
  }
  return { id, timestamp: Number(timestamp), signatures };
}

function refuse(reason: Refusal, message: string): Verification & { ok: false } {
  return { ok: false, reason, message };
}
