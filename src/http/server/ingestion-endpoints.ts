import { Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { IncomingPush, PushContent, PushQuery, RefusedPush, Sender } from '../../ingestion/push-receiver.ts';
import { Failure, type FailureCode } from '../../runtime/failure.ts';
import { ingestionLimits } from '../json/json-limits.ts';
import { countRequest, countStranger, refuseWhenDraining, requireUncompressed } from './auth.ts';
import { bodyIn, bodyValue } from './body.ts';
import { jsonType, sendData } from './envelope.ts';
import type { Problem } from './error-mapping.ts';
import { problemFor, sendRefusal } from './fastify-app.ts';
import { formFields, readAs } from './form.ts';
import {
  addressOf,
  channelsPath,
  commentPath,
  keyInQuery,
  pushPrefix,
  rootPaths,
  typeOf,
  type PushAddress,
} from './push-request.ts';
import { PushHold } from './push-hold.ts';
import { addressKey, rateLimiter } from './rate-limit.ts';
import type { Endpoints } from './server-options.ts';
import { bodyMayBeLarge } from './unread-body.ts';

/** Handles the requests of monitoring tools (contract 5). `body` is checked JSON of any shape. */
export interface Ingestion {
  /** Whether the key belongs to an integration; called before the body of a large request is read. */
  knows(key: string): Promise<boolean>;
  /** What senders of a format do; `undefined` = there is no such format. */
  sender(type: string): Sender | undefined;
  /** One alert event or many, in the format of the type. @throws Failure when it is refused. */
  push(push: IncomingPush): Promise<IngestionReply>;
  /** Leaves a trace of a push that was refused. */
  refused(push: RefusedPush): Promise<void>;
  /** Contract 5.8. @throws Failure when it is refused. */
  comment(key: string, body: unknown, query: PushQuery): Promise<IngestionReply>;
  /**
   * The channels that the sender of a shared integration may name (contract 6.9). @throws Failure when it is refused.
   */
  listChannels(key: string, body: unknown): Promise<IngestionReply>;
}

/** `data` is sent in the envelope, with status 200; `body` as it is, for senders with their own format. */
export type IngestionReply = { readonly data: unknown } | { readonly status: number; readonly body: unknown };

export const pushPath = `${pushPrefix}:type`;

/** Every path that takes pushes. */
export const pushPaths: readonly string[] = [pushPath, `${pushPath}/*`, ...Object.keys(rootPaths)];

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a push. */
    pushAddress: PushAddress | null;
    /** Of a push whose body was read. */
    pushContent: PushContent | null;
  }
}

/** The integration's key says whose alerts these are; there is no app_key (contract 5.1). */
export function addIngestion(endpoints: Endpoints): void {
  const { app, options } = endpoints;
  app.decorateRequest('pushAddress', null);
  app.decorateRequest('pushContent', null);
  const hold = new PushHold({ ...options, holdMs: options.limits.holdMs });
  const handling = pushHandling(endpoints, hold);
  for (const path of pushPaths) {
    app.post(path, handling, async (request, reply) => {
      const address = request.pushAddress;
      if (address === null) throw wrongKey();
      const query = request.query as PushQuery;
      const content = contentOf(request);
      request.pushContent = content;
      const push = { ...address, content, query };
      const bytes = bodyIn(request).length;
      return respond(request, reply, await hold.run(bytes, () => options.ingestion.push(push)));
    });
  }
  const onRequest = admitByKey(endpoints, hold);
  app.post(commentPath, { onRequest }, async (request, reply) => {
    const query = request.query as PushQuery;
    return respond(request, reply, await options.ingestion.comment(keyOf(query), bodyOf(request), query));
  });
  app.post(channelsPath, { onRequest }, async (request, reply) => {
    const key = keyOf(request.query as PushQuery);
    return respond(request, reply, await options.ingestion.listChannels(key, bodyOf(request)));
  });
}

/** What a stranger may send at most, who may turn out to have a good key in the body. PagerDuty takes no more either. */
const strangerBodyMaxBytes = 524_288;

/** Bodies of strangers that are read at one time, which bounds the memory that they can ask for. */
const strangersMax = 16;

const strangersRetrySeconds = 1;

function pushHandling(endpoints: Endpoints, hold: PushHold): RouteShorthandOptions {
  const { options } = endpoints;
  const { ingestion } = options;
  const rates = ingestionRates(endpoints);
  const now = () => options.clock.now();
  let strangers = 0;
  return {
    bodyLimit: options.limits.ingestBodyMaxBytes,
    onRequest: async (request, reply) => {
      refuseWhenDraining(endpoints.isDraining());
      const address = addressOf(request, (type, path) => ingestion.sender(type)?.postsTo(path) === true);
      if (address === undefined) throw wrongKey();
      requireKnownPath(ingestion, address);
      request.pushAddress = address;
      const { key } = address;
      if (key === '') countRequest(rates.byAddress, addressKey(request.ip), now, reply);
      else {
        // Only keys that exist are counted by key, so made-up ones push none of these out.
        await requireKnown(endpoints, request, key, hold);
        countRequest(rates.byKey, key, now, reply);
      }
      requireUncompressed(request);
      // The framework refuses what it takes for no content type.
      request.headers['content-type'] = readAs(request.headers['content-type']);
    },
    preParsing: async (request, reply, payload) => {
      const { type = '', key = '' } = request.pushAddress ?? {};
      if (!bodyMayBeLarge(request) || key !== '') return payload;
      if (ingestion.sender(type)?.hasKeyInBody !== true) throw wrongKey();
      if (Number(request.headers['content-length'] ?? 0) > strangerBodyMaxBytes) throw strangerTooLarge();
      if (strangers >= strangersMax) throw tooManyStrangers();
      strangers += 1;
      reply.raw.once('close', () => (strangers -= 1));
      return payload.pipe(bounded(strangerBodyMaxBytes));
    },
    errorHandler: (error, request, reply) => {
      const problem = problemFor(options, error, request, reply);
      const own = ingestion.sender(typeOf(request))?.refusal?.(problem.status, messagesOf(problem));
      noteRefusal(endpoints, request, problem);
      void sendRefusal(options, request, reply, problem, own);
    },
  };
}

