import { invalid } from '../../runtime/failure.ts';
import type { EventType } from '../../events/event-types.ts';
import { eventTypesOf } from '../../webhooks/draft.ts';
import type { Trial } from '../../webhooks/trial.ts';
import type { WebhookType } from '../../webhooks/webhook.ts';
import type { Webhooks } from '../../webhooks/webhooks.ts';
import { mentions, pageOf } from '../held-list.ts';
import { route, type Route } from '../route.ts';
import type { Role } from '../../access/role.ts';
import { nothing } from '../shapes/scalars.ts';
import * as shape from '../shapes/webhook.ts';
import { changeOf, reportObject, webhookObject } from './webhook-object.ts';

export interface WebhookServices {
  readonly webhooks: Webhooks;
  readonly trial: Trial;
}

/**
 * Webhooks may be read by everybody, with their secrets masked, and are configured by administrators. To pause and to
 * resume loses nothing, and is what somebody on duty does when a receiver is down: a responder may. A test can send
 * anywhere, so that it is for administrators too.
 */
export function webhookRoutes(services: WebhookServices): Route[] {
  return [...readings(services), ...settings(services), ...switches(services), ...trials(services)];
}

function readings({ webhooks }: WebhookServices): Route[] {
  return [
    route({
      path: '/webhook/list',
      summary: 'Lists the webhooks, the oldest first.',
      role: 'viewer',
      writes: false,
      request: shape.webhookListRequest,
      reply: shape.webhookListReply,
      handle: async (input) => {
        const found = (await webhooks.directory()).list.filter(
          (one) =>
            mentions(input.query, one.name, one.description, one.endpoint) &&
            (input.type === undefined || one.type === input.type) &&
            (input.status === undefined || one.status === input.status) &&
            (input.channel_id === undefined ||
              one.channelIds.length === 0 ||
              one.channelIds.includes(input.channel_id)),
        );
        const page = pageOf(found, input);
        return { ...page, items: page.items.map(webhookObject) };
      },
    }),
    route({
      path: '/webhook/info',
      summary: 'Shows a webhook; header values and secrets are masked.',
      role: 'viewer',
      writes: false,
      request: shape.webhookRequest,
      reply: shape.webhook,
      handle: async (input) => webhookObject(await webhooks.find(input.integration_id)),
    }),
  ];
}

function settings({ webhooks }: WebhookServices): Route[] {
  return [
    route({
      path: '/webhook/create',
      summary: 'Makes a webhook and shows its secret, this once.',
      role: 'admin',
      writes: true,
      request: shape.webhookCreateRequest,
      reply: shape.webhookCreateReply,
      handle: async (input, call) => {
        const made = await webhooks.create(input.type, changeOf(input), call.person.person_id);
        return { integration_id: made.webhookId, secret: made.secrets[0]?.secret ?? '' };
      },
    }),
    route({
      path: '/webhook/update',
      summary: 'Changes what is sent of a webhook.',
      role: 'admin',
      writes: true,
      request: shape.webhookUpdateRequest,
      reply: nothing,
      handle: async (input) => {
        await webhooks.update(input.integration_id, changeOf(input));
        return {};
      },
    }),
    route({
      path: '/webhook/secret/rotate',
      summary: 'Makes a new secret; the old one goes on signing beside it for a while.',
      role: 'admin',
      writes: true,
      request: shape.secretRotateRequest,
      reply: shape.secretRotateReply,
      handle: async (input) => ({ secret: await webhooks.rotateSecret(input.integration_id, input.overlap_seconds) }),
    }),
  ];
}

function switches({ webhooks }: WebhookServices): Route[] {
  const plain = (path: Route['path'], summary: string, role: Role, work: (webhookId: number) => Promise<void>) =>
    route({
      path,
      summary,
      role,
      writes: true,
      request: shape.webhookRequest,
      reply: nothing,
      handle: async (input) => {
        await work(input.integration_id);
        return {};
      },
    });
  const cancelling = (path: Route['path'], summary: string, work: (webhookId: number) => Promise<number>) =>
    route({
      path,
      summary,
      role: 'admin',
      writes: true,
      request: shape.webhookRequest,
      reply: shape.cancelledReply,
      handle: async (input) => ({ cancelled: await work(input.integration_id) }),
    });
  return [
    plain('/webhook/enable', 'Lets a webhook get events from now on.', 'admin', (id) => webhooks.enable(id)),
    plain('/webhook/pause', 'Keeps what a webhook is owed until it is resumed.', 'responder', (id) =>
      webhooks.pause(id),
    ),
    plain('/webhook/resume', 'Sends what a paused webhook was owed.', 'responder', (id) => webhooks.resume(id)),
    cancelling('/webhook/disable', 'Stops a webhook and cancels what it was owed.', (id) => webhooks.disable(id)),
    cancelling('/webhook/delete', 'Deletes a webhook and cancels what it was owed.', (id) => webhooks.remove(id)),
  ];
}

function trials({ webhooks, trial }: WebhookServices): Route[] {
  return [
    route({
      path: '/webhook/test',
      summary: 'Sends a sample push at once, and shows the request and its answer.',
      role: 'admin',
      writes: true,
      request: shape.webhookTestRequest,
      reply: shape.webhookTestReply,
      handle: async (input, call) => {
        const webhook =
          input.integration_id === undefined
            ? webhooks.draft(input.type ?? 'incident', changeOf(input), call.person.person_id)
            : await webhooks.draftOf(input.integration_id, changeOf(input));
        return reportObject(await trial.send(webhook, eventTypeOf(webhook.type, input.event_type)));
      },
    }),
  ];
}

function eventTypeOf(webhookType: WebhookType, wanted: string | undefined): EventType {
  const types = eventTypesOf(webhookType);
  const type = wanted === undefined ? types[0] : types.find((one) => one === wanted);
  if (type !== undefined) return type;
  throw invalid([{ field: 'event_type', message: `must be one of ${types.join(', ')}` }]);
}
