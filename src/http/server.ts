import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { Failure } from '../runtime/failure.ts';
import { refuseClient } from './client-error.ts';
import { addRoutes } from './api-endpoints.ts';
import { requestIdHeader, sendProblem } from './envelope.ts';
import { HostGuard } from './host-guard.ts';
import { addIngestion, channelsPath, commentPath, pushPath } from './ingestion-endpoints.ts';
import { addOperating } from './operating.ts';
import { problemOf } from './problems.ts';
import { rateLimiter } from './rate-limit.ts';
import { watchReplies } from './reply-watch.ts';
import { leaveBodyUnread } from './refusal.ts';
import type { Endpoints, Listen, ServerOptions } from './server-options.ts';

export interface Server {
  /** Resolves when requests are taken; says where. */
  start(): Promise<Listen>;
  /** Turns readiness red and refuses new writes, while the rest goes on: the first half of `close`. */
  drain(): void;
  /** Stops taking connections and waits for the requests that run, as long as the limits allow; then cuts them. */
  close(): Promise<void>;
}

/** Nothing is shared between two servers, and nothing runs before `start`. */
export function createServer(options: ServerOptions): Server {
  const app = build(options);
  const state = { draining: false };
  const endpoints: Endpoints = {
    app,
    options,
    failedTries: rateLimiter(failedTriesPerSecond, options.clock),
    isDraining: () => state.draining,
  };
  guard(endpoints);
  if (options.checkReplies === true) watchReplies(endpoints);
  addIngestion(endpoints);
  addRoutes(endpoints, rateLimiter(options.limits.apiPerSecond, options.clock));
  addOperating(endpoints);
  for (const mount of options.mount ?? []) mount(app);
  return {
    start: () => start(app, options),
    drain: () => {
      state.draining = true;
    },
    close: async () => {
      state.draining = true;
      await close(app, options);
    },
  };
}

/** Requests without a good key that one address may make; nobody who has one is slowed down. */
const failedTriesPerSecond = 20;

/** Node looks for late clients this often; its own default of 30 s would make the timeouts three times as long. */
const lateClientCheckMs = 1000;

const keepAliveMs = 72_000;

function build(options: ServerOptions): FastifyInstance {
  const { limits, ids } = options;
  const app = Fastify({
    http: {
      maxHeaderSize: limits.headersMaxBytes,
      headersTimeout: limits.headerTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(lateClientCheckMs, limits.headerTimeoutMs),
      requireHostHeader: true,
    },
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    bodyLimit: limits.bodyMaxBytes,
    logger: false,
    exposeHeadRoutes: true,
    // Our own check answers in the envelope, and lets what only reads finish.
    return503OnClosing: false,
    genReqId: () => ids.event(),
    clientErrorHandler: (error, socket: Socket) => refuseClient(error, socket, ids),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, request.id, problemOf(error));
    },
  });
  app.server.maxConnections = limits.connectionsMax;
  app.decorateRequest('caller');
  // Fastify's own parsers would accept what the border refuses; each handler gets the bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}

/** What holds for every request, known path or not. */
function guard({ app, options, isDraining }: Endpoints): void {
  const published = options.publicUrl === '' ? [] : [new URL(options.publicUrl).hostname];
  const hosts = new HostGuard([options.listen.host, ...published, ...options.hosts]);
  const methods = methodsByPath(options);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders);
    reply.header(requestIdHeader, request.id);
    if (isDraining()) reply.header('connection', 'close');
    hosts.check(request);
    if (request.is404) throw nowhere(request, reply, methods);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    leaveBodyUnread(request, reply);
    if (!problem.unexpected) return sendProblem(reply, request.id, problem);
    const route = request.routeOptions.url ?? 'unknown';
    options.log.error('http.failed', { request_id: request.id, route, error });
    const message = options.checkReplies === true ? String(error) : problem.message;
    return sendProblem(reply, request.id, { ...problem, message });
  });
  // Never reached, since the hook above refuses first; it keeps Fastify from answering in its own words.
  app.setNotFoundHandler((request, reply) => {
    throw nowhere(request, reply, methods);
  });
}

/** An API that nobody should frame, sniff, or learn the keys of by a Referer. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

function methodsByPath({ routes }: ServerOptions): ReadonlyMap<string, string> {
  const reads = ['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/reference'];
  return new Map([
    ...routes.map((route): [string, string] => [route.path, 'POST']),
    [commentPath, 'POST'],
    [channelsPath, 'POST'],
    ...reads.map((path): [string, string] => [path, 'GET, HEAD']),
  ]);
}

const pushPrefix = pushPath.slice(0, pushPath.indexOf(':'));

function nowhere(request: FastifyRequest, reply: FastifyReply, methods: ReadonlyMap<string, string>): Failure {
  const path = request.url.split('?', 1)[0] ?? '';
  const isPush = path.startsWith(pushPrefix) && /^[^/]+$/.test(path.slice(pushPrefix.length));
  const allowed = isPush ? 'POST' : methods.get(path);
  if (allowed === undefined) {
    return new Failure('RouteNotFound', 'there is nothing at this path; /openapi.json names every operation');
  }
  reply.header('allow', allowed);
  return new Failure('MethodNotAllowed', `this path takes ${allowed} only`);
}

async function start(app: FastifyInstance, { listen }: ServerOptions): Promise<Listen> {
  await app.listen({ host: listen.host, port: listen.port });
  const address = app.server.address();
  return address === null || typeof address === 'string' ? listen : { host: address.address, port: address.port };
}

async function close(app: FastifyInstance, { limits, timers }: ServerOptions): Promise<void> {
  const cancel = timers.after(limits.drainMs, () => app.server.closeAllConnections());
  try {
    await app.close();
  } finally {
    cancel();
  }
}
