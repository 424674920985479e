import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../runtime/failure.ts';
import { countRequest, refuseWhenDraining, requireJson } from './admission.ts';
import { bodyBytes, bodyValue } from './body.ts';
import { jsonType, sendData } from './envelope.ts';
import { ingestionLimits } from './json-border.ts';
import { rateLimiter } from './rate-limit.ts';
import { bodyMayBeLarge } from './refusal.ts';
import type { Endpoints } from './server-options.ts';

/** What the monitoring tools' requests are handed to (contract 5). `body` is checked JSON of any shape. */
export interface Ingestion {
  /** Whether the key is an integration's; asked before the body of a large request is read. */
  knows(key: string): Promise<boolean>;
  /** One alert event or many, in the format of `type`; `key` is '' when the query has none. @throws Failure when it is refused. */
  push(type: string, key: string, body: unknown, query: Query): Promise<IngestionReply>;
  /** Contract 5.8. @throws Failure when it is refused. */
  comment(key: string, body: unknown, query: Query): Promise<IngestionReply>;
  /** The channels that a shared integration's sender may name (contract 6.9). @throws Failure when it is refused. */
  listChannels(key: string, body: unknown): Promise<IngestionReply>;
}

/** `data` goes out in the envelope, with status 200; `body` as it is, for senders that know their own format only. */
export type IngestionReply = { readonly data: unknown } | { readonly status: number; readonly body: unknown };

/** The query parameters, decoded; a list where one came several times. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

export const pushPath = '/event/push/alert/:type';
export const commentPath = '/push/incident/comment-by-alert';
export const channelsPath = '/channel/list-by-integration';

/** The key in the query says whose alerts these are; there is no app_key (contract 5.1). */
export function addIngestion(endpoints: Endpoints): void {
  const { app, options } = endpoints;
  const onRequest = admitPush(endpoints);
  app.post(pushPath, {
    onRequest,
    handler: async (request, reply) => {
      const { type } = request.params as { type: string };
      const query = request.query as Query;
      return respond(request, reply, await options.ingestion.push(type, keyOf(query), bodyOf(request), query));
    },
  });
  app.post(commentPath, {
    onRequest,
    handler: async (request, reply) => {
      const query = request.query as Query;
      return respond(request, reply, await options.ingestion.comment(keyOf(query), bodyOf(request), query));
    },
  });
  app.post(channelsPath, {
    onRequest,
    handler: async (request, reply) => {
      const key = keyOf(request.query as Query);
      return respond(request, reply, await options.ingestion.listChannels(key, bodyOf(request)));
    },
  });
}

function admitPush(endpoints: Endpoints) {
  const { options } = endpoints;
  const limiter = rateLimiter(options.limits.ingestPerSecond, options.clock);
  const now = () => options.clock.now();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    refuseWhenDraining(endpoints.isDraining());
    const key = keyOf(request.query as Query);
    countRequest(limiter, key, now, reply);
    requireJson(request);
    if (bodyMayBeLarge(request) && !(await options.ingestion.knows(key))) throw wrongKey();
  };
}

function bodyOf(request: FastifyRequest): unknown {
  return bodyValue(bodyBytes(request), ingestionLimits);
}

/** No key is longer; what is longer must not fill the memory of the limiter. */
const keyMaxChars = 256;

/** '' when there is none: some formats carry it in the body. */
function keyOf(query: Query): string {
  const key = query['integration_key'] ?? '';
  if (typeof key !== 'string' || key.length > keyMaxChars) throw wrongKey();
  return key;
}

/** The words are the contract's (5.1); the ingestion says the same of a key that it does not know. */
export function wrongKey(): Failure {
  return new Failure('InvalidParameter', 'integration_key is not a valid one');
}

function respond(request: FastifyRequest, reply: FastifyReply, answer: IngestionReply): FastifyReply {
  if ('data' in answer) return sendData(reply, request.id, JSON.stringify(answer.data ?? {}));
  return reply.code(answer.status).header('content-type', jsonType).send(JSON.stringify(answer.body));
}