/** Senders with the key in the address are counted by it, the others by theirs. */
function ingestionRates({ options }: Endpoints) {
  const rate = () => ({
    limiter: rateLimiter(options.limits.ingestPerSecond, options.clock),
    setting: 'TOCSIN_INGEST_RATE' as const,
  });
  return { byKey: rate(), byAddress: rate() };
}

/** @throws Failure for a key that no integration has, which counts as a stranger's try. */
async function requireKnown(
  { options, strangers }: Endpoints,
  request: FastifyRequest,
  key: string,
  hold: PushHold,
): Promise<void> {
  if (await hold.run(0, () => options.ingestion.knows(key))) return;
  countStranger(request, strangers);
  throw wrongKey();
}

function noteRefusal({ options }: Endpoints, request: FastifyRequest, { status, code, message }: Problem): void {
  const content = request.pushContent;
  const refused = options.ingestion.refused({
    key: request.pushAddress?.key ?? '',
    value: content !== null && 'value' in content ? content.value : undefined,
    type: typeOf(request),
    status,
    reason: reasonOf[code],
    message,
    bytes: bodyIn(request).length || Number(request.headers['content-length'] ?? 0) || 0,
    requestId: request.id,
  });
  refused.catch((error: unknown) => options.log.warn('push.refusal_not_noted', { request_id: request.id, error }));
}

/** The labels of the counter. */
const reasonOf: Readonly<Record<FailureCode, string>> = {
  InvalidParameter: 'invalid',
  BadRequest: 'invalid',
  InvalidContentType: 'invalid',
  ResourceNotFound: 'invalid',
  ReferenceExist: 'invalid',
  Unauthorized: 'wrong_key',
  AccessDenied: 'wrong_key',
  RouteNotFound: 'wrong_path',
  MethodNotAllowed: 'wrong_path',
  EntityTooLarge: 'too_large',
  RequestLocked: 'unavailable',
  RequestTooFrequently: 'too_many',
  InternalError: 'internal',
  ServiceUnavailable: 'unavailable',
};

/** A wrong path is no wrong key, and its sender should look at the URL. */
function requireKnownPath(ingestion: Ingestion, { type, path }: PushAddress): void {
  const sender = ingestion.sender(type);
  if (sender === undefined) {
    throw new Failure('RouteNotFound', `there is no format ${JSON.stringify(type.slice(0, 64))} behind ${pushPrefix}`);
  }
  if (sender.postsTo(path)) return;
  const message = `the path is wrong, not the key: there is nothing at ${JSON.stringify(path.slice(0, 128))} behind ${pushPrefix}${type}`;
  throw new Failure('RouteNotFound', message);
}

function strangerTooLarge(): Failure {
  const message = `a body with its key inside may have ${strangerBodyMaxBytes} bytes: put integration_key into the query`;
  return new Failure('EntityTooLarge', message);
}

function tooManyStrangers(): Failure {
  const message =
    'too many bodies with their key inside are being read: try again, or put integration_key into the query';
  return new Failure('ServiceUnavailable', message, { retryAfterSeconds: strangersRetrySeconds });
}

function bounded(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(strangerTooLarge());
      else done(null, chunk);
    },
  });
}

function messagesOf(problem: Problem): readonly string[] {
  if (problem.faults.length === 0) return [problem.message];
  return problem.faults.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
}

function admitByKey(endpoints: Endpoints, hold: PushHold) {
  const { options } = endpoints;
  const { byKey } = ingestionRates(endpoints);
  const now = () => options.clock.now();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    refuseWhenDraining(endpoints.isDraining());
    const key = keyOf(request.query as PushQuery);
    await requireKnown(endpoints, request, key, hold);
    countRequest(byKey, key, now, reply);
    requireUncompressed(request);
    request.headers['content-type'] = 'application/json';
  };
}

/** A body of this size is read beside the event loop, which it would hold for too long. */
const largeBodyBytes = strangerBodyMaxBytes;

function contentOf(request: FastifyRequest): PushContent {
  const { length, parts } = bodyIn(request);
  return length > largeBodyBytes ? { parts } : { value: bodyOf(request) };
}

/** JSON whatever the content type says of it, since senders such as curl announce a form; else a form where it is one. */
function bodyOf(request: FastifyRequest): unknown {
  const bytes = bodyIn(request).joined();
  return formFields(request.headers['content-type'], bytes) ?? bodyValue(bytes, ingestionLimits);
}

function keyOf(query: PushQuery): string {
  const key = keyInQuery(query);
  if (key === undefined) throw wrongKey();
  return key;
}

/** The message of contract 5.1; the ingestion answers an unknown key with it too. */
export function wrongKey(): Failure {
  return new Failure('InvalidParameter', 'integration_key is not a valid one');
}

function respond(request: FastifyRequest, reply: FastifyReply, answer: IngestionReply): FastifyReply {
  if ('data' in answer) return sendData(reply, request.id, JSON.stringify(answer.data ?? {}));
  return reply.code(answer.status).header('content-type', jsonType).send(JSON.stringify(answer.body));
}
