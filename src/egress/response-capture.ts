import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

/** Bytes of an answer kept for the history, and the longest wait for them once the status is known. */
export const bodyKeptMaxBytes = 16_384;
export const bodyWaitMs = 250;
/** Encoded bodies grow by a third as base64. */
const encodedKeptMaxBytes = 12_288;
const headersKeptMax = 64;
const headersKeptMaxChars = 8_192;

/**
 * Response headers as the text of a JSON object, capped. The receiver chooses their names, so they must not become keys
 * of an object.
 */
export function headersJson(headers: IncomingHttpHeaders): string {
  const parts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = readable(typeof value === 'string' ? value : value.join(', '));
    const room = headersKeptMaxChars - length - name.length;
    if (room <= 0 || parts.length === headersKeptMax) break;
    const kept = text.length > room ? `${text.slice(0, room)}…` : text;
    length += name.length + kept.length;
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(storable(kept))}`);
  }
  return `{${parts.join(',')}}`;
}

const ascii = /^[\0-\x7f]*$/;

/** A header value has one character per byte. UTF-8 bytes, which most senders mean, are decoded. */
function readable(value: string): string {
  if (ascii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return !isUtf8(bytes) ? value : bytes.toString('utf8');
}

/** The body as text that both databases accept. Encoded bodies are never inflated, only shown as base64. */
export function bodyText(chunks: readonly Buffer[], headers: IncomingHttpHeaders): string {
  const first = chunks[0];
  if (first === undefined) return '';
  const encoding = [headers['content-encoding'] ?? []].flat().join(', ');
  const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    return `[${storable(encoding.slice(0, 64))}, base64] ${bytes.subarray(0, encodedKeptMaxBytes).toString('base64')}`;
  }
  if (bytes.length <= bodyKeptMaxBytes) return storable(bytes.toString('utf8'));
  // A streaming decoder omits a character that was cut.
  return storable(new TextDecoder().decode(bytes.subarray(0, bodyKeptMaxBytes), { stream: true }));
}

/** Valid UTF-8 without NUL, which one database refuses and the other cuts at. */
export function storable(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).toWellFormed();
}
