import { Buffer } from 'node:buffer';

/** What a JSON body may be at most, and what is done about the two things that senders and receivers read differently. */
export interface JsonLimits {
  /** Containers inside each other. */
  readonly depth: number;
  /** Values of every kind in the whole body; keys are not counted. */
  readonly nodes: number;
  /** Keys of one object. */
  readonly keysPerObject: number;
  /** Refuse an object that has a key twice; otherwise the last one wins, as in `JSON.parse`. */
  readonly refuseDuplicateKeys: boolean;
  /**
   * A whole number beyond 2^53, or a number that is infinite as a double: `refuse` the body, or pass the number on as
   * `text` with all its digits, for bodies whose numbers end as the text of labels anyway.
   */
  readonly largeNumbers: 'refuse' | 'text';
}

export type ScanCode =
  | 'invalid_json'
  | 'too_deep'
  | 'too_many_nodes'
  | 'too_many_keys'
  | 'duplicate_key'
  | 'number_out_of_range';

export interface ScanFault {
  readonly ok: false;
  readonly code: ScanCode;
  readonly message: string;
}

export interface Scanned {
  readonly ok: true;
  /** Some string holds an escaped NUL or an escaped half of a surrogate pair, so the text needs a look before it is parsed. */
  readonly suspectEscapes: boolean;
  /** Start and end, in bytes, of each number that is to become text: start, end, start, end … */
  readonly largeNumbers: readonly number[];
}

/**
 * One pass over the bytes of a JSON text, before `JSON.parse` spends memory on it. It counts and does not check the
 * grammar: what it lets through may still be no JSON, and `JSON.parse` says so. For a text that is JSON its counts are exact.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): Scanned | ScanFault {
  /** Per open container the number of its keys so far, or -1 for an array. */
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
        if (!isNewKey(seen[depth], bytes, start, at + 1)) return duplicateKey(start);
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
      // A number where a key belongs is left as it is: as text it would become a key, and a wrong body a right one.
      if (!keyNext && isLarge(bytes, start, at + 1)) {
        if (limits.largeNumbers === 'refuse') return outOfRange(start);
        largeNumbers.push(start, at + 1);
      }
    } else if (byte === letterT || byte === letterF || byte === letterN) {
      // Each of true, false and null has just one of these letters.
      nodes += 1;
    } else if (byte === backslash) {
      // Only strings have escapes; this keeps the mending of escapes out of texts that are wrong in another way.
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

/** Whole numbers of at most this many digits are below 2^53. */
const safeDigits = 15;

/** The closing quote's place, or its complement when an escape on the way wants mending, which spares an object per string. */
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

/** Keys count as equal when they read the same, however they are escaped. */
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
    return String(JSON.parse(mendEscapes(text)));
  } catch {
    return text;
  }
}

const escape = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|[^])/g;

/** Takes escaped NULs out of the strings of a JSON text, and puts U+FFFD in the place of each half of a surrogate pair. */
export function mendEscapes(text: string): string {
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

function outOfRange(at: number): ScanFault {
  return fault(
    'number_out_of_range',
    `the number at byte ${at} is beyond 2^53 and would lose digits: send it as text, or send a smaller one`,
  );
}
