import { payloadText } from '../../src/events/stored-payload-store.ts';

/** A row that a commit has changed, in the order of the statements, with the columns below. */
export type Change =
  | { readonly what: 'event'; readonly row: EventChange }
  | { readonly what: 'enqueued'; readonly row: EnqueuedChange }
  | { readonly what: 'moved'; readonly row: MovedChange }
  | { readonly what: 'forgotten'; readonly row: [deliveryId: string] }
  | { readonly what: 'attempt'; readonly row: AttemptChange }
  | { readonly what: 'webhook'; readonly row: WebhookChange }
  | { readonly what: 'entity'; readonly row: EntityChange }
  | { readonly what: 'report'; readonly row: [description: string] }
  | { readonly what: 'replay'; readonly row: ReplayChange };

export type EventChange = [
  eventId: string,
  kind: 'alert' | 'incident',
  entityId: string,
  sequence: number,
  type: string,
  eventTime: number,
  channelId: number,
  payload: string,
  detail: string,
];
export type EnqueuedChange = [
  deliveryId: string,
  webhookId: number,
  eventId: string,
  generation: number,
  entityId: string,
  sequence: number,
  mode: string,
  state: string,
  attempt: number,
  fence: number,
  createdAt: number,
  previousSequence: number,
  urgency: number,
  replayId: string,
];
export type MovedChange = [
  deliveryId: string,
  state: string,
  attempt: number,
  fence: number,
  reason: string,
  dueAt: number,
  finishedAt: number,
];
export type AttemptChange = [
  deliveryId: string,
  attempt: number,
  outcome: string,
  reason: string,
  maybeSent: number,
  statusCode: number,
];
export type WebhookChange = [
  webhookId: number,
  type: string,
  status: string,
  endpoint: string,
  channelIds: string,
  eventTypes: string,
  mode: string,
  signing: number,
  secrets: string,
  settings: string,
];
export type EntityChange = [
  entityId: string,
  lastSequence: number,
  lastEventTime: number,
  progress: string,
  title: string,
];

export type ReplayChange = [replayId: string, webhookId: number, state: string];

/** What the triggers call with each row. */
export const logChange = 'log_change';

const delivery = 'new.delivery_id, new.webhook_id, new.event_id, new.generation, new.entity_id, new.sequence, new.mode';
const webhook = `new.webhook_id, new.webhook_type, new.status, new.endpoint, new.channel_ids_json, new.event_types_json,
  new.delivery_mode, new.signing, new.secrets_json, new.settings_json`;
const entity = 'new.last_sequence, new.last_event_time, new.progress, new.title';

/** Triggers on the writing connection alone. */
export const changeLog = [
  on(
    'event',
    'insert',
    'event',
    `new.event_id, new.entity_kind, new.entity_id, new.sequence, new.event_type,
    new.event_time, new.channel_id, ${payloadText('new')}, new.detail_json`,
  ),
  on(
    'delivery',
    'insert',
    'enqueued',
    `${delivery}, new.state, new.attempt, new.fence, new.created_at,
    new.previous_sequence, new.urgency, new.replay_id`,
  ),
  on(
    'delivery',
    'update of state',
    'moved',
    `new.delivery_id, new.state, new.attempt, new.fence, new.reason, new.due_at,
    new.finished_at`,
  ),
  on('delivery', 'delete', 'forgotten', 'old.delivery_id'),
  on(
    'attempt',
    'insert',
    'attempt',
    `new.delivery_id, new.attempt, new.outcome, new.reason, new.maybe_sent,
    new.status_code`,
  ),
  on(
    'delivery',
    'update of started_at',
    'attempt',
    `new.delivery_id, new.attempt, new.state, new.reason, new.maybe_sent, new.status_code`,
    'new.started_at > 0',
  ),
  on('webhook', 'insert', 'webhook', webhook),
  on('webhook', 'update', 'webhook', webhook),
  on('alert', 'insert', 'entity', `new.alert_id, ${entity}`),
  on('alert', 'update', 'entity', `new.alert_id, ${entity}`),
  on('incident', 'insert', 'entity', `new.incident_id, ${entity}`),
  on('incident', 'update', 'entity', `new.incident_id, ${entity}`),
  on('alert_event', 'insert', 'report', 'new.description'),
  on('replay', 'insert', 'replay', 'new.replay_id, new.webhook_id, new.state'),
  on('replay', 'update of state', 'replay', 'new.replay_id, new.webhook_id, new.state'),
].join(';\n');

function on(table: string, doing: string, what: Change['what'], columns: string, when = '1'): string {
  return `create temp trigger ${table}_${doing.replaceAll(' ', '_')} after ${doing} on main.${table} when ${when} begin
    select ${logChange}('${what}', ${columns}); end`;
}
