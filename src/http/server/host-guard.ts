import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Failure } from '../../runtime/failure.ts';
import { countHeader, hasKey } from './auth.ts';
import { isAdmittedByIntegration } from './push-request.ts';

/**
 * Refuses requests for a name that is not ours: a web page can point its own domain at a local address and then speak
 * to us as if we were its site (DNS rebinding). It needs a name for that, so an address as `Host` is always accepted,
 * and `localhost` too.
 */
export class HostGuard {
  readonly #names: ReadonlySet<string>;

  /** `hosts` are names without a port. */
  constructor(hosts: readonly string[]) {
    this.#names = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())]);
  }

  /** @throws Failure unless the request has exactly one `Host`, and it is ours. */
  check(request: FastifyRequest): void {
    if (countHeader(request, 'host') !== 1) throw new Failure('BadRequest', 'send exactly one Host header');
    const name = hostName(request.headers.host ?? '');
    if (this.#names.has(name) || isAddress(name) || isAuthorizedByKey(request)) return;
    throw new Failure(
      'AccessDenied',
      'the Host of the request is not one of this server; if it should be, name it in TOCSIN_TRUSTED_HOSTS or TOCSIN_PUBLIC_URL',
    );
  }
}

/** A page that points its domain at us has no key. Pushes have one, wherever their senders put it. */
function isAuthorizedByKey(request: FastifyRequest): boolean {
  return isAdmittedByIntegration(request) || hasKey(request);
}

/** The name in a Host header, without its port. */
function hostName(host: string): string {
  const [, name = ''] = /^(\[[0-9a-f:.]*\]|[^:[\]]*)(?::\d{1,5})?$/i.exec(host) ?? [];
  return name.toLowerCase();
}

function isAddress(name: string): boolean {
  return isIP(name.startsWith('[') ? name.slice(1, -1) : name) !== 0;
}
