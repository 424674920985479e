import type { Role } from '../../access/role.ts';
import { notFound } from '../../runtime/failure.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import { mentions, ordered, pageOf } from './in-memory-page.ts';
import { commandWithReply, query, type Route } from './route.ts';
import * as shape from '../schemas/datasource.ts';
import { webhookObject } from './webhook-object.ts';
import type { z } from 'zod';

export interface DatasourceServices {
  readonly webhooks: WebhookService;
  readonly members: MemberService;
}

/** Incident webhooks under their older names (contract 2.2), by the same services. */
export function datasourceRoutes(services: DatasourceServices): Route[] {
  return [upsert(services), ...readings(services)];
}

function upsert({ webhooks }: DatasourceServices): Route {
  return commandWithReply(
    '/datasource/upsert',
    'Makes or changes an incident webhook; an older name of /webhook/create and /webhook/update.',
    'admin',
    { request: shape.datasourceUpsertRequest, reply: shape.datasourceUpsertReply },
    async (input, call) => {
      const { integration_id: id = 0, settings } = input;
      const change = {
        name: input.name,
        endpoint: settings.endpoint,
        headers: settings.headers,
        channelIds: settings.channel_ids,
        eventTypes: settings.event_types,
        description: input.description,
        teamId: input.team_id,
      };
      if (id === 0) {
        const made = await webhooks.create('incident', change, call.person.person_id);
        return { integration_id: made.webhookId, integration_key: '' };
      }
      await find(webhooks, id);
      await webhooks.update(id, change);
      return { integration_id: id, integration_key: '' };
    },
  );
}

function readings({ webhooks, members }: DatasourceServices): Route[] {
  return [
    query(
      '/datasource/list',
      'Lists the incident webhooks; an older name of /webhook/list, with an array as its data.',
      'viewer',
      { request: shape.datasourceListRequest, reply: shape.datasourceListReply },
      async (input, call) => {
        const mine = input.is_my_team ? (await members.people()).teamIdsOf(call.person.person_id) : undefined;
        const all = (await webhooks.directory()).list
          .filter(isIncidentWebhook)
          .map((one) => datasourceOf(one, call.role));
        const found = all.filter(
          (one) =>
            (input.category === '' || input.category === 'webhook') &&
            (input.plugin_type === '' || input.plugin_type === one.plugin_type) &&
            (input.status === '' || input.status === one.status) &&
            mentions(input.name, one.name) &&
            (input.team_ids.length === 0 || input.team_ids.includes(one.team_id)) &&
            (mine === undefined || mine.includes(one.team_id)),
        );
        return pageOf(
          ordered(found, (one) => one[input.orderby], input.asc),
          input,
        ).items;
      },
    ),
    query(
      '/datasource/desc',
      'Shows an incident webhook; an older name of /webhook/info.',
      'viewer',
      { request: shape.datasourceDescRequest, reply: shape.datasource },
      async (input, { role }) => datasourceOf(await find(webhooks, input.integration_id), role),
    ),
  ];
}

async function find(webhooks: WebhookService, webhookId: number): Promise<Webhook> {
  const webhook = await webhooks.find(webhookId);
  if (!isIncidentWebhook(webhook)) throw notFound('incident webhook', webhookId);
  return webhook;
}

function isIncidentWebhook({ type }: Webhook): boolean {
  return type === 'incident';
}

function datasourceOf(webhook: Webhook, role: Role): z.input<typeof shape.datasource> {
  const { integration_id, team_id, name, status, description, creator_id, created_at, updated_at, ...rest } =
    webhookObject(webhook, role);
  return {
    integration_id,
    team_id,
    name,
    status: status === 'paused' ? 'enabled' : status,
    plugin_id: shape.incidentWebhookPlugin,
    plugin_type: 'webhook.incident',
    plugin_type_name: 'Incident Webhook',
    description,
    integration_key: '',
    settings: {
      channel_ids: rest.channel_ids,
      endpoint: rest.endpoint,
      event_types: rest.event_types,
      headers: rest.headers,
    },
    creator_id,
    created_at,
    updated_at,
  };
}
