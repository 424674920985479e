import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayActAs } from '../../access/role.ts';
import { Failure } from '../../runtime/failure.ts';
import { resumed } from '../../runtime/work.ts';
import { countRequest, countStranger, identify, refuseWhenDraining, requireJson } from './auth.ts';
import type { Caller } from './auth.ts';
import { bodyIn, bodyValue } from './body.ts';
import { sendData } from './envelope.ts';
import { normalize } from '../json/normalize.ts';
import { replyText } from '../json/reply-text.ts';
import { check, checkWithRules, lostFault, unknownFault } from '../json/validation.ts';
import { answeredOnce } from './idempotency.ts';
import { apiLimits, configLimits } from '../json/json-limits.ts';
import type { RateLimiter } from './rate-limit.ts';
import { ReadsInTurn } from './reads-in-turn.ts';
import { isOwn, type Call, type Route } from '../routes/route.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';
import type { SessionCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set when the key is valid. */
    caller: Caller | undefined;
  }
}

/** Adds one `POST` per route of the table: authenticate, check the role and the limits, then do the work. */
export function addRoutes(endpoints: Endpoints, limiter: RateLimiter | undefined): void {
  const reads = new ReadsInTurn(endpoints.options);
  for (const route of endpoints.options.routes) {
    endpoints.app.post(route.path, {
      ...(route.role === 'anyone' ? { bodyLimit: strangerBodyMaxBytes } : {}),
      onRequest: admit(endpoints, route, limiter),
      handler: operate(endpoints, route, reads),
    });
  }
}

/** Names the fields of a request that its endpoint does not know, with commas. */
const ignoredFieldsHeader = 'tocsin-ignored-fields';
const ignoredFieldsMax = 20;

/** Anything else than visible ASCII, and the comma, is written as in a URL. */
function headerText(names: readonly string[]): string {
  return names
    .slice(0, ignoredFieldsMax)
    .map((name) => encodeURI(name.slice(0, 100).toWellFormed()).replaceAll(',', '%2C'))
    .join(', ');
}

/** Somebody who is not known yet has little to say. */
const strangerBodyMaxBytes = 16_384;

function admit(endpoints: Endpoints, route: Route, limiter: RateLimiter | undefined) {
  const { options, strangers } = endpoints;
  const rate = { limiter, setting: 'TOCSIN_API_RATE' } as const;
  const now = () => options.clock.now();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (route.writes) refuseWhenDraining(endpoints.isDraining());
    if (route.role === 'anyone') {
      options.browsers.cookie.refuseForeignPage(request);
      countStranger(request, strangers);
      requireJson(request);
      return;
    }
    const caller = await identify(request, options.authenticate, strangers, options.browsers);
    // By member: one that asks too often slows down nobody else, whatever the number of its keys.
    countRequest(rate, String(caller.person.person_id), now, reply);
    if (!mayActAs(caller.role, route.role)) throw tooLow(route.role, caller);
    requireJson(request);
    request.caller = caller;
  };
}

function tooLow(needed: string, { role, session }: Caller): Failure {
  const whose = session === undefined ? "the key's member has" : 'you have';
  return new Failure('AccessDenied', `this needs the role ${needed}; ${whose} the role ${role}`);
}

function operate({ options }: Endpoints, route: Route, reads: ReadsInTurn) {
  // Bodies of admins decide who may do what and where pushes go: for these, a repeated key is a fault.
  // A number beyond 2^53 becomes text: a field that wants a number refuses it, and one that nobody reads does no harm.
  const isStrict = route.role === 'admin' || route.role === 'anyone';
  const limits = { ...(isStrict ? configLimits : apiLimits), largeNumbers: 'text' as const };
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = route.role === 'anyone' ? nobody : request.caller;
    if (caller === undefined) throw new Error(`${route.path} was reached without a caller`);
    const bytes = bodyIn(request).joined();
    const call = callOf(request, reply, caller, options.browsers.cookie);
    const input = await inputOf(request, reply, route, bodyValue(bytes, limits), call);
    const key = route.writes && caller !== nobody ? idempotencyKey(request) : undefined;
    const work = () => perform(options, route, input, call);
    const isRead = !route.writes && caller !== nobody;
    if (isRead) return sendData(reply, request.id, await reads.run(caller.person.person_id, work));
    if (key === undefined) return sendData(reply, request.id, await work());
    const answer = await answeredOnce(options, { key, path: route.path, caller, bytes }, work);
    if (answer.replayed) reply.header('idempotency-replayed', 'true');
    return sendData(reply, request.id, answer.dataJson);
  };
}

/**
 * What the body asks for. Our own endpoints refuse what they do not know; those of the contract take it, as its clients
 * need, and name it in a header.
 */
async function inputOf(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  body: unknown,
  call: Call,
): Promise<unknown> {
  if (bodyIn(request).length > 0) requireJson(request);
  const { value, unknown, lost } = normalize(route.request, body);
  const refused = isOwn(route.path) ? unknown : [];
  const ignored = isOwn(route.path) ? [] : unknown;
  if (ignored.length > 0) reply.header(ignoredFieldsHeader, headerText(ignored.map(({ path }) => path)));
  const { rules } = route;
  const others = [...refused.map(unknownFault), ...lost.map(lostFault)];
  if (rules === undefined) return check(route.request, value, others);
  return checkWithRules(route.request, value, (sound) => rules(sound, call), others);
}

/** Who calls where anyone may. */
const nobody: Caller = { person: { person_id: 0, person_name: '', email: '' }, role: 'viewer' };

function callOf(request: FastifyRequest, reply: FastifyReply, caller: Caller, cookie: SessionCookie): Call {
  return {
    requestId: request.id,
    person: caller.person,
    role: caller.role,
    session: caller.session,
    address: request.ip,
    agent: request.headers['user-agent'] ?? '',
    keepSession: (token) => {
      if (token === '') cookie.clear(request, reply);
      else cookie.write(request, reply, token);
    },
  };
}

/** The reply's data, as JSON text. */
async function perform(options: ServerOptions, route: Route, input: unknown, call: Call): Promise<string> {
  const data = await route.handle(input, call);
  resumed();
  if (options.checkReplies === true) {
    const checked = route.reply.safeParse(data);
    if (!checked.success) throw new Error(`the reply of ${route.path} breaks its schema: ${checked.error.message}`);
  }
  return replyText(data);
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
