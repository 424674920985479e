import type { z } from 'zod';
import { keyHint } from '../../access/key.ts';
import type { ChannelDirectory } from '../../channels/channel.ts';
import type { Channels } from '../../channels/channels.ts';
import { seconds } from '../../events/event.ts';
import { pushPath, type Integration } from '../../ingestion/integration.ts';
import type { Integrations } from '../../ingestion/integrations.ts';
import { notFound } from '../../runtime/failure.ts';
import { mentions, pageOf } from '../held-list.ts';
import { route, type Call, type Route } from '../route.ts';
import * as shape from '../shapes/integration.ts';
import { nothing } from '../shapes/scalars.ts';

export interface IntegrationServices {
  readonly channels: Channels;
  readonly integrations: Integrations;
  /** Where sources reach this service: the start of every push URL, without a slash at its end. */
  readonly publicUrl: string;
}

/** Integrations may be read by everybody, but whoever has a key can send alerts: keys are for administrators. */
export function integrationRoutes(services: IntegrationServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings(services: IntegrationServices): Route[] {
  const { channels, integrations } = services;
  return [
    route({
      path: '/integration/list',
      summary: 'Lists the integrations, the oldest first.',
      role: 'viewer',
      writes: false,
      request: shape.integrationListRequest,
      reply: shape.integrationListReply,
      handle: async (input, call) => {
        const found = (await integrations.directory()).list.filter(
          (one) =>
            mentions(input.query, one.name, one.description) &&
            (input.type === undefined || one.type === input.type) &&
            (input.status === undefined || one.status === input.status) &&
            (input.channel_id === undefined || one.channelId === input.channel_id),
        );
        const page = pageOf(found, input);
        const directory = await channels.directory();
        const items = page.items.map((one) => integrationObject(one, directory, services, call));
        return { ...page, items: await Promise.all(items) };
      },
    }),
    route({
      path: '/integration/info',
      summary: 'Shows an integration.',
      role: 'viewer',
      writes: false,
      request: shape.integrationRequest,
      reply: shape.integration,
      handle: async (input, call) => {
        const one = (await integrations.directory()).find(input.integration_id);
        if (one === undefined) throw notFound('integration', input.integration_id);
        return integrationObject(one, await channels.directory(), services, call);
      },
    }),
  ];
}

function changes({ integrations, publicUrl }: IntegrationServices): Route[] {
  return [
    route({
      path: '/integration/create',
      summary: 'Makes an integration: a key that a source sends with, and the URL that it sends to.',
      role: 'admin',
      writes: true,
      request: shape.integrationCreateRequest,
      reply: shape.integrationCreateReply,
      handle: async (input, call) => {
        const made = await integrations.create({ ...changeOf(input), ...required(input) }, call.person.person_id);
        return {
          integration_id: made.integrationId,
          integration_key: made.key,
          push_url: publicUrl + pushPath(made.type, made.key),
        };
      },
    }),
    route({
      path: '/integration/update',
      summary: 'Changes what is sent of an integration.',
      role: 'admin',
      writes: true,
      request: shape.integrationUpdateRequest,
      reply: nothing,
      handle: async (input) => {
        await integrations.update(input.integration_id, { ...changeOf(input), status: input.status });
        return {};
      },
    }),
    route({
      path: '/integration/delete',
      summary: 'Deletes an integration: its key is refused from then on.',
      role: 'admin',
      writes: true,
      request: shape.integrationRequest,
      reply: nothing,
      handle: async (input) => {
        await integrations.remove(input.integration_id);
        return {};
      },
    }),
  ];
}

type CreateInput = z.output<typeof shape.integrationCreateRequest>;

function required(input: CreateInput) {
  return { name: input.name, type: input.type, channelId: input.channel_id };
}

function changeOf(input: CreateInput | z.output<typeof shape.integrationUpdateRequest>) {
  return {
    name: input.name,
    description: input.description,
    channelId: input.channel_id,
    teamId: input.team_id,
    refId: input.ref_id,
    key: input.integration_key,
  };
}

async function integrationObject(
  one: Integration,
  channels: ChannelDirectory,
  { integrations, publicUrl }: IntegrationServices,
  call: Call,
): Promise<z.input<typeof shape.integration>> {
  const hidden = call.role !== 'admin';
  return {
    integration_id: one.integrationId,
    name: one.name,
    type: one.type,
    description: one.description,
    channel_id: one.channelId,
    channel_name: channels.find(one.channelId)?.name ?? '',
    team_id: one.teamId,
    status: one.status,
    integration_key: hidden ? keyHint(one.key) : one.key,
    push_url: publicUrl + (hidden ? pushPath(one.type, '') + keyHint(one.key) : pushPath(one.type, one.key)),
    ref_id: one.refId,
    last_event_at: seconds(await integrations.lastEventAt(one.integrationId)),
    creator_id: one.creatorId,
    created_at: seconds(one.createdAt),
    updated_at: seconds(one.updatedAt),
  };
}
