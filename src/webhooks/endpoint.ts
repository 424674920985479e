import { domainToUnicode } from 'node:url';
import type { Fault } from '../runtime/failure.ts';

export const endpointMaxChars = 2048;
/** Limits of DNS (RFC 1035), without a trailing dot. */
export const hostMaxChars = 253;
export const labelMaxChars = 63;

/** The operator's egress rules. A port, because webhooks do not know the address guard. */
export interface EndpointPolicy {
  /**
   * The reason for refusing this host and port, as a sentence that names the setting to change; undefined = allowed.
   */
  refusal(host: string, port: number): string | undefined;
  /** The addresses of this service, as `host` (any port) or `host:port`: a webhook to it would cause its own pushes. */
  readonly ownHosts: readonly string[];
}

export type EndpointCheck =
  | {
      readonly ok: true;
      /** As the user gave it, query included; only a fragment, which HTTP never sends, is removed. */
      readonly url: string;
      /** The host to connect to: lower case, punycode, an address in its usual notation. Shown beside the URL. */
      readonly host: string;
      readonly port: number;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Whether a text may be the endpoint of a webhook (contract 2.1). An early check for the user: the addresses of a name
 * are checked at each connection, not here.
 */
export function checkEndpoint(text: string, policy: EndpointPolicy): EndpointCheck {
  const messages = textFaults(text);
  if (messages.length > 0) return refuse(messages);

  const url = text.split('#', 1)[0] ?? '';
  const parsed = parse(url);
  if (parsed === undefined) return refuse(['is not a valid URL: look at its host and its port (1 to 65535)']);

  const { host, port } = parsed;
  messages.push(...hostFaults(authorityOf(url), host));
  if (messages.length === 0 && isOwn(host, port, policy.ownHosts)) {
    messages.push(`${host}:${port} is this service itself; a webhook to it would cause its own pushes`);
  }
  const refusal = messages.length === 0 ? policy.refusal(host, port) : undefined;
  if (refusal !== undefined) messages.push(refusal);
  return messages.length === 0 ? { ok: true, url, host, port } : refuse(messages);
}

export interface Destination {
  readonly secure: boolean;
  /** Without brackets and trailing dot: the name or address to connect to. */
  readonly host: string;
  readonly port: number;
  /** `https://host:port`, for a pool of connections. */
  readonly origin: string;
  /** Path and query exactly as the user gave them; non-ASCII characters as the UTF-8 escapes that the wire needs. */
  readonly target: string;
}

/** Splits an endpoint that {@link checkEndpoint} has accepted. Throws on any other text. */
export function destinationOf(endpoint: string): Destination {
  const parsed = parse(endpoint);
  if (parsed === undefined) throw new TypeError('this endpoint has not been checked');
  const rest = endpoint.slice(schemeOf(endpoint).length + authorityOf(endpoint).length).split('#', 1)[0] ?? '';
  const target = rest.replace(/[^!-~]+/g, (characters) => encodeURIComponent(characters));
  return { ...parsed, target: target.startsWith('/') ? target : `/${target}` };
}

/**
 * An endpoint as it is shown below the role admin: for chat tools the path and the query are the credential, so only the
 * origin is left of it.
 */
export function maskEndpoint(endpoint: string): string {
  const parsed = parse(endpoint);
  if (parsed === undefined) return endpoint === '' ? '' : endpointMask;
  const rest = endpoint.slice(schemeOf(endpoint).length + authorityOf(endpoint).length);
  return rest === '' || rest === '/' ? parsed.origin : `${parsed.origin}/${endpointMask}`;
}

export const endpointMask = '••••';

/** Shorter parts of an endpoint stand in answers by chance, and are no good secrets. */
const secretMinChars = 8;

/**
 * Path and query of an endpoint with their parts, as a receiver may repeat them in an answer, also decoded. The longest first, so
 * that no part of one stays.
 */
export function secretsOfEndpoint(endpoint: string): string[] {
  if (parse(endpoint) === undefined) return [];
  const rest = endpoint.slice(schemeOf(endpoint).length + authorityOf(endpoint).length);
  const { target } = destinationOf(endpoint);
  const parts = [rest, target].flatMap((text) => [text, ...text.split('?'), ...text.split(/[/?&=]/)]);
  const long = [...parts, ...parts.map(decoded)].filter((part) => part.length >= secretMinChars);
  return [...new Set(long)].toSorted((one, other) => other.length - one.length);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Faults that a parser would hide: it drops tabs and line breaks, reads a backslash as a slash, and forgives missing
 * slashes, so that the URL that a person reads and the one that is called would differ.
 */
function textFaults(text: string): string[] {
  if (text === '') return ['is missing; give the URL to call, like https://example.com/hook'];
  const faults: string[] = [];
  if (text.length > endpointMaxChars) faults.push(`is longer than ${endpointMaxChars} characters`);
  if (!text.isWellFormed()) faults.push('holds a broken character (half of a surrogate pair)');
  if (controlCharacter.test(text)) faults.push('holds a control character, such as a tab or a line break');
  if (text !== text.trim()) faults.push('starts or ends with a space');
  else if (/\s/.test(text.replace(controlCharacters, ''))) faults.push('holds a space; write %20 for it');
  if (text.includes('%00')) faults.push('holds %00, which many receivers cut a URL at');
  if (text.includes('\\')) faults.push('holds a backslash; write / or %5C');
  if (schemeOf(text) === '') {
    if (text === text.trimStart()) faults.push('must start with http:// or https://');
  } else if (authorityOf(text) === '') {
    faults.push('has no host after http:// or https://');
  } else if (authorityOf(text).includes('@')) {
    faults.push('holds a user name or password before the host; put credentials into a custom header');
  }
  return faults;
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
const controlCharacters = new RegExp(controlCharacter, 'g');

/** Invisible, and dropped by the parser: they make one host look like another. */
const invisible = /\p{Default_Ignorable_Code_Point}/u;

function hostFaults(authority: string, host: string): string[] {
  if (invisible.test(authority)) return [`the host holds an invisible character; if you mean ${host}, write it so`];
  if (host.includes(':')) return [];
  const faults: string[] = [];
  const labels = host.split('.');
  if (host.length > hostMaxChars) faults.push(`the host is longer than ${hostMaxChars} characters`);
  if (labels.includes('')) faults.push('the host has an empty part between its dots');
  if (labels.some((label) => label.length > labelMaxChars)) {
    faults.push(`a part of the host is longer than ${labelMaxChars} characters`);
  }
  const odd = labels.find((label) => label !== '' && !labelShape.test(label));
  if (odd !== undefined) faults.push(`${JSON.stringify(odd)} cannot be part of a host name`);
  const broken = labels.find((label) => label.startsWith('xn--') && domainToUnicode(label).startsWith('xn--'));
  if (broken !== undefined) faults.push(`${JSON.stringify(broken)} is not valid punycode`);
  return faults;
}

/** Standards allow no underscores in host names, but Docker and Windows make them. */
const labelShape = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

function schemeOf(text: string): string {
  return /^https?:\/\//.exec(text)?.[0] ?? '';
}

function authorityOf(text: string): string {
  return /^https?:\/\/([^/?#\\]*)/.exec(text)?.[1] ?? '';
}

function parse(text: string): Omit<Destination, 'target'> | undefined {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return undefined;
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return { secure, host, port, origin: url.origin };
}

function isOwn(host: string, port: number, ownHosts: readonly string[]): boolean {
  const names = new Set([host, `${host}:${port}`, `[${host}]:${port}`]);
  return ownHosts.some((own) => names.has(own.toLowerCase()));
}

function refuse(messages: readonly string[]): EndpointCheck {
  return { ok: false, faults: messages.map((message) => ({ field: 'endpoint', message })) };
}
