import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../../runtime/failure.ts';
import { addRoutes } from './api-endpoints.ts';
import type { Listener } from './listener.ts';
import { createFastifyApp } from './fastify-app.ts';
import { addConsole } from '../console/console-endpoints.ts';
import { addIngestion } from './ingestion-endpoints.ts';
import { channelsPath, commentPath, pushPrefix, rootPaths } from './push-request.ts';
import { countRequests } from './http-metrics.ts';
import { addLive, livePath } from '../live/live-endpoint.ts';
import { addOperating } from './operating.ts';
import { rateLimiter } from './rate-limit.ts';
import { watchReplies } from './reply-watch.ts';
import type { Endpoints, ServerOptions } from './server-options.ts';

export interface Server {
  /** Resolves when it answers the listener's requests. */
  start(): Promise<void>;
  /** Turns readiness red and refuses new writes: the first half of `close`. */
  drain(): void;
  /** Closes the listener too, which waits for running requests within the limits. */
  close(): Promise<void>;
}

/** Two servers share nothing, and nothing runs before `start`. */
export function createServer(options: ServerOptions, door: Listener): Server {
  const state = { draining: false };
  const methods = methodsByPath(options);
  const app = createFastifyApp(options, (request, reply) => {
    if (state.draining) reply.header('connection', 'close');
    if (request.is404) throw nowhere(request, reply, methods);
  });
  app.decorateRequest('caller');
  if (options.requests !== undefined) countRequests(app, options.requests);
  const endpoints: Endpoints = {
    app,
    options,
    strangers: rateLimiter(options.limits.strangersPerSecond, options.clock),
    isDraining: () => state.draining,
  };
  if (options.checkReplies === true) watchReplies(endpoints);
  addIngestion(endpoints);
  addRoutes(endpoints, rateLimiter(options.limits.apiPerSecond, options.clock));
  addOperating(endpoints);
  const live = addLive(endpoints);
  addConsole(endpoints, (request, reply) => nowhere(request, reply, methods));
  return {
    start: async () => {
      await app.ready();
      door.handTo(app.routing);
    },
    drain: () => {
      state.draining = true;
      live.close();
    },
    close: async () => {
      state.draining = true;
      live.close();
      await Promise.all([door.close(), app.close()]);
    },
  };
}

function methodsByPath({ routes }: ServerOptions): ReadonlyMap<string, string> {
  const reads = ['/', '/healthz', '/readyz', '/metrics', '/openapi.json', '/reference'];
  return new Map([
    ...routes.map((route): [string, string] => [route.path, 'POST']),
    [commentPath, 'POST'],
    [channelsPath, 'POST'],
    ...Object.keys(rootPaths).map((path): [string, string] => [path, 'POST']),
    ...reads.map((path): [string, string] => [path, 'GET, HEAD']),
    [livePath, 'GET'],
  ]);
}

function nowhere(request: FastifyRequest, reply: FastifyReply, methods: ReadonlyMap<string, string>): Failure {
  const path = (request.url.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '');
  const isPush = path.startsWith(pushPrefix) && /^[^/]+$/.test(path.slice(pushPrefix.length));
  const allowed = isPush ? 'POST' : methods.get(path);
  if (allowed === undefined) {
    return new Failure('RouteNotFound', 'there is nothing at this path; /openapi.json names every operation');
  }
  reply.header('allow', allowed);
  return new Failure('MethodNotAllowed', `this path takes ${allowed} only`);
}
