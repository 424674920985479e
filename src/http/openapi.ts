import { z } from 'zod';
import type { Route } from './route.ts';

/** One kind of push, as a receiver gets it: for the `webhooks` section. */
export interface Push {
  /** The webhook's type and what happened, such as `incident.i_new`. */
  readonly name: string;
  readonly summary: string;
  readonly body: z.ZodType;
}

export interface ApiDescription {
  readonly version: string;
  readonly publicUrl: string;
  readonly routes: readonly Route[];
  readonly pushes: readonly Push[];
}

type Json = Readonly<Record<string, unknown>>;

/** The whole API as OpenAPI 3.1, from the schemas that check it. */
export function openApi({ version, publicUrl, routes, pushes }: ApiDescription): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'Tocsin', version, description: 'Alerts, incidents, and webhooks that push every change of them.' },
    servers: [{ url: publicUrl === '' ? '/' : publicUrl }],
    security: [{ bearer: [] }, { app_key: [] }],
    paths: Object.fromEntries(routes.map((route) => [route.path, { post: operation(route) }])),
    webhooks: Object.fromEntries(pushes.map((push) => [push.name, { post: pushOperation(push) }])),
    components: { securitySchemes, schemas: { Failure: failureSchema } },
  };
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer' },
  app_key: { type: 'apiKey', in: 'query', name: 'app_key' },
};

const failureSchema = {
  type: 'object',
  required: ['request_id', 'error'],
  properties: {
    request_id: { type: 'string' },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        faults: {
          type: 'array',
          items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
        },
      },
    },
  },
};

const idempotencyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A retry with the same key and body gets the first answer; nothing is done twice.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function operation(route: Route): Json {
  return {
    operationId: route.path.slice(1).replaceAll(/[^a-z0-9]+/gi, '_'),
    tags: [route.path.split('/')[1] ?? ''],
    summary: route.summary,
    description: `Needs the role ${route.role}.`,
    ...(route.writes ? { parameters: [idempotencyParameter] } : {}),
    requestBody: { required: true, content: json(schemaOf(route.request, 'input')) },
    responses: {
      '200': { description: 'Done.', content: json(envelopeOf(schemaOf(route.reply, 'input'))) },
      default: { description: 'Refused; the code says why.', content: json({ $ref: '#/components/schemas/Failure' }) },
    },
  };
}

function envelopeOf(data: Json): Json {
  return { type: 'object', required: ['request_id', 'data'], properties: { request_id: { type: 'string' }, data } };
}

function pushOperation(push: Push): Json {
  return {
    summary: push.summary,
    security: [],
    requestBody: { required: true, content: json(schemaOf(push.body, 'output')) },
    responses: { '2XX': { description: 'Taken. The body of the answer is kept in the history and not looked at.' } },
  };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** What JSON Schema cannot say of a schema is left open, rather than failing the whole document. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
