import type { FastifyInstance, FastifyReply } from 'fastify';
import { jsonType } from './envelope.ts';

export const textType = 'text/plain; charset=utf-8';

/** Without a limit: it costs less than a refusal, and a process must not be ended because its monitor was refused. */
export function addLiveness(app: FastifyInstance): void {
  app.get('/healthz', (_request, reply) => reply.header('content-type', textType).send('ok\n'));
}

/** 503 when the service cannot work, with the reasons. */
export function sendReadiness(reply: FastifyReply, reasons: readonly string[]): FastifyReply {
  const ready = reasons.length === 0;
  return reply
    .code(ready ? 200 : 503)
    .header('content-type', jsonType)
    .send(JSON.stringify({ ready, reasons }));
}
