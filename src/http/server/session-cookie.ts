import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../../runtime/failure.ts';
import { ageMaxMs } from '../../access/session.ts';

/** The prefix makes a browser refuse the cookie unless it came by https, for this host alone, and for all paths. */
const secureName = '__Host-tocsin';
/** Where there is no https, as on the machine itself. */
const plainName = 'tocsin';
/** 32 bytes in base64url; anything else is no token of ours. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/;

/**
 * The cookie that holds a browser's session, and the rules for requests that it admits. A browser adds the cookie to
 * requests of other sites' pages too, so those are refused by what the browser itself says of where they come from.
 */
export class SessionCookie {
  readonly #publicUrl: URL | undefined;

  /** @param publicUrl '' = not set. */
  constructor(publicUrl: string) {
    this.#publicUrl = publicUrl === '' ? undefined : new URL(publicUrl);
  }

  /** The token; `undefined` when the request has no such cookie, or several, of which one may be planted. */
  read(request: FastifyRequest): string | undefined {
    const cookies = pairsOf(request.headers.cookie ?? '');
    const secure = only(cookies, secureName);
    // A page of http may plant the plain name for a host that is spoken to by https.
    return secure ?? (this.#isSecure(request) ? undefined : only(cookies, plainName));
  }

  write(request: FastifyRequest, reply: FastifyReply, token: string): void {
    this.#set(request, reply, token, Math.floor(ageMaxMs / 1000));
  }

  clear(request: FastifyRequest, reply: FastifyReply): void {
    this.#set(request, reply, '', 0);
  }

  /** For what the cookie admits. @throws Failure unless the browser says that a page of this server sent the request. */
  requireOwnPage(request: FastifyRequest): void {
    const { 'sec-fetch-site': site, origin } = request.headers;
    if (site === undefined ? this.#isOwn(request, origin) : site === 'same-origin') return;
    throw foreign();
  }

  /** For what needs no cookie, or cannot carry these headers. @throws Failure when either of them names another site. */
  refuseForeignPage(request: FastifyRequest): void {
    const { 'sec-fetch-site': site, origin } = request.headers;
    if (site !== undefined && site !== 'same-origin') throw foreign();
    if (site === undefined && origin !== undefined && !this.#isOwn(request, origin)) throw foreign();
  }

  /** Where pages of this server come from: the address that was spoken to, and the published one. */
  #isOwn(request: FastifyRequest, origin: string | undefined): boolean {
    if (origin === undefined) return false;
    return origin === `http://${request.headers.host ?? ''}` || origin === this.#publicUrl?.origin;
  }

  /** This process speaks http only; by https it is reached through a proxy, under the published address. */
  #isSecure({ headers }: FastifyRequest): boolean {
    if (this.#publicUrl?.protocol !== 'https:') return false;
    return headers.host?.toLowerCase() === this.#publicUrl.host || headers.origin === this.#publicUrl.origin;
  }

  #set(request: FastifyRequest, reply: FastifyReply, token: string, maxAgeSeconds: number): void {
    const secure = this.#isSecure(request);
    const parts = [
      `${secure ? secureName : plainName}=${token}`,
      'Path=/',
      'HttpOnly',
      'SameSite=Lax',
      `Max-Age=${maxAgeSeconds}`,
    ];
    reply.header('set-cookie', [...parts, ...(secure ? ['Secure'] : [])].join('; '));
  }
}

function foreign(): Failure {
  return new Failure(
    'AccessDenied',
    'a signed-in browser is obeyed for pages of this server only; where a proxy gives it another address, name that in TOCSIN_PUBLIC_URL',
  );
}

function pairsOf(header: string): [name: string, value: string][] {
  return header.split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()];
  });
}

function only(cookies: readonly (readonly [string, string])[], wanted: string): string | undefined {
  const values = cookies.filter(([name]) => name === wanted).map(([, value]) => value);
  return values.length === 1 && values[0] !== undefined && tokenForm.test(values[0]) ? values[0] : undefined;
}
