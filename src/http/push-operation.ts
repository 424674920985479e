import type { z } from 'zod';
import type { Json, JsonSchemas } from './json-schemas.ts';

/** One kind of push, as a receiver gets it: for the `webhooks` section. */
export interface Push {
  /** The webhook's type and what happened, such as `incident.i_new`. */
  readonly name: string;
  readonly summary: string;
  readonly body: z.ZodType;
  /** A whole body. */
  readonly example: Json;
}

/** What a receiver has to be ready for (contract 1). */
export function pushOperation(push: Push, schemas: JsonSchemas): Json {
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
  header('webhook-timestamp', true, 'Unix seconds of the attempt; part of what is signed.', { type: 'string' }),
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
  header('tocsin-previous-sequence', false, 'Of the last event of this alert or incident that was delivered.', {
    type: 'integer',
    minimum: 1,
  }),
  header('tocsin-superseded', false, 'The types of events that this one stands in for.', { type: 'string' }),
  header('tocsin-redelivery', false, 'On a resend or a replay.', { type: 'string', const: '1' }),
];

function header(name: string, required: boolean, description: string, schema: Json): Json {
  return { name, in: 'header', required, description, schema };
}
