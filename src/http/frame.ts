import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestIdHeader, sendProblem } from './envelope.ts';
import { HostGuard } from './host-guard.ts';
import { problemOf } from './problems.ts';
import { leaveBodyUnread } from './refusal.ts';
import type { ServerOptions } from './server-options.ts';

export type FrameOptions = Pick<
  ServerOptions,
  'listen' | 'hosts' | 'publicUrl' | 'limits' | 'ids' | 'log' | 'checkReplies'
>;

/**
 * What holds for every request, known path or not, whoever answers it. It does not listen: requests are handed to its
 * `routing`.
 * @param admit lets a request in, or throws why not, before anything of its body is read; one to an unknown path never.
 */
export function createFrame(
  options: FrameOptions,
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
    done();
  });
  // Never reached, since the hook above refuses first; it keeps Fastify from answering in its own words.
  app.setNotFoundHandler((request, reply) => admit(request, reply));
  app.setErrorHandler((error, request, reply) => refuse(options, error, request, reply));
  return app;
}

/** An API that nobody should frame, sniff, or learn the keys of by a Referer. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

function build({ limits, ids }: FrameOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: limits.bodyMaxBytes,
    logger: false,
    exposeHeadRoutes: true,
    // Our own check answers in the envelope, and lets what only reads finish.
    return503OnClosing: false,
    genReqId: () => ids.event(),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, request.id, problemOf(error));
    },
  });
  // Fastify's own parsers would accept what the border refuses; each handler gets the bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}

function refuse(options: FrameOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  leaveBodyUnread(request, reply);
  if (!problem.unexpected) return sendProblem(reply, request.id, problem);
  const route = request.routeOptions.url ?? 'unknown';
  options.log.error('http.failed', { request_id: request.id, route, error });
  const message = options.checkReplies === true ? String(error) : problem.message;
  return sendProblem(reply, request.id, { ...problem, message });
}
