import { Buffer, isUtf8 } from 'node:buffer';
import { repairEscapes, scanJson, type JsonLimits, type ScanCode } from './json-scan.ts';

export type { JsonLimits } from './json-scan.ts';

/** For bodies of the API. */
export const apiLimits: JsonLimits = {
  depth: 32,
  nodes: 10_000,
  keysPerObject: 256,
  refuseDuplicateKeys: false,
};

/** For bodies that change who may do what or where pushes go: two parsers must not see two bodies. */
export const configLimits: JsonLimits = { ...apiLimits, refuseDuplicateKeys: true };

/**
 * For bodies of monitoring systems. Their metric values are often whole numbers beyond 2^53: they become text, because
 * refusing them would lose the alert.
 */
export const ingestionLimits: JsonLimits = { ...apiLimits, nodes: 200_000 };

/**
 * For those that are read beside the event loop. An alert of a Grafana or Alertmanager group is about 40 values with 20
 * labels, so the 5,000 alerts of one body pass five times over.
 */
export const largeIngestionLimits: JsonLimits = { ...ingestionLimits, nodes: 1_000_000 };

type BodyCode = ScanCode | 'empty_body' | 'invalid_utf8';

export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: BodyCode; readonly message: string };

/**
 * Parses the bytes of a body like `JSON.parse`, within the limits. Skips one byte order mark. Removes NUL and halves of
 * surrogate pairs from strings, which databases refuse or change. A key such as `__proto__` is data: it becomes an own
 * property.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = apiLimits): ParsedBody {
  const body = withoutMark(bytes);
  if (body.length === 0) return refuse('empty_body', 'the body is empty: send JSON');
  if (!isUtf8(body)) return refuse('invalid_utf8', 'the body is not valid UTF-8: send JSON in UTF-8');
  const scanned = scanJson(body, limits);
  if (!scanned.ok) return scanned;
  const sound = scanned.largeNumbers.length === 0 ? body : withNumbersAsText(body, scanned.largeNumbers);
  const text = sound.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    // A text that is not JSON must not become JSON by the repair.
    return { ok: true, value: scanned.suspectEscapes ? JSON.parse(repairEscapes(text)) : value };
  } catch (error) {
    return refuse('invalid_json', `the body is not valid JSON${placeOf(error, text.length)}`);
  }
}

function withoutMark(bytes: Uint8Array): Buffer {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const skipped = hasMark ? 3 : 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + skipped, bytes.length - skipped);
}

function withNumbersAsText(bytes: Buffer, places: readonly number[]): Buffer {
  const quote = Buffer.from('"');
  const parts: Buffer[] = [];
  let done = 0;
  for (const place of places) {
    parts.push(bytes.subarray(done, place), quote);
    done = place;
  }
  parts.push(bytes.subarray(done));
  return Buffer.concat(parts);
}

/** The engine's message quotes the body, which may hold a key; only the position is taken from it. */
function placeOf(error: unknown, length: number): string {
  const words = String(error);
  if (words.includes('end of JSON input')) return `: it ends too early, behind character ${length}`;
  const found = /at position (\d+)/.exec(words);
  return found === null ? ': check it for a missing quote, comma or bracket' : `: see character ${found[1]}`;
}

function refuse(code: BodyCode, message: string): ParsedBody {
  return { ok: false, code, message };
}
