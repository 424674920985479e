/** The few checks that the editor makes while somebody types; the service makes all of them. Pure. */
import type { Draft, HeaderRow } from './draft.ts';

export type EndpointNote = 'scheme' | 'clear' | 'private';

/**
 * What to say beside an endpoint: `scheme` is a fault, the others are warnings.
 * @param allowed private targets that the operator lists; `undefined` while that is not known.
 */
export function endpointNote(text: string, allowed: readonly string[] | undefined): EndpointNote | undefined {
  const endpoint = text.trim();
  if (endpoint === '') return undefined;
  if (!/^https?:\/\//i.test(endpoint)) return /^h?t?t?p?s?:?\/?$/i.test(endpoint) ? undefined : 'scheme';
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined) return undefined;
  if (isPrivate(url.hostname)) {
    if (metadata.test(url.hostname)) return undefined;
    return allowed === undefined || allowed.some((entry) => covers(entry, url)) ? undefined : 'private';
  }
  return url.protocol === 'http:' && url.hostname !== 'localhost' ? 'clear' : undefined;
}

const privateAddress =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|0\.)|^\[(?:::1|f[cd]|fe[89ab])/i;

/** Where clouds have their metadata, which is refused whatever the list has: the service says why. */
const metadata = /^169\.254\.|^100\.100\.100\.200$/;

function isPrivate(host: string): boolean {
  return host === 'localhost' || privateAddress.test(host);
}

/** Whether an entry of the list is about this endpoint. Of ranges of IPv6 only the service knows what is in them. */
function covers(entry: string, url: URL): boolean {
  const host = url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if ([host, bare, `${host}:${port}`].includes(entry.toLowerCase())) return true;
  if (host === 'localhost') return covers(entry, new URL(`http://127.0.0.1:${port}`)) || entry.startsWith('::1');
  const [prefix = '', bits] = entry.split('/');
  if (bits === undefined) return false;
  if (host.startsWith('[') || prefix.includes(':')) return host.startsWith('[') && prefix.includes(':');
  const keep = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(host) / keep) === Math.floor(numberOf(prefix) / keep);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export interface NumberLimit {
  readonly field: 'timeoutMs' | 'maxAttempts' | 'maxAgeSeconds' | 'unsentRetry' | 'inFlight' | 'rate';
  readonly min: number;
  readonly max: number;
}

export const numberLimits: readonly NumberLimit[] = [
  { field: 'timeoutMs', min: 100, max: 30_000 },
  { field: 'maxAttempts', min: 1, max: 100 },
  { field: 'maxAgeSeconds', min: 60, max: 1_209_600 },
  { field: 'unsentRetry', min: 0, max: 60 },
  { field: 'inFlight', min: 1, max: 64 },
  { field: 'rate', min: 0, max: 10_000 },
];

export function isOutside(text: string, { min, max }: NumberLimit): boolean {
  return !/^\d{1,9}$/.test(text.trim()) || Number(text) < min || Number(text) > max;
}

const reservedNames =
  /^(?:host|content-length|transfer-encoding|te|trailer|upgrade|connection|keep-alive|expect|content-encoding|accept-encoding|webhook-(?:id|timestamp|signature)|proxy-.*|tocsin-.*)$/i;

export type HeaderNote = 'twice' | 'reserved';

export function headerNote(headers: readonly HeaderRow[], index: number): HeaderNote | undefined {
  const row = headers[index];
  if (row === undefined || row.name === '') return undefined;
  if (reservedNames.test(row.name)) return 'reserved';
  if (headers.some((other, at) => at < index && other.name.toLowerCase() === row.name.toLowerCase())) return 'twice';
  return undefined;
}

/** Lines of the form `Name: value`, as they are pasted from elsewhere; undefined for anything else. */
export function headersOfPaste(text: string): HeaderRow[] | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const rows = lines.map((line) => /^\s*([^\s:]+):\s?(.*)$/.exec(line));
  if (rows.length === 0 || !rows.every((row) => row !== null)) return undefined;
  return rows.map((row) => ({ name: row[1] ?? '', value: (row[2] ?? '').trim(), kept: false }));
}

/** Whether the draft may be sent to the service at all. */
export function mayBeSent(draft: Draft, limits: readonly NumberLimit[] = numberLimits): boolean {
  return (
    draft.name.trim() !== '' &&
    draft.endpoint.trim() !== '' &&
    endpointNote(draft.endpoint, []) !== 'scheme' &&
    (draft.allChannels || draft.channelIds.length > 0) &&
    (draft.allTypes || draft.type === 'custom_action' || draft.eventTypes.length > 0) &&
    limits.every((limit) => !isOutside(draft[limit.field], limit)) &&
    draft.headers.every((_, index) => headerNote(draft.headers, index) === undefined)
  );
}
