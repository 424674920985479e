import { Buffer } from 'node:buffer';

/** Limits of a JSON body, and the treatment of two things that senders and receivers read differently. */
export interface JsonLimits {
  /** Nested containers. */
  readonly depth: number;
  /** Values of every kind in the whole body, without keys. */
  readonly nodes: number;
  /** Keys of one object. */
  readonly keysPerObject: number;
  /** Refuse an object with a repeated key; otherwise the last one wins, as in `JSON.parse`. */
  readonly refuseDuplicateKeys: boolean;
}

export type ScanCode = 'invalid_json' | 'too_deep' | 'too_many_nodes' | 'too_many_keys' | 'duplicate_key';

export interface ScanFault {
  readonly ok: false;
  readonly code: ScanCode;
  readonly message: string;
}

export interface Scanned {
  readonly ok: true;
  /**
   * A string holds an escaped NUL or half of a surrogate pair, so the text needs `repairEscapes` before it is parsed.
   */
  readonly suspectEscapes: boolean;
  /** The byte positions of numbers that become text: start, end, start, end … */
  readonly largeNumbers: readonly number[];
}

/**
 * One pass over the bytes of a JSON text, before `JSON.parse` spends memory on it. Counts, and does not check the
 * grammar: text that is not JSON may pass, and `JSON.parse` refuses it. For JSON its counts are exact.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): Scanned | ScanFault {
  /** Per open container: its keys so far, or -1 for an array. */
  const open = new Int32Array(limits.depth + 1);
  const seen: Set<string>[] = [];
  const largeNumbers: number[] = [];
  let suspectEscapes = false;
  let keyNext = false;
  let depth = 0;
  let nodes = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) {
      const start = at;
      const end = endOfString(bytes, start);
      at = end < 0 ? ~end : end;
      suspectEscapes ||= end < 0;
      if (keyNext) {
        keyNext = false;
        const keys = (open[depth] ?? 0) + 1;
        open[depth] = keys;
        if (keys > limits.keysPerObject) return tooManyKeys(limits, start);
        // `JSON.parse` refuses a key without an end.
        const afterKey = Math.min(at + 1, bytes.length);
        if (!isNewKey(seen[depth], bytes, start, afterKey)) return duplicateKey(start);
      } else nodes += 1;
    } else if (byte === comma) {
      keyNext = depth > 0 && (open[depth] ?? 0) >= 0;
    } else if (byte === openBrace || byte === openBracket) {
      nodes += 1;
      depth += 1;
      if (depth > limits.depth) return tooDeep(limits, at);
      keyNext = byte === openBrace;
      open[depth] = keyNext ? 0 : -1;
      if (limits.refuseDuplicateKeys) seen[depth] = new Set();
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth > 0) depth -= 1;
      keyNext = false;
    } else if (byte === minus || (byte >= digit0 && byte <= digit9)) {
      const start = at;
      at = endOfNumber(bytes, start) - 1;
      nodes += 1;
      // A number in the place of a key stays: as text it would turn a wrong body into a right one.
      if (!keyNext && isLarge(bytes, start, at + 1)) {
        largeNumbers.push(start, at + 1);
      }
    } else if (byte === letterT || byte === letterF || byte === letterN) {
      // true, false and null have exactly one of these letters each.
      nodes += 1;
    } else if (byte === backslash) {
      // Only strings have escapes; refused here so that `repairEscapes` never changes text that is wrong in another
      // way.
      return fault('invalid_json', `the body is not valid JSON: there is a backslash outside a string at byte ${at}`);
    }
    if (nodes > limits.nodes) return tooManyNodes(limits, at);
  }
  return { ok: true, suspectEscapes, largeNumbers };
}

const quote = 0x22;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const digit0 = 0x30;
const digit8 = 0x38;
const digit9 = 0x39;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const letterD = 0x64;
const letterE = 0x65;
const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;
const letterU = 0x75;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Set in the lower-case form of an ASCII letter. */
const lowerCase = 0x20;

/** Whole numbers of this many digits are below 2^53. */
const safeDigits = 15;

/**
 * The position of the closing quote, or its complement when an escape needs repair, which saves an object per string.
 */
function endOfString(bytes: Uint8Array, start: number): number {
  let suspect = false;
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) {
    if (bytes[at] === backslash) {
      at += 1;
      suspect ||= bytes[at] === letterU && isSuspect(bytes, at + 1);
    }
    at += 1;
  }
  return suspect ? ~at : at;
}

/** True for the four hex digits of NUL and of either half of a surrogate pair. */
function isSuspect(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (first === digit0) return second === digit0 && bytes[at + 2] === digit0 && bytes[at + 3] === digit0;
  return (first | lowerCase) === letterD && second >= digit8;
}

function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && isOfNumber(bytes[at] ?? 0)) at += 1;
  return at;
}

function isOfNumber(byte: number): boolean {
  if (byte >= digit0 && byte <= digit9) return true;
  return byte === dot || byte === minus || byte === plus || (byte | lowerCase) === letterE;
}

const wholeNumber = /^-?(?:0|[1-9]\d*)$/;
const anyNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isLarge(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= safeDigits && isDigits(bytes, start, end)) return false;
  const text = latin1(bytes, start, end);
  if (wholeNumber.test(text)) return !Number.isSafeInteger(Number(text));
  return anyNumber.test(text) && !Number.isFinite(Number(text));
}

function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < digit0 || byte > digit9) return false;
  }
  return true;
}

/** Keys are equal when they read the same, however escaped. */
function isNewKey(seen: Set<string> | undefined, bytes: Uint8Array, start: number, end: number): boolean {
  if (seen === undefined) return true;
  const key = readKey(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function readKey(text: string): string {
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return String(JSON.parse(repairEscapes(text)));
  } catch {
    return text;
  }
}

const escape = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|[^])/g;

/** Removes escaped NULs from the strings of a JSON text, and replaces each half of a surrogate pair by U+FFFD. */
export function repairEscapes(text: string): string {
  return text.replace(escape, (found) => {
    if (found === '\\u0000') return '';
    const isHalf = found.length === 6 && /^\\u[dD][89a-fA-F]/.test(found);
    return isHalf ? '\\ufffd' : found;
  });
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function fault(code: ScanCode, message: string): ScanFault {
  return { ok: false, code, message };
}

function tooDeep({ depth }: JsonLimits, at: number): ScanFault {
  return fault('too_deep', `the body nests deeper than ${depth} levels at byte ${at}: flatten it`);
}

function tooManyNodes({ nodes }: JsonLimits, at: number): ScanFault {
  return fault(
    'too_many_nodes',
    `the body has more than ${nodes} values by byte ${at}: split it into several requests`,
  );
}

function tooManyKeys({ keysPerObject }: JsonLimits, at: number): ScanFault {
  return fault('too_many_keys', `an object has more than ${keysPerObject} keys by byte ${at}: send fewer`);
}

function duplicateKey(at: number): ScanFault {
  return fault('duplicate_key', `the key at byte ${at} is in its object already: send each key once`);
}
