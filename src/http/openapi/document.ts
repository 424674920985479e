import type { z } from 'zod';
import { inTurns } from '../../runtime/turns.ts';
import { exampleOf } from './examples.ts';
import { envelopeOf, JsonSchemas, type Json } from './schemas.ts';
import { tagOf, operatingTag, rankOf } from './tags.ts';
import { ingestionOperations, operatingOperations, type PlainOperation } from './operations.ts';
import { isOwn, type Route } from '../routes/route.ts';
import { pushOperation, type PushOperation } from './push-operation.ts';
import { refusalResponses, refusalsOf } from './refusal-responses.ts';
import { failure } from '../schemas/failure.ts';

export interface ApiDescription {
  readonly version: string;
  readonly publicUrl: string;
  readonly routes: readonly Route[];
  readonly pushes: readonly PushOperation[];
}

/** The API as OpenAPI 3.1, from the schemas that check it. Made in turns, since its two hundred schemas take a while. */
export async function openApi({ version, publicUrl, routes, pushes }: ApiDescription): Promise<Json> {
  const schemas = new JsonSchemas();
  schemas.of(failure);
  const ingestion = ingestionOperations(schemas);
  const ordered = routes.toSorted((one, other) => placeOf(one) - placeOf(other));
  const paths = Object.fromEntries([
    ...ingestion.map(plainPath),
    ...(await inTurns(ordered, (route) => [route.path, { post: operation(route, schemas) }])),
    ...operatingOperations(schemas).map(plainPath),
  ]);
  const webhooks = Object.fromEntries(
    await inTurns(pushes, (push) => [push.name, { post: pushOperation(push, schemas) }]),
  );
  const nouns = new Map([...ingestion, ...ordered].map(({ path }) => [tagOf(path).name, tagOf(path)]));
  return {
    openapi: '3.1.0',
    info: { title: 'Tocsin', version, summary, description, license: { name: 'Apache 2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: publicUrl === '' ? '/' : publicUrl }],
    security: [{ bearer: [] }, { app_key: [] }],
    tags: [...nouns.values(), operatingTag, pushNoun],
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
\`{request_id, data}\`, or \`{request_id, error}\` with a code that decides and a message that says how to correct it. The header
\`Flashcat-Request-Id\` repeats the id. Times are Unix seconds unless a field says otherwise; ids are numbers, or texts of 24
hex digits. Fields that an operation of the wire does not know are passed over; ours have \`additionalProperties: false\` and
refuse them. A write may carry an \`Idempotency-Key\`.

Beyond the schemas, and with \`InvalidParameter\` unless named otherwise: an id of nothing is refused (\`ResourceNotFound\`),
and so are a name that is taken, an end that is not later than its start, and one more than there may be. \`null\`, an empty text
and an object in which nothing is set count as left out wherever a field may be left out; \`limit\` and \`p\` of 0 do too. NULs
in texts and blanks around names are taken away before anything is measured, and a key that stands twice in an object is refused.`;

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
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: String.raw`^[\x21-\x7e]+$` },
};

function placeOf({ path }: Route): number {
  return rankOf(tagOf(path).name);
}

function plainPath({ path, method, ...rest }: PlainOperation): [string, Json] {
  return [path, { [method]: rest }];
}

function operation(route: Route, schemas: JsonSchemas): Json {
  const schema = schemas.of(route.request);
  const request = isOwn(route.path) ? closed(schema) : schema;
  return {
    operationId: operationIdOf(route.path),
    tags: [tagOf(route.path).name],
    summary: route.summary,
    description: route.role === 'anyone' ? 'Anyone may call it.' : `Needs the role ${route.role}.`,
    ...(route.role === 'anyone' ? { security: [] } : {}),
    ...(route.writes && route.role !== 'anyone'
      ? { parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }] }
      : {}),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: request, example: exampleOf(route.path, request) } },
    },
    responses: { '200': done(route.reply, schemas), ...refusalsOf(route) },
  };
}

/** Our own operations take no field that they do not know, at any depth. */
function closed(schema: Json): Json {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      if (name === 'properties')
        return [name, Object.fromEntries(Object.entries(value as Json).map(([key, of]) => [key, closed(of as Json)]))];
      return [name, name === 'items' ? closed(value as Json) : value];
    }),
  );
  const isClosable = Object.hasOwn(schema, 'properties') && !Object.hasOwn(schema, 'additionalProperties');
  return isClosable ? { ...inner, additionalProperties: false } : inner;
}

/** `/alert-event/list` and `/alert/event/list` differ: a hyphen joins one word. */
function operationIdOf(path: string): string {
  const joined = path.slice(1).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return joined.replaceAll(/[^a-z0-9]+/gi, '_');
}

function done(reply: z.ZodType, schemas: JsonSchemas): Json {
  return { description: 'Done.', content: { 'application/json': { schema: envelopeOf(schemas.of(reply)) } } };
}
