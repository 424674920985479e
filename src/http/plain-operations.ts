import { integrationTypes } from '../ingestion/integration.ts';
import * as shape from './shapes/ingestion.ts';
import { channelsPath, commentPath } from './ingestion-endpoints.ts';
import { envelopeOf, type Json, type JsonSchemas } from './json-schemas.ts';
import { nounOf, operatingNoun } from './nouns.ts';
import { refusals } from './refusal-responses.ts';

/** An operation that is not in the table of routes. */
export interface PlainOperation extends Json {
  readonly path: string;
  readonly method: 'get' | 'post';
}

/** What the monitoring systems call (contract 5). */
export function ingestionOperations(schemas: JsonSchemas): PlainOperation[] {
  return [pushEvent(schemas), commentOn(schemas), listChannels(schemas)];
}

const ingestionRefusals = refusals([400, 413, 429, 500, 503]);
const byIntegration = [{ integration_key: [] }];

function pushEvent(schemas: JsonSchemas): PlainOperation {
  const path = '/event/push/alert/{type}';
  const taken = schemas.of(shape.pagerdutyTaken);
  const data = { anyOf: [schemas.of(shape.eventTaken), schemas.of(shape.groupTaken)] };
  return {
    path,
    method: 'post',
    operationId: 'event_push_alert',
    tags: [nounOf(path).name],
    summary: 'Takes alert events from a monitoring system.',
    description:
      'The answer comes when everything in the body is durable. PagerDuty senders may have their key in the body, and are answered in their own words.',
    security: [{ integration_key: [] }, {}],
    parameters: [
      {
        name: 'type',
        in: 'path',
        required: true,
        description: 'The format of the body: that of the integration.',
        schema: { type: 'string', enum: [...integrationTypes] },
      },
      {
        name: 'channel_id',
        in: 'query',
        required: false,
        description: 'The channel, for a shared integration.',
        schema: { type: 'integer' },
      },
    ],
    requestBody: body({ anyOf: [schemas.of(shape.standardEvent), schemas.of(shape.anotherFormat)] }, standardExample),
    responses: {
      '200': answer('Taken.', { anyOf: [envelopeOf(data), taken] }),
      '202': answer('Taken, for senders of PagerDuty events of version 2.', taken),
      ...ingestionRefusals,
      '400': answer('Refused; nothing of it was taken.', {
        anyOf: [{ $ref: '#/components/schemas/Failure' }, schemas.of(shape.pagerdutyRefused)],
      }),
    },
  };
}

const standardExample = {
  event_status: 'Warning',
  title_rule: '[TPL]${resource} / ${check}',
  alert_key: 'disk:db-3',
  description: '/data 91% full',
  labels: { resource: 'db-3', check: 'disk usage' },
};

function commentOn(schemas: JsonSchemas): PlainOperation {
  return {
    path: commentPath,
    method: 'post',
    operationId: 'push_incident_comment_by_alert',
    tags: [nounOf(commentPath).name],
    summary: 'Comments on the incident that holds the open alert with a key.',
    security: byIntegration,
    requestBody: body(schemas.of(shape.commentByAlert), { alert_key: 'disk:db-3', comment: 'the cleanup job runs' }),
    responses: { '200': answer('Done.', envelopeOf({ type: 'object' })), ...ingestionRefusals },
  };
}

function listChannels(schemas: JsonSchemas): PlainOperation {
  return {
    path: channelsPath,
    method: 'post',
    operationId: 'channel_list_by_integration',
    tags: [nounOf(channelsPath).name],
    summary: 'Lists the channels that the sender of a shared integration may name.',
    security: byIntegration,
    requestBody: body(schemas.of(shape.channelsByIntegration), { query: 'web' }),
    responses: {
      '200': answer('Done.', envelopeOf(schemas.of(shape.channelsByIntegrationReply))),
      ...ingestionRefusals,
    },
  };
}

/** What is asked for with GET, by everybody unless it says otherwise. */
export function operatingOperations(schemas: JsonSchemas): PlainOperation[] {
  const ready = schemas.of(shape.readiness);
  const readyResponses = { '200': answer('Ready.', ready), '503': answer('Not ready; the reasons say why.', ready) };
  const document = { '200': answer('OpenAPI 3.1.', { type: 'object' }) };
  return [
    get('/', 'welcome', 'Says what is there and how to begin.', text('text/plain')),
    get('/reference', 'reference', 'Shows this document as a page.', text('text/html')),
    get('/openapi.json', 'openapi_document', 'Gives this document.', document),
    get('/healthz', 'health', 'Says that the process is alive.', text('text/plain')),
    get('/readyz', 'readiness', 'Says whether the service can do its work, and if not, why.', readyResponses),
    {
      ...get('/metrics', 'metrics', 'Gives metrics for Prometheus.', { ...text('text/plain'), ...refusals([401]) }),
      description: 'For this machine itself without a key, and from elsewhere with one.',
      security: [{ bearer: [] }, { app_key: [] }, {}],
    },
  ];
}

function get(path: string, operationId: string, summary: string, responses: Json): PlainOperation {
  return { path, method: 'get', operationId, tags: [operatingNoun.name], summary, security: [], responses };
}

function text(type: string): Json {
  return { '200': { description: 'Done.', content: { [type]: { schema: { type: 'string' } } } } };
}

function body(schema: Json, example: Json): Json {
  return { required: true, content: { 'application/json': { schema, example } } };
}

function answer(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } };
}
