import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../runtime/failure.ts';
import { addRoutes } from './api-endpoints.ts';
import type { Door } from './door.ts';
import { createFrame } from './frame.ts';
import { addIngestion, channelsPath, commentPath, pushPath } from './ingestion-endpoints.ts';
import { addOperating } from './operating.ts';
import { rateLimiter } from './rate-limit.ts';
import { watchReplies } from './reply-watch.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';

export interface Server {
  /** Resolves when it answers what comes through the door. */
  start(): Promise<void>;
  /** Turns readiness red and refuses new writes, while the rest goes on: the first half of `close`. */
  drain(): void;
  /** Closes the door too, which waits for the requests that run, as long as the limits allow. */
  close(): Promise<void>;
}

/** Nothing is shared between two servers, and nothing runs before `start`. */
export function createServer(options: ServerOptions, door: Door): Server {
  const state = { draining: false };
  const methods = methodsByPath(options);
  const app = createFrame(options, (request, reply) => {
    if (state.draining) reply.header('connection', 'close');
    if (request.is404) throw nowhere(request, reply, methods);
  });
  app.decorateRequest('caller');
  const endpoints: Endpoints = {
    app,
    options,
    failedTries: rateLimiter(failedTriesPerSecond, options.clock),
    isDraining: () => state.draining,
  };
  if (options.checkReplies === true) watchReplies(endpoints);
  addIngestion(endpoints);
  addRoutes(endpoints, rateLimiter(options.limits.apiPerSecond, options.clock));
  addOperating(endpoints);
  for (const mount of options.mount ?? []) mount(app);
  return {
    start: async () => {
      await app.ready();
      door.handTo(app.routing);
    },
    drain: () => {
      state.draining = true;
    },
    close: async () => {
      state.draining = true;
      await Promise.all([door.close(), app.close()]);
    },
  };
}

/** Requests without a good key that one address may make; nobody who has one is slowed down. */
const failedTriesPerSecond = 20;

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
