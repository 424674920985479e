import type { FastifyRequest } from 'fastify';
import type { PushQuery } from '../../ingestion/push-receiver.ts';

/** One request of a monitoring system, as far as it says whose it is and what it is. */
export interface PushAddress {
  /** The format of the body. */
  readonly type: string;
  /** What stands behind the push path, without the key: the path that the sender's own API has; '' = none. */
  readonly path: string;
  /** '' = none that the address carries: some formats have it in the body. */
  readonly key: string;
}

/** Where deployment systems send changes. */
export const changesPath = '/event/push/change/standard';

/** Senders that let one set only the host post to these paths, and are known by them. */
export const rootPaths: Readonly<Record<string, string>> = {
  '/v2/enqueue': 'pagerduty',
  '/v2/change/enqueue': 'pagerduty',
  '/generic/2010-04-15/create_event.json': 'pagerduty',
  '/api/v2/alerts': 'prometheus',
  '/v2/alerts': 'opsgenie',
  '/v2/alerts/*': 'opsgenie',
  [changesPath]: 'standard',
};

export const pushPrefix = '/event/push/alert/';
export const commentPath = '/push/incident/comment-by-alert';
export const channelsPath = '/channel/list-by-integration';

/** No key is longer; longer texts must not fill the memory of the limiter. */
const keyMaxChars = 256;

const keyPattern = /^[A-Za-z0-9_-]{16,128}$/;

/**
 * Reads the address of a push. The key is in the query, in the `Authorization` header, or behind the type in the path.
 * `undefined` = a key that cannot be one.
 * @param knowsPath whether senders of a type post to this path.
 */
export function addressOf(
  request: FastifyRequest,
  knowsPath: (type: string, path: string) => boolean,
): PushAddress | undefined {
  const named = keyInQuery(request.query as PushQuery);
  if (named === undefined) return undefined;
  const { type, path } = placeOf(request);
  const [first = '', ...rest] = path.split('/');
  const behind = rest.join('/');
  const keyInPath = !knowsPath(type, path) && keyPattern.test(first) && knowsPath(type, behind) ? first : '';
  const key = named || keyInPath || keyInHeader(request);
  return { type, path: keyInPath === '' ? path : behind, key };
}

/** The integration's key; '' = none, `undefined` = a text that cannot be one, or several keys. */
export function keyInQuery(query: PushQuery): string | undefined {
  const named = query['integration_key'] ?? '';
  const [key = '', ...others] = typeof named === 'string' ? [named] : new Set(named);
  return others.length > 0 || key.length > keyMaxChars ? undefined : key;
}

/** Whether an integration's key admits the request. */
export function isAdmittedByIntegration(request: FastifyRequest): boolean {
  const path = request.routeOptions.url ?? '';
  return request.url.startsWith(pushPrefix) || typeOf(request) !== '' || path === commentPath || path === channelsPath;
}

/** Whether a request that no route has seen yet is for a path that takes pushes. */
export function isPushUrl(url: string): boolean {
  const path = withoutSlash(url.split('?', 1)[0] ?? '');
  return path.startsWith(pushPrefix) || rootPaths[path] !== undefined || path.startsWith('/v2/alerts/');
}

/** '' when the path names none. */
export function typeOf(request: FastifyRequest): string {
  const { type } = (request.params ?? {}) as { type?: string };
  return type ?? rootPaths[withoutSlash(request.routeOptions.url ?? '')] ?? '';
}

function placeOf(request: FastifyRequest): { type: string; path: string } {
  const params = request.params as { type?: string; '*'?: string };
  const type = typeOf(request);
  if (params.type !== undefined) return { type, path: withoutSlash(params['*'] ?? '') };
  const url = request.url.split('?', 1)[0] ?? '';
  return { type, path: decoded(withoutSlash(url.slice(1))) };
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `Bearer`, as Prometheus sends credentials, and what Opsgenie calls its own. */
function keyInHeader(request: FastifyRequest): string {
  const found = /^(?:bearer|geniekey) +([\x21-\x7e]{1,256}) *$/i.exec(request.headers.authorization ?? '');
  return found?.[1] ?? '';
}
