import type { z } from 'zod';
import type { Channel, ChannelDirectory } from '../../channels/channel.ts';
import type { Channels } from '../../channels/channels.ts';
import type { Members } from '../../members/members.ts';
import type { People } from '../../members/people.ts';
import { notFound } from '../../runtime/failure.ts';
import type { Account } from '../../ingestion/directories.ts';
import { mentions, ordered, pageOf } from '../held-list.ts';
import { route, type Call, type Route } from '../route.ts';
import * as shape from '../shapes/channel.ts';
import { nothing } from '../shapes/scalars.ts';
import { briefObject, channelObject, changeOf } from './channel-object.ts';

export interface ChannelServices {
  readonly account: Account;
  readonly channels: Channels;
  readonly members: Members;
}

/** Channels may be read by everybody and are configured by administrators. */
export function channelRoutes(services: ChannelServices): Route[] {
  return [...readings(services), ...changes(services.channels)];
}

function readings({ account, channels, members }: ChannelServices): Route[] {
  return [
    route({
      path: '/channel/info',
      summary: 'Shows a channel.',
      role: 'viewer',
      writes: false,
      request: shape.channelRequest,
      reply: shape.channel,
      handle: async (input) => {
        const channel = (await channels.directory()).find(input.channel_id);
        if (channel === undefined) throw notFound('channel', input.channel_id);
        return channelObject(channel, await members.people(), account);
      },
    }),
    route({
      path: '/channel/infos',
      summary: 'Names channels by their ids; unknown ids are left out.',
      role: 'viewer',
      writes: false,
      request: shape.channelInfosRequest,
      reply: shape.channelInfosReply,
      handle: async (input) => {
        const directory = await channels.directory();
        const found = [...new Set(input.channel_ids)].flatMap((id) => directory.find(id) ?? []);
        return {
          items: found.map(({ channelId, name, status }) => ({ channel_id: channelId, channel_name: name, status })),
        };
      },
    }),
    route({
      path: '/channel/list',
      summary: 'Lists the channels.',
      role: 'viewer',
      writes: false,
      request: shape.channelListRequest,
      reply: shape.channelListReply,
      handle: async (input, call) => {
        const people = await members.people();
        const found = chosen(await channels.directory(), people, input, call);
        if (input.is_brief) return { items: found.map(briefObject), total: found.length, has_next_page: false };
        const page = pageOf(found, input);
        return { ...page, items: page.items.map((channel) => channelObject(channel, people, account)) };
      },
    }),
  ];
}

function changes(channels: Channels): Route[] {
  return [
    route({
      path: '/channel/create',
      summary: 'Makes a channel.',
      role: 'admin',
      writes: true,
      request: shape.channelCreateRequest,
      reply: shape.channelCreateReply,
      handle: async (input, call) => {
        const change = { ...changeOf(input), name: input.channel_name };
        const channel = await channels.create(change, call.person.person_id);
        return { channel_id: channel.channelId, channel_name: channel.name };
      },
    }),
    route({
      path: '/channel/update',
      summary: 'Changes what is sent of a channel; group and flapping as a whole.',
      role: 'admin',
      writes: true,
      request: shape.channelUpdateRequest,
      reply: nothing,
      handle: async (input) => {
        await channels.update(input.channel_id, changeOf(input));
        return {};
      },
    }),
    change('/channel/enable', 'Lets a channel take alerts again.', (id) => channels.setStatus(id, 'enabled')),
    change('/channel/disable', 'Lets a channel take no new alerts; what it holds stays.', (id) =>
      channels.setStatus(id, 'disabled'),
    ),
    change('/channel/delete', 'Deletes a channel that no enabled integration sends into.', (id) => channels.remove(id)),
  ];
}

function change(path: Route['path'], summary: string, work: (channelId: number) => Promise<void>): Route {
  return route({
    path,
    summary,
    role: 'admin',
    writes: true,
    request: shape.channelRequest,
    reply: nothing,
    handle: async (input) => {
      await work(input.channel_id);
      return {};
    },
  });
}

type ListInput = z.output<typeof shape.channelListRequest>;

function chosen(directory: ChannelDirectory, people: People, input: ListInput, call: Call): Channel[] {
  const mine = new Set(people.teamIdsOf(call.person.person_id));
  const found = directory.list.filter(
    (channel) =>
      mentions(input.query, channel.name, channel.description) &&
      (input.channel_name === undefined || channel.name === input.channel_name) &&
      (input.channel_ids === undefined || input.channel_ids.includes(channel.channelId)) &&
      (input.team_ids === undefined || input.team_ids.includes(channel.teamId)) &&
      (!input.is_my_team || mine.has(channel.teamId)) &&
      (!input.is_my_managed || channel.settings.managingTeamIds.some((id) => mine.has(id))) &&
      !input.is_my_starred,
  );
  if (input.orderby === 'ranking') return found;
  return ordered(found, orders[input.orderby], input.asc);
}

const orders: Readonly<Record<'created_at' | 'updated_at' | 'channel_name', (channel: Channel) => string | number>> = {
  created_at: (channel) => channel.createdAt,
  updated_at: (channel) => channel.updatedAt,
  channel_name: (channel) => channel.name,
};
