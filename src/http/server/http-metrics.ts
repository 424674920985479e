import type { FastifyInstance } from 'fastify';
import { livePath } from '../live/live-endpoint.ts';
import type { Metrics } from '../../runtime/metrics.ts';

export interface HttpMetrics {
  /** @param route the pattern that the request matched, never its path: paths hold what users wrote. */
  answered(route: string, status: number, seconds: number): void;
}

const durationSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createHttpMetrics(metrics: Metrics): HttpMetrics {
  const requests = metrics.counterOf(
    'tocsin_http_requests_total',
    'Requests that were answered, by route and status.',
    ['route', 'status'],
  );
  const duration = metrics.histogram(
    'tocsin_http_request_duration_seconds',
    'From the headers of a request to the end of its answer.',
    durationSeconds,
  );
  return {
    answered(route, status, seconds) {
      requests.add({ route, status: `${Math.floor(status / 100)}xx` });
      duration.observe(seconds);
    },
  };
}

/** The route of requests that match none. */
const noRoute = 'none';
/** They last until the client goes, which says nothing about the service. */
const streams: ReadonlySet<string> = new Set([livePath]);

export function countRequests(app: FastifyInstance, metrics: HttpMetrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? noRoute : (request.routeOptions.url ?? noRoute);
    if (!streams.has(route)) metrics.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
