import type { z } from 'zod';
import type { TestPush } from '../../webhooks/ports.ts';
import type { HealthState, WebhookHealth, WebhookHealthReader } from '../../delivery/history/webhook-health.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import { mentions, pageOf } from './in-memory-page.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import type { Role } from '../../access/role.ts';
import * as shape from '../schemas/webhook.ts';
import type { PresentParts } from '../../incidents/present-object.ts';
import { eventTypeOf, realObject } from './present-push.ts';
import { changeOf, endpointFor, healthObject, reportObject, webhookObject } from './webhook-object.ts';

export interface WebhookServices extends PresentParts {
  readonly webhooks: WebhookService;
  readonly trial: TestPush;
  readonly health: Pick<WebhookHealthReader, 'of' | 'isFailing' | 'keepOnly'>;
}

/**
 * Everybody may read webhooks, with secrets masked; administrators configure them. A responder may pause and resume,
 * which loses nothing and is needed on duty when a receiver is down. A test push can go anywhere, so it is for
 * administrators.
 */
export function webhookRoutes(services: WebhookServices): Route[] {
  return [...readings(services), ...settings(services), ...switches(services), ...trials(services)];
}

function readings(services: WebhookServices): Route[] {
  const { webhooks, health } = services;
  return [
    query(
      '/webhook/list',
      'Lists the webhooks with their health, the oldest first or those in trouble first.',
      'viewer',
      { request: shape.webhookListRequest, reply: shape.webhookListReply },
      async (input, { role }) => {
        const found = (await webhooks.directory()).list.filter(
          (one) =>
            mentions(input.query, one.name, one.description, endpointFor(role, one.endpoint)) &&
            (input.type === undefined || one.type === input.type) &&
            (input.status === undefined || one.status === input.status) &&
            (input.channel_id === undefined ||
              one.channelIds.length === 0 ||
              one.channelIds.includes(input.channel_id)),
        );
        const healthy = await withHealth(services, found, input);
        const page = pageOf(healthy, input);
        const items = await Promise.all(
          page.items.map(async ({ webhook, known }) => ({
            ...webhookObject(webhook, role),
            health: healthObject(known ?? (await health.of(webhook)), role),
          })),
        );
        return { ...page, items };
      },
    ),
    query(
      '/webhook/info',
      'Shows a webhook; header values and secrets are masked, and below the role admin the path and query of the endpoint.',
      'viewer',
      { request: shape.webhookRequest, reply: shape.webhook },
      async (input, { role }) => webhookObject(await webhooks.find(input.integration_id), role),
    ),
  ];
}

/** Those in trouble come first, in this order. */
const byTrouble: readonly HealthState[] = ['failing', 'slow', 'delivering', 'idle', 'paused', 'disabled'];

/** `known`: as it was read to choose or to order; a second read would wait until the webhook may be read again. */
interface Healthy {
  readonly webhook: Webhook;
  readonly known?: WebhookHealth;
}

/** Reads the health of all only where it decides which are shown, or in which order. */
async function withHealth(
  { webhooks, health }: WebhookServices,
  found: readonly Webhook[],
  { state, orderby }: z.output<typeof shape.webhookListRequest>,
): Promise<readonly Healthy[]> {
  health.keepOnly(new Set((await webhooks.directory()).list.map((one) => one.webhookId)));
  if (state === undefined && orderby === 'created_at') return found.map((webhook) => ({ webhook }));
  if (state === 'failing' && orderby === 'created_at') {
    const failing = await Promise.all(found.map((one) => health.isFailing(one)));
    return found.filter((_, at) => failing[at]).map((webhook) => ({ webhook }));
  }
  const judged: Required<Healthy>[] = [];
  for (const webhook of found) judged.push({ webhook, known: await health.of(webhook) });
  const wanted = judged.filter(({ known }) => state === undefined || known.state === state);
  if (orderby === 'created_at') return wanted;
  const rank = ({ known }: Required<Healthy>) => byTrouble.indexOf(known.state);
  return wanted.toSorted(
    (one, other) => rank(one) - rank(other) || one.webhook.name.localeCompare(other.webhook.name, 'en'),
  );
}

