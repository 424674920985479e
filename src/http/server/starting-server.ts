import type { RequestListener } from 'node:http';
import { Failure } from '../../runtime/failure.ts';
import { wantsPage } from '../console/console-endpoints.ts';
import { pagePolicy } from '../console/page-policy.ts';
import { createFastifyApp, type FastifyAppOptions } from './fastify-app.ts';
import { addLiveness, sendReadiness } from './health.ts';

/**
 * Answers while the service starts: alive, not ready and why, and 503 with `Retry-After` for the rest; to a browser as a
 * page that loads again.
 */
export interface StartingServer {
  readonly answer: RequestListener;
  /** Sets the reason that readiness shows. */
  waitsFor(what: string | undefined): void;
}

export async function createStartingServer(options: FastifyAppOptions): Promise<StartingServer> {
  const starting = 'the service is starting';
  let reason = starting;
  const app = createFastifyApp(options, (request) => {
    if (request.is404) throw notYet();
  });
  addLiveness(app);
  app.get('/readyz', (_request, reply) => sendReadiness(reply, [reason]));
  app.get('/*', (request, reply) => {
    if (!wantsPage(request)) throw notYet();
    reply.headers(pagePolicy).header('retry-after', startRetrySeconds);
    return reply.code(503).header('content-type', 'text/html; charset=utf-8').send(page);
  });
  await app.ready();
  return {
    answer: app.routing,
    waitsFor: (what) => {
      reason = what === undefined ? starting : `${starting} and waits for ${what}`;
    },
  };
}

/** Seconds after which a caller may try again. */
const startRetrySeconds = 5;

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Tocsin</title></head>
<body><h1>The service is starting</h1>
<p>This page loads again in a moment.</p><p lang="zh-CN">服务正在启动，页面会自动重新加载。</p></body></html>
`;

function notYet(): Failure {
  return new Failure('ServiceUnavailable', 'the service is starting; nothing was changed, try again', {
    retryAfterSeconds: startRetrySeconds,
  });
}
