import type { z } from 'zod';
import { exampleOf } from './example.ts';
import { envelopeOf, JsonSchemas, type Json } from './json-schemas.ts';
import { nounOf, operatingNoun, rankOf } from './nouns.ts';
import { ingestionOperations, operatingOperations, type PlainOperation } from './plain-operations.ts';
import type { Route } from './route.ts';
import { pushOperation, type Push } from './push-operation.ts';
import { refusalResponses, refusalsOf } from './refusal-responses.ts';
import { failure } from './shapes/failure.ts';

export interface ApiDescription {
  readonly version: string;
  readonly publicUrl: string;
  readonly routes: readonly Route[];
  readonly pushes: readonly Push[];
}

/** The whole API as OpenAPI 3.1, from the schemas that check it. */
export function openApi({ version, publicUrl, routes, pushes }: ApiDescription): Json {
  const schemas = new JsonSchemas();
  schemas.of(failure);
  const ingestion = ingestionOperations(schemas);
  const ordered = routes.toSorted((one, other) => placeOf(one) - placeOf(other));
  const paths = Object.fromEntries([
    ...ingestion.map(plainPath),
    ...ordered.map((route) => [route.path, { post: operation(route, schemas) }]),
    ...operatingOperations(schemas).map(plainPath),
  ]);
  const webhooks = Object.fromEntries(pushes.map((push) => [push.name, { post: pushOperation(push, schemas) }]));
  const nouns = new Map([...ingestion, ...ordered].map(({ path }) => [nounOf(path).name, nounOf(path)]));
  return {
    openapi: '3.1.0',
    info: { title: 'Tocsin', version, summary, description, license: { name: 'Apache 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: publicUrl === '' ? '/' : publicUrl }],
    security: [{ bearer: [] }, { app_key: [] }],
    tags: [...nouns.values(), operatingNoun, pushNoun],
    paths,
    webhooks,
    components: {
      schemas: schemas.components(),
      responses: refusalResponses,
      parameters: { IdempotencyKey: idempotencyParameter },
      securitySchemes,
    },
  };
}

const summary = 'Alerts, incidents, and webhooks that push every change of them.';

const description = `Every operation is a POST with a JSON object, \`{}\` when there is nothing to say, and is answered in an envelope:
\`{request_id, data}\`, or \`{request_id, error}\` with a code that decides and a message that says how to mend it. The header
\`Flashcat-Request-Id\` repeats the id. Times are Unix seconds unless a field says otherwise; ids are numbers, or texts of 24
hex digits. Fields that an operation does not know are passed over. A write may carry an \`Idempotency-Key\`.`;

const pushNoun = { name: 'push', description: 'What webhooks receive: one POST for each event.' };

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An app key; it has the rights of its member.' },
  app_key: { type: 'apiKey', in: 'query', name: 'app_key', description: 'The same key, in the query.' },
  integration_key: {
    type: 'apiKey',
    in: 'query',
    name: 'integration_key',
    description: 'The key of an integration: it sends alerts, and reads and configures nothing.',
  },
};

const idempotencyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A retry with the same key and body gets the first answer; nothing is done twice.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function placeOf({ path }: Route): number {
  return rankOf(nounOf(path).name);
}

function plainPath({ path, method, ...rest }: PlainOperation): [string, Json] {
  return [path, { [method]: rest }];
}

function operation(route: Route, schemas: JsonSchemas): Json {
  const request = schemas.of(route.request);
  return {
    operationId: operationIdOf(route.path),
    tags: [nounOf(route.path).name],
    summary: route.summary,
    description: `Needs the role ${route.role}.`,
    ...(route.writes ? { parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }] } : {}),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: request, example: exampleOf(route.path, request) } },
    },
    responses: { '200': done(route.reply, schemas), ...refusalsOf(route) },
  };
}

/** `/alert-event/list` and `/alert/event/list` are two: what a hyphen joins is one word. */
function operationIdOf(path: string): string {
  const joined = path.slice(1).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return joined.replaceAll(/[^a-z0-9]+/gi, '_');
}

function done(reply: z.ZodType, schemas: JsonSchemas): Json {
  return { description: 'Done.', content: { 'application/json': { schema: envelopeOf(schemas.of(reply)) } } };
}
