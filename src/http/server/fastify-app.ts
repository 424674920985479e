import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemAnswer, requestIdHeader, sendProblem } from './envelope.ts';
import { named } from '../../runtime/work.ts';
import { readBody } from './body.ts';
import { BodyBudget } from './body-budget.ts';
import { HostGuard } from './host-guard.ts';
import { problemOf, type Problem } from './error-mapping.ts';
import { answerUnread, bodyMayBeLarge, leaveBodyUnread } from './unread-body.ts';
import type { ServerOptions } from './server-options.ts';

export type FastifyAppOptions = Pick<
  ServerOptions,
  'listen' | 'hosts' | 'publicUrl' | 'limits' | 'ids' | 'log' | 'checkReplies' | 'timers'
>;

/**
 * The rules for every request, whatever its path. Does not listen: requests are passed to its `routing`.
 * @param admit lets a request in, or throws the reason, before its body is read; one to an unknown path never.
 */
export function createFastifyApp(
  options: FastifyAppOptions,
  admit: (request: FastifyRequest, reply: FastifyReply) => void,
): FastifyInstance {
  const app = build(options);
  const published = options.publicUrl === '' ? [] : [new URL(options.publicUrl).hostname];
  const hosts = new HostGuard([options.listen.host, ...published, ...options.hosts]);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders);
    reply.header(requestIdHeader, request.id);
    hosts.check(request);
    admit(request, reply);
    named(routeOf(request), done);
  });
  // Again once the body is there, because it was read in other turns of the loop.
  app.addHook('preHandler', (request, _reply, done) => named(routeOf(request), done));
  // Never reached, because the hook above refuses first; keeps Fastify from answering in its own words.
  app.setNotFoundHandler((request, reply) => admit(request, reply));
  app.setErrorHandler((error, request, reply) => refuse(options, error, request, reply));
  return app;
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}

/** Nobody may frame or sniff the API, or learn its keys from a Referer. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

function build({ limits, ids }: FastifyAppOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: limits.bodyMaxBytes,
    logger: false,
    exposeHeadRoutes: true,
    // Many senders and clients put one behind every path.
    routerOptions: { ignoreTrailingSlash: true },
    // Our own check answers in the envelope, and lets reads finish.
    return503OnClosing: false,
    genReqId: () => ids.event(),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, request.id, problemOf(error));
    },
  });
  // Fastify's parsers would accept bodies that our limits refuse; each handler gets the bytes.
  app.removeAllContentTypeParsers();
  const budget = new BodyBudget(Math.max(limits.bodyMaxBytes, limits.ingestBodyMaxBytes));
  const held = new WeakMap<FastifyRequest, number>();
  // Each other type is read anew for each request, to find that it has no parser but this one.
  app.addContentTypeParser(['application/json', '*'], (request, payload, done) => {
    const owner = senderOf(request);
    const isSmall = !bodyMayBeLarge(request);
    const hasRoom = (bytes: number) => {
      if (isSmall) return true;
      const before = held.get(request) ?? 0;
      const isTaken = budget.take(owner, bytes);
      // The bytes of a refused body are dropped at once.
      if (!isTaken) budget.release(owner, before);
      held.set(request, isTaken ? before + bytes : 0);
      return isTaken;
    };
    readBody(request, payload, hasRoom, done);
  });
  // The memory is in use until the answer is out, or its client has gone.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (bodyMayBeLarge(request)) {
      reply.raw.once('close', () => budget.release(senderOf(request), held.get(request) ?? 0));
    }
    done();
  });
  return app;
}

/**
 * By the key of its integration, which was checked before its body is read, or else by its address: any other header could be
 * invented anew for each body, so that a stranger takes the room of all.
 */
function senderOf({ pushAddress, ip }: FastifyRequest): string {
  const key = pushAddress?.key ?? '';
  return key === '' ? ip : key;
}

function refuse(
  options: FastifyAppOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return sendRefusal(options, request, reply, problemFor(options, error, request, reply));
}

/**
 * The answer to a request beyond a rate is held for so long: a client that repeats at once would otherwise make the service
 * refuse thousands a second, at the cost of everybody else. It holds no more than its connections.
 */
export const tooManyHoldMs = 250;

/** @param own the body in a form of the sender's, in place of the envelope. */
export function sendRefusal(
  { timers }: Pick<FastifyAppOptions, 'timers'>,
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  own?: unknown,
): FastifyReply {
  const isUnread = (problem.status === 413 || problem.status === 503) && !request.raw.complete;
  if (problem.status === 429) {
    timers.after(tooManyHoldMs, () => void sendProblem(reply, request.id, problem, own));
    return reply;
  }
  return isUnread
    ? answerUnread(request, reply, problemAnswer(reply, request.id, problem, own), timers)
    : sendProblem(reply, request.id, problem, own);
}

/** Answers an error; an unexpected one goes to the log. */
export function problemFor(
  options: Pick<FastifyAppOptions, 'log' | 'checkReplies'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Problem {
  const problem = problemOf(error);
  leaveBodyUnread(request, reply);
  if (!problem.unexpected) return problem;
  options.log.error('http.failed', { request_id: request.id, route: routeOf(request), error });
  const message = options.checkReplies === true ? String(error) : problem.message;
  return { ...problem, message };
}
