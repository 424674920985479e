import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Role } from '../../access/role.ts';
import type { Session } from '../../access/session.ts';
import type { Person } from '../../events/event.ts';
import { Failure } from '../../runtime/failure.ts';
import { contentTypeAdvice } from './error-mapping.ts';
import { addressKey, type RateLimiter } from './rate-limit.ts';
import type { SessionCookie } from './session-cookie.ts';

/** The member that the key or the session belongs to. */
export interface Caller {
  readonly person: Person;
  readonly role: Role;
  /** Set when a browser's session admitted the request. */
  readonly session?: Session;
}

/** Finds the owner of a key; `undefined` for an unknown, disabled or revoked one. */
export type Authenticate = (key: string) => Promise<Caller | undefined>;

/** Admits requests without a key: by a browser's session. */
export interface Browsers {
  readonly cookie: Pick<SessionCookie, 'read' | 'requireOwnPage'>;
  /** Finds the owner of a session; `undefined` for a token that is unknown or has ended. */
  authenticate(token: string): Promise<Caller | undefined>;
}

/** Longer texts are not looked up: no key has this length. */
const keyMaxChars = 512;

/**
 * Finds the caller by `Authorization: Bearer KEY` or `?app_key=KEY` (contract 6.1), and without either by the cookie of a
 * signed-in browser, before the body is read. Failed tries are counted per address only to slow down guessing: nobody is
 * locked out, because behind a proxy one address stands for many.
 * @param browsers left out where only a key counts.
 * @throws Failure BadRequest when several keys are sent, AccessDenied when another site's page used the cookie,
 *   Unauthorized when none is valid.
 */
export async function identify(
  request: FastifyRequest,
  authenticate: Authenticate,
  strangers: RateLimiter | undefined,
  browsers?: Browsers,
): Promise<Caller> {
  const key = keyOf(request);
  const token = browsers === undefined || hasKey(request) ? undefined : browsers.cookie.read(request);
  if (token !== undefined) browsers?.cookie.requireOwnPage(request);
  const caller = token === undefined ? await holderOf(key, authenticate) : await browsers?.authenticate(token);
  if (caller !== undefined) return caller;
  countStranger(request, strangers);
  throw new Failure('Unauthorized', token === undefined ? unauthorizedMessage : endedMessage);
}

const unauthorizedMessage = 'no good app_key; send one as Authorization: Bearer KEY, or as the query parameter app_key';
const endedMessage = 'this session has ended: sign in again';

/** For a request without a good key, or that needs none. @throws Failure when its address sends too many of these. */
export function countStranger(request: FastifyRequest, strangers: RateLimiter | undefined): void {
  if (strangers === undefined) return;
  const { allowed, retryAfterSeconds } = strangers.take(addressKey(request.ip));
  if (allowed) return;
  const message =
    'too many requests without a good key from this address: TOCSIN_STRANGER_RATE says how many it may send';
  throw new Failure('RequestTooFrequently', message, { retryAfterSeconds });
}

async function holderOf(key: string | undefined, authenticate: Authenticate): Promise<Caller | undefined> {
  return key === undefined || key.length > keyMaxChars ? undefined : authenticate(key);
}

/** A key that is sent counts, good or not, and a cookie beside it does not. */
export function hasKey(request: FastifyRequest): boolean {
  return keysOf(request).length > 0;
}

/** The key, which may stand in several places. '' = there is one, in a form that is none. */
function keyOf(request: FastifyRequest): string | undefined {
  const keys = keysOf(request);
  if (keys.length > 1) {
    throw new Failure('BadRequest', 'several keys were sent: send one, in the Authorization header or as app_key');
  }
  return keys[0];
}

/** Each key once. An empty header, or `Bearer` alone, is what clients send that have no key to put there. */
function keysOf(request: FastifyRequest): string[] {
  const { app_key: inQuery = [] } = request.query as { app_key?: string | string[] };
  // Node keeps only the first of two Authorization headers, so they are read from the raw headers.
  const inHeaders = headerValues(request, 'authorization').filter((value) => !/^(?:bearer)? *$/i.test(value));
  const bearers = inHeaders.map((value) => /^bearer +([\x21-\x7e]+) *$/i.exec(value)?.[1] ?? '');
  return [...new Set([...bearers, ...[inQuery].flat().filter((key) => key !== '')])];
}

function headerValues(request: FastifyRequest, name: string): string[] {
  const headers = request.raw.rawHeaders;
  return headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}

/** How often a header was sent, by its lower-case name. */
export function countHeader(request: FastifyRequest, name: string): number {
  const headers = request.raw.rawHeaders;
  let count = 0;
  for (let index = 0; index < headers.length; index += 2) {
    const header = headers[index];
    if (header !== undefined && header.length === name.length && header.toLowerCase() === name) count += 1;
  }
  return count;
}

/** @throws Failure for a compressed body. */
export function requireUncompressed(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  throw new Failure('InvalidContentType', 'a Content-Encoding is not supported: send the body uncompressed');
}

/** @throws Failure unless the body is announced as plain JSON: `application/json` or `…+json`, in UTF-8, not compressed. */
export function requireJson(request: FastifyRequest): void {
  requireUncompressed(request);
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  // Without a body there is nothing to announce; one in pieces may be empty, and is looked at again when it is there.
  if (length === '0' || (length === undefined && coding === undefined)) return;
  if (coding !== undefined && request.headers['content-type'] === undefined && request.body === undefined) return;
  const type = request.headers['content-type'];
  if (type === 'application/json') return;
  if (type === undefined || !isJsonType(type)) throw new Failure('InvalidContentType', contentTypeAdvice);
  // The framework refuses what it takes for no content type.
  request.headers['content-type'] = 'application/json';
}

/** The same type named twice, as some proxies send it, is one; the bytes are checked to be UTF-8 anyway. */
function isJsonType(text: string): boolean {
  return text.split(',').every((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    const isJson = type === 'text/json' || /^application\/(?:[\w.!#$&^-]+\+)?json$/.test(type);
    return isJson && parameters.every((parameter) => !parameter.startsWith('charset') || charsetForm.test(parameter));
  });
}

/** Names of UTF-8, and of the part of it that is ASCII. */
const charsetForm = /^charset="?(?:utf-?8|us-ascii|ascii)"?$/;

/** A limiter, and the setting that says how much it lets through; undefined = no limit. */
export interface Rate {
  readonly limiter: RateLimiter | undefined;
  readonly setting: `TOCSIN_${string}`;
}

/** Counts the request, sends the client its rate-limit headers, and throws when it came too early. */
export function countRequest(
  { limiter, setting }: Rate,
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
  const message = `too many requests; wait as long as Retry-After says. ${setting} says how many are taken`;
  throw new Failure('RequestTooFrequently', message, { retryAfterSeconds });
}

/** Seconds after which another node, or this one after its restart, accepts the request. */
const drainRetrySeconds = 5;

/** A closing server finishes its requests and accepts no further writes. */
export function refuseWhenDraining(draining: boolean): void {
  if (!draining) return;
  throw new Failure('ServiceUnavailable', 'this server is closing; try again', {
    retryAfterSeconds: drainRetrySeconds,
  });
}
