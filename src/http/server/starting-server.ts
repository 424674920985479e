import type { RequestListener } from 'node:http';
import { Failure } from '../../runtime/failure.ts';
import { createFastifyApp, type FastifyAppOptions } from './fastify-app.ts';
import { addLiveness, sendReadiness } from './operating.ts';

/** Answers while the service starts: alive, not ready and why, and 503 with `Retry-After` for the rest. */
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

function notYet(): Failure {
  return new Failure('ServiceUnavailable', 'the service is starting; nothing was changed, try again', {
    retryAfterSeconds: startRetrySeconds,
  });
}
