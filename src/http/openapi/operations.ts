import { integrationTypes } from '../../ingestion/integration.ts';
import * as shape from '../schemas/ingestion.ts';
import { channelsPath, commentPath } from '../server/push-request.ts';
import { changesPath } from '../server/push-request.ts';
import { envelopeOf, type Json, type JsonSchemas } from './schemas.ts';
import { tagOf, operatingTag } from './tags.ts';
import { refusals } from './refusal-responses.ts';

/** An operation that is not in the table of routes. */
export interface PlainOperation extends Json {
  readonly path: string;
  readonly method: 'get' | 'post';
}

/** The calls of monitoring systems (contract 5). */
export function ingestionOperations(schemas: JsonSchemas): PlainOperation[] {
  return [pushEvent(schemas), pushChange(schemas), commentOn(schemas), listChannels(schemas)];
}

const ingestionRefusals = refusals([400, 413, 429, 500, 503]);
const byIntegration = [{ integration_key: [] }];

function pushEvent(schemas: JsonSchemas): PlainOperation {
  const path = '/event/push/alert/{type}';
  const taken = { anyOf: [schemas.of(shape.pagerdutyTaken), schemas.of(shape.opsgenieTaken)] };
  const data = { anyOf: [schemas.of(shape.eventTaken), schemas.of(shape.groupTaken)] };
  return {
    path,
    method: 'post',
    operationId: 'event_push_alert',
    tags: [tagOf(path).name],
    summary: 'Takes alert events from a monitoring system.',
    description:
      'The answer comes when everything in the body is durable. PagerDuty senders may have their key in the body, and are answered in their own words.',
    security: [{ integration_key: [] }, {}],
    parameters: [
      {
        name: 'type',
        in: 'path',
        required: true,
        description: 'The format of the body: that of the integration. Another word is a 404.',
        schema: { type: 'string', enum: [...integrationTypes] },
      },
      channelParameter,
    ],
    requestBody: body({ anyOf: [schemas.of(shape.standardEvent), schemas.of(shape.anotherFormat)] }, standardExample),
    responses: {
      '200': answer('Taken.', { anyOf: [envelopeOf(data), taken] }),
      '202': answer('Taken, for senders of PagerDuty events of version 2, and of Opsgenie.', taken),
      ...ingestionRefusals,
      ...refusals([404]),
      '400': answer('Refused; nothing of it was taken.', {
        anyOf: [
          { $ref: '#/components/schemas/Failure' },
          schemas.of(shape.pagerdutyRefused),
          schemas.of(shape.opsgenieRefused),
        ],
      }),
    },
  };
}

const channelParameter = {
  name: 'channel_id',
  in: 'query',
  required: false,
  description: 'The channel, for a shared integration.',
  schema: { type: 'integer' },
};

const standardExample = {
  event_status: 'Warning',
  title_rule: '[TPL]${resource} / ${check}',
  alert_key: 'disk:db-3',
  description: '/data 91% full',
  labels: { resource: 'db-3', check: 'disk usage' },
};

function pushChange(schemas: JsonSchemas): PlainOperation {
  return {
    path: changesPath,
    method: 'post',
    operationId: 'event_push_change_standard',
    tags: [tagOf(changesPath).name],
    summary: 'Takes a change from a deployment or ticket system.',
    description:
      'The key is that of an integration of the type standard. A change with the same `change_key` from the same integration is the same one, and the newest report says what it is like.',
    security: byIntegration,
    parameters: [channelParameter],
    requestBody: body(schemas.of(shape.standardChange), {
      change_key: 'deploy-1187',
      change_status: 'Done',
      title: 'checkout 2.14 is out',
      labels: { service: 'checkout', env: 'prod' },
      link: 'https://ci.example.org/deploys/1187',
    }),
    responses: { '200': answer('Taken.', envelopeOf(schemas.of(shape.changeTaken))), ...ingestionRefusals },
  };
}

function commentOn(schemas: JsonSchemas): PlainOperation {
  return {
    path: commentPath,
    method: 'post',
    operationId: 'push_incident_comment_by_alert',
    tags: [tagOf(commentPath).name],
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
    tags: [tagOf(channelsPath).name],
    summary: 'Lists the channels that the sender of a shared integration may name.',
    security: byIntegration,
    requestBody: body(schemas.of(shape.channelsByIntegration), { query: 'web' }),
    responses: {
      '200': answer('Done.', envelopeOf(schemas.of(shape.channelsByIntegrationReply))),
      ...ingestionRefusals,
    },
  };
}

/** The GET pages, public unless they say otherwise. */
export function operatingOperations(schemas: JsonSchemas): PlainOperation[] {
  const ready = schemas.of(shape.readiness);
  const readyResponses = { '200': answer('Ready.', ready), '503': answer('Not ready; the reasons say why.', ready) };
  const document = { '200': answer('OpenAPI 3.1.', { type: 'object' }) };
  return [
    get('/', 'welcome', 'Shows what there is and how to begin.', text('text/plain')),
    get('/reference', 'reference', 'Shows this document as a page.', text('text/html')),
    {
      ...get('/live', 'live', 'Tells what changes, as it changes: server-sent events.', {
        ...text('text/event-stream'),
        ...refusals([400, 401, 403, 429, 503]),
      }),
      description: liveDescription,
      security: [{ bearer: [] }, { app_key: [] }],
      parameters: liveParameters,
    },
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

const liveDescription =
  'Hints with ids, never objects: `hello` {version}, `incident` and `alert` {incident_id or alert_id, event_type, sequence, ' +
  'channel_id}, `delivery` {integration_id, event_id, state, reason, status_code, duration, ref_id}, and `gap` {}: something was ' +
  'missed, ask again for what you show. `Last-Event-ID` resumes. Browsers that are signed in may listen by their session.';

const liveParameters = [
  {
    name: 'topics',
    in: 'query',
    required: false,
    description: 'incident, alert, delivery, replay; several with commas; all when left out.',
    schema: { type: 'string' },
  },
  {
    name: 'webhook',
    in: 'query',
    required: false,
    description: 'Deliveries of this one only.',
    schema: { type: 'integer' },
  },
  { name: 'channel', in: 'query', required: false, description: 'Of this channel only.', schema: { type: 'integer' } },
];

function get(path: string, operationId: string, summary: string, responses: Json): PlainOperation {
  return { path, method: 'get', operationId, tags: [operatingTag.name], summary, security: [], responses };
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
