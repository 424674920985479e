import type { Fault } from '../runtime/failure.ts';
import type { WebhookHeader } from './webhook.ts';

export const headersMax = 32;
export const headerNameMaxChars = 128;
export const headerValueMaxBytes = 4096;
/** Names and values together. */
export const headersMaxBytes = 16 * 1024;

export type HeadersCheck =
  | { readonly ok: true; readonly headers: readonly WebhookHeader[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** An object, as the API takes it, or a list, which can show that a name came twice. */
export type HeadersInput = Readonly<Record<string, string>> | readonly WebhookHeader[];

/**
 * Checks the custom headers of a webhook (contract 2.1) and trims their values. The result is a list, so that a name
 * like `__proto__` is safe. No message holds a value: values are often secrets.
 */
export function checkHeaders(input: HeadersInput): HeadersCheck {
  const headers = listOf(input).map(({ name, value }) => ({ name, value: trim(value) }));
  const faults = [
    ...limitFaults(headers),
    ...headers.flatMap(({ name, value }) =>
      [...nameFaults(name), ...valueFaults(name, value)].map((message) => ({ field: fieldOf(name), message })),
    ),
    ...duplicateFaults(headers),
  ];
  return faults.length === 0 ? { ok: true, headers } : { ok: false, faults };
}

/** Values of this length show their end; four characters of a shorter one would reveal too much. */
export const maskShowsFromChars = 12;

/** The shown form of a stored value: it can be replaced, not read. */
export function maskHeader(value: string): string {
  return value.length >= maskShowsFromChars ? `${mask}${value.slice(-4)}` : mask;
}

const mask = '••••';

/** Names that only the service sets, with the reason: each completes "is a header that …". */
const reserved = new Map<string, string>([
  ['host', 'is taken from the endpoint'],
  ...['content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'connection', 'keep-alive', 'expect'].map(
    (name) => [name, 'belongs to the connection, which the service looks after'] as const,
  ),
  ...['content-encoding', 'accept-encoding'].map((name) => [name, 'is fixed: bodies are never compressed'] as const),
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, 'carries the signature'] as const),
]);

const reservedPrefixes: readonly (readonly [string, string])[] = [
  ['proxy-', 'belongs to the connection, which the service looks after'],
  ['tocsin-', 'is kept for what the service itself says about a push'],
];

/** A token of RFC 9110. */
const tokenShape = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const jsonType = /^application\/(?:[\w.!#$&^-]+\+)?json(?:\s*;.*)?$/i;

function nameFaults(name: string): string[] {
  if (name === '') return ['a header needs a name'];
  if (name.length > headerNameMaxChars) return [`the name is longer than ${headerNameMaxChars} characters`];
  if (!tokenShape.test(name)) return ["a name is made of letters, digits and !#$%&'*+-.^_`|~ only"];
  const lower = name.toLowerCase();
  const why = reserved.get(lower) ?? reservedPrefixes.find(([prefix]) => lower.startsWith(prefix))?.[1];
  return why === undefined ? [] : [`cannot be set here: it ${why}`];
}

function valueFaults(name: string, value: string): string[] {
  if (value.length > headerValueMaxBytes) return [`the value is longer than ${headerValueMaxBytes} bytes`];
  if (value.startsWith(mask))
    return ['this is the masked value; give the real one, or leave headers out to keep them all'];
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
    return ['the value holds a control character, such as a line break'];
  if (/[^\t -~]/.test(value)) return ['the value holds a character outside ASCII; receivers would read it differently'];
  if (name.toLowerCase() === 'content-type' && !jsonType.test(value)) {
    return ['the body is JSON, so this must be application/json or another JSON type'];
  }
  return [];
}

function limitFaults(headers: readonly WebhookHeader[]): Fault[] {
  const bytes = headers.reduce((sum, header) => sum + header.name.length + header.value.length, 0);
  const messages: string[] = [];
  if (headers.length > headersMax) messages.push(`there are ${headers.length} headers; ${headersMax} are allowed`);
  if (bytes > headersMaxBytes) messages.push(`names and values hold ${bytes} bytes; ${headersMaxBytes} are allowed`);
  return messages.map((message) => ({ field: 'headers', message }));
}

function duplicateFaults(headers: readonly WebhookHeader[]): Fault[] {
  const spellings = new Map<string, string[]>();
  for (const { name } of headers) {
    const lower = name.toLowerCase();
    spellings.set(lower, [...(spellings.get(lower) ?? []), name]);
  }
  return [...spellings.values()]
    .filter((names) => names.length > 1)
    .map((names) => ({
      field: 'headers',
      message: `${names.map(quote).join(' and ')} are the same header; a name may occur once, in any spelling`,
    }));
}

function listOf(input: HeadersInput): WebhookHeader[] {
  return isList(input) ? [...input] : Object.entries(input).map(([name, value]) => ({ name, value }));
}

/** `Array.isArray` does not narrow a read-only list. */
function isList(input: HeadersInput): input is readonly WebhookHeader[] {
  return Array.isArray(input);
}

/** Trims only HTTP's whitespace: a trailing line break is a fault, not a space. */
function trim(value: string): string {
  let start = 0;
  let end = value.length;
  const isBlank = (at: number) => value[at] === ' ' || value[at] === '\t';
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return value.slice(start, end);
}

function fieldOf(name: string): string {
  return name === '' ? 'headers' : `headers[${quote(name.slice(0, headerNameMaxChars))}]`;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
