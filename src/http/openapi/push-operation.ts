import type { z } from 'zod';
import type { Json, JsonSchemas } from './schemas.ts';

/** One type of push, for the `webhooks` section. */
export interface PushOperation {
  /** The type of webhook and of event, such as `incident.i_new`. */
  readonly name: string;
  readonly summary: string;
  readonly body: z.ZodType;
  /** A whole body. */
  readonly example: Json;
}

/** The operation that a receiver implements (contract 1). */
export function pushOperation(push: PushOperation, schemas: JsonSchemas): Json {
  return {
    operationId: `push_${push.name.replaceAll('.', '_')}`,
    tags: ['push'],
    summary: push.summary,
    description:
      'At most once unless the webhook says otherwise, in order for each alert and each incident. A middlebox may repeat it: de-duplicate on event_id.',
    security: [],
    parameters: headers,
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemas.of(push.body), example: push.example } },
    },
    responses: {
      '2XX': {
        description: 'Taken, when it comes within the timeout of the webhook. The body is kept in the history.',
      },
      default: {
        description: 'Failed; a redirect too. Whether it is sent again is a choice of the webhook.',
      },
    },
  };
}

const headers = [
  header('webhook-id', true, 'The event_id of the body.', { type: 'string' }),
  header('webhook-timestamp', true, 'Unix seconds of the attempt; part of the signed text.', { type: 'string' }),
  header(
    'webhook-signature',
    false,
    'v1 and the base64 of an HMAC-SHA256, by Standard Webhooks; several with spaces.',
    {
      type: 'string',
    },
  ),
  header('tocsin-attempt', true, 'From 1.', { type: 'integer', minimum: 1 }),
  header('tocsin-sequence', true, 'Of the event among those of its alert or incident, from 1.', {
    type: 'integer',
    minimum: 1,
  }),
  header(
    'tocsin-previous-sequence',
    true,
    'Of the event before this one that was due to this webhook; 0 for the first.',
    {
      type: 'integer',
      minimum: 0,
    },
  ),
  header('tocsin-superseded', false, 'The types of events that this one stands in for.', { type: 'string' }),
  header('tocsin-redelivery', false, 'On a resend.', { type: 'string', const: '1' }),
  header('tocsin-test', false, 'On a test push, which is no event.', { type: 'string', const: '1' }),
];

function header(name: string, required: boolean, description: string, schema: Json): Json {
  return { name, in: 'header', required, description, schema };
}
