import { notFound } from '../../runtime/failure.ts';
import type { Members } from '../../members/members.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import type { Webhooks } from '../../webhooks/webhooks.ts';
import { mentions, ordered, pageOf } from '../held-list.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/datasource.ts';
import { webhookObject } from './webhook-object.ts';
import type { z } from 'zod';

export interface DatasourceServices {
  readonly webhooks: Webhooks;
  readonly members: Members;
}

/** Incident webhooks under their older names (contract 2.2): the same webhooks, by the same services. */
export function datasourceRoutes(services: DatasourceServices): Route[] {
  return [upsert(services), ...readings(services)];
}

function upsert({ webhooks }: DatasourceServices): Route {
  return route({
    path: '/datasource/upsert',
    summary: 'Makes or changes an incident webhook; an older name of /webhook/create and /webhook/update.',
    role: 'admin',
    writes: true,
    request: shape.datasourceUpsertRequest,
    reply: shape.datasourceUpsertReply,
    handle: async (input, call) => {
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
  });
}

function readings({ webhooks, members }: DatasourceServices): Route[] {
  return [
    route({
      path: '/datasource/list',
      summary: 'Lists the incident webhooks; an older name of /webhook/list, with an array as its data.',
      role: 'viewer',
      writes: false,
      request: shape.datasourceListRequest,
      reply: shape.datasourceListReply,
      handle: async (input, call) => {
        const mine = input.is_my_team ? (await members.people()).teamIdsOf(call.person.person_id) : undefined;
        const all = (await webhooks.directory()).list.filter(isIncidentWebhook).map(datasourceOf);
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
    }),
    route({
      path: '/datasource/desc',
      summary: 'Shows an incident webhook; an older name of /webhook/info.',
      role: 'viewer',
      writes: false,
      request: shape.datasourceDescRequest,
      reply: shape.datasource,
      handle: async (input) => datasourceOf(await find(webhooks, input.integration_id)),
    }),
  ];
}

async function find(webhooks: Webhooks, webhookId: number): Promise<Webhook> {
  const webhook = await webhooks.find(webhookId);
  if (!isIncidentWebhook(webhook)) throw notFound('incident webhook', webhookId);
  return webhook;
}

function isIncidentWebhook({ type }: Webhook): boolean {
  return type === 'incident';
}

function datasourceOf(webhook: Webhook): z.input<typeof shape.datasource> {
  const { integration_id, team_id, name, status, description, creator_id, created_at, updated_at, ...rest } =
    webhookObject(webhook);
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
