import type { RequestListener } from 'node:http';
import { Failure } from '../runtime/failure.ts';
import { createFrame, type FrameOptions } from './frame.ts';
import { addLiveness, sendReadiness } from './operating.ts';

/** Answers while the service starts: that it lives, that it is not ready and why, and to all else to come again. */
export interface Starting {
  readonly answer: RequestListener;
  /** What readiness says from now on: that the service is starting, and what it waits for. */
  waitsFor(what: string | undefined): void;
}

export async function createStarting(options: FrameOptions): Promise<Starting> {
  const starting = 'the service is starting';
  let reason = starting;
  const app = createFrame(options, (request) => {
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
