import type { IncomingHttpHeaders } from 'node:http';

/** How much of an answer is kept for the history, and how long is waited for it once the status is known. */
export const bodyKeptMaxBytes = 16_384;
export const bodyWaitMs = 250;
/** Encoded bodies grow by a third when they are written as base64. */
const encodedKeptMaxBytes = 12_288;
const headersKeptMax = 64;
const headersKeptMaxChars = 8_192;

/** Response headers as the text of a JSON object, capped. Header names are the receiver's, so they are no object's keys. */
export function headersJson(headers: IncomingHttpHeaders): string {
  const parts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : value.join(', ');
    const room = headersKeptMaxChars - length - name.length;
    if (room <= 0 || parts.length === headersKeptMax) break;
    const kept = text.length > room ? `${text.slice(0, room)}…` : text;
    length += name.length + kept.length;
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(storable(kept))}`);
  }
  return `{${parts.join(',')}}`;
}

/** The body as text that both databases take. What the receiver encoded is never inflated, only shown as base64. */
export function bodyText(chunks: readonly Buffer[], encoding: string): string {
  const first = chunks[0];
  if (first === undefined) return '';
  const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    return `[${storable(encoding.slice(0, 64))}, base64] ${bytes.subarray(0, encodedKeptMaxBytes).toString('base64')}`;
  }
  if (bytes.length <= bodyKeptMaxBytes) return storable(bytes.toString('utf8'));
  // A streaming decoder leaves out a character that the cut went through.
  return storable(new TextDecoder().decode(bytes.subarray(0, bodyKeptMaxBytes), { stream: true }));
}

/** Valid UTF-8 without NUL, which one database refuses and the other cuts at. */
export function storable(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).toWellFormed();
}
