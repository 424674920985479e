import type { z } from 'zod';
import type { Channel, ChannelDirectory } from '../../channels/channel.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { People } from '../../members/people.ts';
import { notFound } from '../../runtime/failure.ts';
import { truncate } from '../../ingestion/formats/text.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { mentions, ordered, pageOf } from './in-memory-page.ts';
import { command, commandWithReply, query, type Call, type Route } from './route.ts';
import * as shape from '../schemas/channel.ts';
import { briefObject, channelObject, changeOf } from './channel-object.ts';
import { ruleChangeOf } from './escalation.ts';
import { ruleFields, ruleNameMaxChars } from '../schemas/escalation.ts';
import type { Database } from '../../database/database.ts';
import { readActivity } from '../../incidents/channel-activity-store.ts';
import type { EscalationRuleService } from '../../incidents/escalation/rule-service.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface ChannelServices {
  readonly account: Account;
  readonly channels: ChannelService;
  readonly members: MemberService;
  readonly escalationRules: EscalationRuleService;
  readonly database: Database;
  readonly clock: Clock;
}

/** Everybody may read channels; administrators configure them. */
export function channelRoutes(services: ChannelServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings({ account, channels, members, database, clock }: ChannelServices): Route[] {
  const activityOf = (found: readonly Channel[]) =>
    readActivity(
      database,
      found.map((channel) => channel.channelId),
      clock.now(),
    );
  return [
    query(
      '/channel/info',
      'Shows a channel.',
      'viewer',
      { request: shape.channelRequest, reply: shape.channel },
      async (input) => {
        const channel = (await channels.directory()).find(input.channel_id);
        if (channel === undefined) throw notFound('channel', input.channel_id);
        const activity = (await activityOf([channel])).get(channel.channelId);
        return channelObject(channel, await members.people(), account, activity);
      },
    ),
    query(
      '/channel/infos',
      'Names channels by their ids; unknown ids are left out.',
      'viewer',
      { request: shape.channelInfosRequest, reply: shape.channelInfosReply },
      async (input) => {
        const directory = await channels.directory();
        const found = [...new Set(input.channel_ids)].flatMap((id) => directory.find(id) ?? []);
        return {
          items: found.map(({ channelId, name, status }) => ({ channel_id: channelId, channel_name: name, status })),
        };
      },
    ),
    query(
      '/channel/list',
      'Lists the channels.',
      'viewer',
      { request: shape.channelListRequest, reply: shape.channelListReply },
      async (input, call) => {
        const people = await members.people();
        const all = chosen(await channels.directory(), people, input, call);
        const activities = input.orderby === 'last_incident_at' ? await activityOf(all) : undefined;
        const lastOf = (channel: Channel) => activities?.get(channel.channelId)?.lastIncidentAt ?? 0;
        const found = activities === undefined ? all : ordered(all, lastOf, input.asc);
        if (input.is_brief) return { items: found.map(briefObject), total: found.length, has_next_page: false };
        const page = pageOf(found, input);
        const activity = await activityOf(page.items);
        const object = (channel: Channel) => channelObject(channel, people, account, activity.get(channel.channelId));
        return { ...page, items: page.items.map(object) };
      },
    ),
  ];
}

function changes({ channels, escalationRules }: ChannelServices): Route[] {
  return [
    commandWithReply(
      '/channel/create',
      'Makes a channel.',
      'admin',
      { request: shape.channelCreateRequest, reply: shape.channelCreateReply },
      async (input, call) => {
        const change = { ...changeOf(input), name: input.channel_name };
        const channel = await channels.create(change, call.person.person_id);
        if (input.escalate_rule !== undefined) {
          await firstRule(escalationRules, channel, input.escalate_rule, call.person.person_id).catch(
            async (error: unknown) => {
              // A channel without the rule that was asked for is not kept.
              await channels.remove(channel.channelId);
              throw error;
            },
          );
        }
        return { channel_id: channel.channelId, channel_name: channel.name };
      },
      (sound) => channels.faultsOf(0, changeOf(sound)),
    ),
    command(
      '/channel/update',
      'Changes the given fields of a channel; group and flapping as a whole.',
      'admin',
      shape.channelUpdateRequest,
      (input) => channels.update(input.channel_id, changeOf(input)),
      (sound) => channels.faultsOf(sound.channel_id ?? 0, changeOf(sound)),
    ),
    change('/channel/enable', 'Lets a channel take alerts again.', (id) => channels.setStatus(id, 'enabled')),
    change('/channel/disable', 'Lets a channel take no new alerts; what it holds stays.', (id) =>
      channels.setStatus(id, 'disabled'),
    ),
    change('/channel/delete', "Deletes a channel that is no enabled integration's own; routes lose it.", (id) =>
      channels.remove(id),
    ),
  ];
}

function change(path: Route['path'], summary: string, work: (channelId: number) => Promise<void>): Route {
  return command(path, summary, 'admin', shape.channelRequest, (input) => work(input.channel_id));
}

const onlyLayer = ruleFields.layers;

/** A rule that is made with its channel. */
async function firstRule(
  rules: EscalationRuleService,
  channel: Channel,
  rule: NonNullable<z.output<typeof shape.channelCreateRequest>['escalate_rule']>,
  creatorId: number,
): Promise<void> {
  const name = rule.rule_name ?? truncate(channel.name, ruleNameMaxChars);
  const layers = rule.layers ?? onlyLayer.parse([{ target: rule.target }]);
  await rules.create(channel.channelId, ruleChangeOf({ ...rule, rule_name: name, layers }), creatorId);
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
  if (input.orderby === 'ranking' || input.orderby === 'last_incident_at') return found;
  return ordered(found, orders[input.orderby], input.asc);
}

const orders: Readonly<Record<'created_at' | 'updated_at' | 'channel_name', (channel: Channel) => string | number>> = {
  created_at: (channel) => channel.createdAt,
  updated_at: (channel) => channel.updatedAt,
  channel_name: (channel) => channel.name,
};