function settings({ webhooks }: WebhookServices): Route[] {
  return [
    commandWithReply(
      '/webhook/create',
      'Makes a webhook and shows its secret, this once.',
      'admin',
      { request: shape.webhookCreateRequest, reply: shape.webhookCreateReply },
      async (input, call) => {
        const made = await webhooks.create(input.type, changeOf(input), call.person.person_id);
        return { integration_id: made.webhookId, secret: made.secrets[0]?.secret ?? '' };
      },
      (sound) => webhooks.faultsOf(undefined, sound.type ?? 'incident', changeOf(sound)),
    ),
    command(
      '/webhook/update',
      'Changes the given fields of a webhook.',
      'admin',
      shape.webhookUpdateRequest,
      (input) => webhooks.update(input.integration_id, changeOf(input)),
      (sound) => webhooks.faultsOf(sound.integration_id, 'incident', changeOf(sound)),
    ),
    commandWithReply(
      '/webhook/secret/rotate',
      'Makes a new secret; the old one goes on signing beside it for a while.',
      'admin',
      { request: shape.secretRotateRequest, reply: shape.secretRotateReply },
      async (input) => ({ secret: await webhooks.rotateSecret(input.integration_id, input.overlap_seconds) }),
    ),
  ];
}

function switches({ webhooks }: WebhookServices): Route[] {
  const plain = (
    path: Route['path'],
    summary: string,
    role: Role,
    work: (webhookId: number, personId: number) => Promise<void>,
  ) =>
    command(path, summary, role, shape.webhookRequest, (input, call) =>
      work(input.integration_id, call.person.person_id),
    );
  const cancelling = (path: Route['path'], summary: string, work: (webhookId: number) => Promise<number>) =>
    commandWithReply(
      path,
      summary,
      'admin',
      { request: shape.webhookRequest, reply: shape.cancelledReply },
      async (input) => ({ cancelled: await work(input.integration_id) }),
    );
  return [
    plain('/webhook/enable', 'Lets a webhook get events from now on.', 'admin', (id) => webhooks.enable(id)),
    plain('/webhook/pause', 'Holds the deliveries of a webhook until it is resumed.', 'responder', (id, by) =>
      webhooks.pause(id, by),
    ),
    plain('/webhook/resume', 'Sends the deliveries that waited while the webhook was paused.', 'responder', (id) =>
      webhooks.resume(id),
    ),
    commandWithReply(
      '/webhook/retry-now',
      'Makes deliveries due now that wait for their next attempt, and probes the receiver.',
      'responder',
      { request: shape.webhookRequest, reply: shape.retriedReply },
      async (input) => ({ released: await webhooks.retryNow(input.integration_id) }),
    ),
    cancelling('/webhook/disable', 'Stops a webhook and cancels its waiting deliveries.', (id) => webhooks.disable(id)),
    cancelling('/webhook/delete', 'Deletes a webhook and cancels its waiting deliveries.', (id) => webhooks.remove(id)),
  ];
}

function trials(services: WebhookServices): Route[] {
  const { webhooks, trial } = services;
  return [
    commandWithReply(
      '/webhook/test',
      'Sends a sample, or a real incident or alert, at once, marked `tocsin-test: 1`, and shows the request and its answer.',
      'admin',
      { request: shape.webhookTestRequest, reply: shape.webhookTestReply },
      async (input, call) => {
        const webhook =
          input.integration_id === undefined
            ? webhooks.draft(input.type ?? 'incident', changeOf(input), call.person.person_id)
            : await webhooks.draftOf(input.integration_id, changeOf(input));
        const type = eventTypeOf(webhook.type, input.event_type);
        return reportObject(
          await trial.send(webhook, type, await realObject(services, webhook, type, input, call.person)),
        );
      },
      (sound) => webhooks.faultsOf(sound.integration_id, sound.type ?? 'incident', changeOf(sound)),
    ),
  ];
}
