import { z } from 'zod';
import type { FailureCode } from '../../runtime/failure.ts';
import { failureBody, jsonType } from './envelope.ts';
import { pushPaths } from './ingestion-endpoints.ts';
import { channelsPath, commentPath } from './push-request.ts';
import { statusOf } from './error-mapping.ts';
import type { Endpoints } from './server-options.ts';
import { failure, success } from '../schemas/failure.ts';
import * as ingestion from '../schemas/ingestion.ts';
import { nothing } from '../schemas/scalars.ts';

/**
 * Checks every JSON reply before it goes out, refusals included: one that breaks the envelope or its schema becomes a
 * 500 that says so. For tests; the `data` of routes is checked where it is made.
 */
export function watchReplies({ app, options }: Endpoints): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || reply.getHeader('content-type') !== jsonType) return payload;
    const path = request.routeOptions.url ?? '';
    const wrong = faultOf(path, reply.statusCode, JSON.parse(payload));
    if (wrong === undefined) return payload;
    const message = `the reply of ${path} breaks its schema: ${wrong}`;
    options.log.error('http.reply_breaks_schema', { request_id: request.id, message });
    reply.code(500);
    return failureBody(request.id, {
      status: 500,
      code: 'InternalError',
      message,
      faults: [],
      retryAfterSeconds: undefined,
      unexpected: true,
    });
  });
}

function faultOf(path: string, status: number, body: unknown): string | undefined {
  if (path === '/openapi.json') return undefined;
  const own = owns[path]?.safeParse(body);
  if (own?.success === true) return undefined;
  if (status < 400) return own === undefined ? errorOf(success.safeParse(body)) : own.error.message;
  const refused = failure.safeParse(body);
  if (!refused.success) return refused.error.message;
  const wanted = statusOf[refused.data.error.code satisfies FailureCode];
  return wanted === status ? undefined : `the code ${refused.data.error.code} goes with ${wanted}, not with ${status}`;
}

function errorOf(result: z.ZodSafeParseResult<unknown>): string | undefined {
  return result.success ? undefined : result.error.message;
}

/** Replies outside of the table of routes. */
const owns: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(
    pushPaths.map((path) => [
      path,
      z.union([
        inEnvelope(ingestion.eventTaken),
        inEnvelope(ingestion.groupTaken),
        inEnvelope(ingestion.changeTaken),
        ingestion.pagerdutyTaken,
        ingestion.pagerdutyRefused,
        ingestion.opsgenieTaken,
        ingestion.opsgenieRefused,
      ]),
    ]),
  ),
  [commentPath]: inEnvelope(nothing.strict()),
  [channelsPath]: inEnvelope(ingestion.channelsByIntegrationReply),
  '/readyz': ingestion.readiness,
};

function inEnvelope(data: z.ZodType): z.ZodType {
  return success.extend({ data });
}
