import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Role } from '../access/role.ts';
import type { Person } from '../events/event.ts';
import { Failure } from '../runtime/failure.ts';
import { contentTypeAdvice } from './problems.ts';
import type { RateLimiter } from './rate-limit.ts';

/** Who calls: the member that the key stands for. */
export interface Caller {
  readonly person: Person;
  readonly role: Role;
}

/** Says whose key it is; `undefined` for one that is unknown, disabled or revoked. */
export type Authenticate = (key: string) => Promise<Caller | undefined>;

/** Longer texts are not looked up: no key is that long. */
const keyMaxChars = 512;

/**
 * Finds the caller by `Authorization: Bearer KEY` or `?app_key=KEY` (contract 6.1), before anything of the body is read.
 * Failed tries are counted per address only to slow a guesser down: nobody is ever locked out, since behind a proxy one
 * address stands for many.
 * @throws Failure BadRequest when several keys are sent, Unauthorized when none is good.
 */
export async function identify(
  request: FastifyRequest,
  authenticate: Authenticate,
  failedTries: RateLimiter | undefined,
): Promise<Caller> {
  const key = keyOf(request);
  const caller = key === undefined || key.length > keyMaxChars ? undefined : await authenticate(key);
  if (caller !== undefined) return caller;
  if (failedTries !== undefined) {
    const { allowed, retryAfterSeconds } = failedTries.take(request.ip);
    if (!allowed)
      throw new Failure('RequestTooFrequently', 'too many tries without a good app_key', { retryAfterSeconds });
  }
  throw new Failure('Unauthorized', unauthorizedMessage);
}

const unauthorizedMessage = 'no good app_key; send one as Authorization: Bearer KEY, or as the query parameter app_key';

function keyOf(request: FastifyRequest): string | undefined {
  const { app_key: inQuery } = request.query as { app_key?: string | string[] };
  const { authorization } = request.headers;
  // Node keeps only the first of two Authorization headers, so that they must be counted where nothing was dropped yet.
  const several = Array.isArray(inQuery) || (authorization !== undefined && countHeader(request, 'authorization') > 1);
  if (several || (inQuery !== undefined && authorization !== undefined)) {
    throw new Failure('BadRequest', 'several keys were sent: send one, in the Authorization header or as app_key');
  }
  if (authorization === undefined) return inQuery;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
}

/** How often a header came, by its lower-case name. */
export function countHeader(request: FastifyRequest, name: string): number {
  const headers = request.raw.rawHeaders;
  let count = 0;
  for (let index = 0; index < headers.length; index += 2) {
    const header = headers[index];
    if (header !== undefined && header.length === name.length && header.toLowerCase() === name) count += 1;
  }
  return count;
}

/** @throws Failure unless the body is announced as plain JSON: `application/json` or `…+json`, in UTF-8, not compressed. */
export function requireJson(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Failure('InvalidContentType', 'a Content-Encoding is not supported: send the body uncompressed');
  }
  const type = request.headers['content-type'];
  if (type === 'application/json') return;
  if (type === undefined || !isJsonType(type)) throw new Failure('InvalidContentType', contentTypeAdvice);
}

function isJsonType(text: string): boolean {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  if (!/^application\/(?:[\w.!#$&^-]+\+)?json$/.test(type)) return false;
  return parameters.every((parameter) => !parameter.startsWith('charset') || /^charset="?utf-8"?$/.test(parameter));
}

/** Counts the request, tells the client where it stands, and throws when it came too early. */
export function countRequest(
  limiter: RateLimiter | undefined,
  key: string,
  clockNow: () => number,
  reply: FastifyReply,
): void {
  if (limiter === undefined) return;
  const allowance = limiter.take(key);
  reply.header('x-ratelimit-limit', String(allowance.limit));
  reply.header('x-ratelimit-remaining', String(allowance.remaining));
  reply.header('x-ratelimit-reset', String(Math.ceil(clockNow() / 1000 + allowance.resetSeconds)));
  if (allowance.allowed) return;
  const { retryAfterSeconds } = allowance;
  throw new Failure('RequestTooFrequently', 'too many requests; wait as long as Retry-After says', {
    retryAfterSeconds,
  });
}

/** Seconds after which another node, or this one after its restart, will take the request. */
const drainRetrySeconds = 5;

/** A closing server finishes what it took, and takes nothing more that changes something. */
export function refuseWhenDraining(draining: boolean): void {
  if (!draining) return;
  throw new Failure('ServiceUnavailable', 'this server is closing; try again', {
    retryAfterSeconds: drainRetrySeconds,
  });
}
