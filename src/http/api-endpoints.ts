import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayActAs } from '../access/role.ts';
import { Failure } from '../runtime/failure.ts';
import { countRequest, identify, refuseWhenDraining, requireJson } from './admission.ts';
import type { Caller } from './admission.ts';
import { bodyBytes, bodyValue } from './body.ts';
import { sendData } from './envelope.ts';
import { check } from './faults.ts';
import { answeredOnce } from './idempotency.ts';
import { apiLimits, configLimits } from './json-border.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Call, Route } from './route.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set when the key was good. */
    caller: Caller | undefined;
  }
}

/** One `POST` per route of the table: who, whether, what, and then the work. */
export function addRoutes(endpoints: Endpoints, limiter: RateLimiter | undefined): void {
  for (const route of endpoints.options.routes) {
    endpoints.app.post(route.path, {
      onRequest: admit(endpoints, route, limiter),
      handler: operate(endpoints, route),
    });
  }
}

function admit(endpoints: Endpoints, route: Route, limiter: RateLimiter | undefined) {
  const { options, failedTries } = endpoints;
  const now = () => options.clock.now();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (route.writes) refuseWhenDraining(endpoints.isDraining());
    const caller = await identify(request, options.authenticate, failedTries);
    countRequest(limiter, 'account', now, reply);
    if (!mayActAs(caller.role, route.role)) {
      throw new Failure(
        'AccessDenied',
        `this needs the role ${route.role}; the key's member has the role ${caller.role}`,
      );
    }
    requireJson(request);
    request.caller = caller;
  };
}

function operate({ options }: Endpoints, route: Route) {
  // What an admin sends decides who may do what and where pushes go: there, a key that comes twice is no slip to forgive.
  const limits = route.role === 'admin' ? configLimits : apiLimits;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { caller } = request;
    if (caller === undefined) throw new Error(`${route.path} was reached without a caller`);
    const bytes = bodyBytes(request);
    const input = check(route.request, bodyValue(bytes, limits));
    const call: Call = { requestId: request.id, person: caller.person, role: caller.role, address: request.ip };
    const key = route.writes ? idempotencyKey(request) : undefined;
    if (key === undefined) return sendData(reply, request.id, await perform(options, route, input, call));
    const answer = await answeredOnce(options, { key, path: route.path, caller, bytes }, () =>
      perform(options, route, input, call),
    );
    if (answer.replayed) reply.header('idempotency-replayed', 'true');
    return sendData(reply, request.id, answer.dataJson);
  };
}

/** The reply's data, as JSON text. */
async function perform(options: ServerOptions, route: Route, input: unknown, call: Call): Promise<string> {
  const data = await route.handle(input, call);
  if (options.checkReplies === true) {
    const checked = route.reply.safeParse(data);
    if (!checked.success) throw new Error(`the reply of ${route.path} breaks its schema: ${checked.error.message}`);
  }
  return JSON.stringify(data);
}

/** At most 255 visible ASCII characters. */
function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Failure('InvalidParameter', 'Idempotency-Key must have 1 to 255 visible ASCII characters', {
    faults: [{ field: 'Idempotency-Key', message: 'must have 1 to 255 visible ASCII characters' }],
  });
}
