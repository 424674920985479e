import type { z } from 'zod';
import type { ChannelDirectory } from '../../channels/channel.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import type { IncidentFilter } from '../../incidents/incident-list-store.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { incidentStatsRequest } from '../schemas/incident-stats.ts';

export interface FilterServices {
  readonly channels: ChannelService;
  readonly members: MemberService;
}

type Input = z.output<typeof incidentStatsRequest>;

/** The filter of a list of incidents (contract 6.3). */
export async function incidentFilter(
  services: FilterServices,
  input: Input,
  callerId: number,
  now: number,
): Promise<IncidentFilter> {
  return {
    startTime: (input.start_time ?? 0) * 1000,
    endTime: input.end_time === undefined ? Number.POSITIVE_INFINITY : endOfWindow(input.end_time * 1000, now),
    progress: words(input.progress),
    severities: words(input.incident_severity),
    channelIds: await channelIds(services, input, callerId),
    incidentIds: input.incident_ids,
    nums: input.nums,
    creatorIds: input.creator_ids,
    closerIds: input.closer_ids,
    query: input.query,
    title: input.title,
    labels: input.labels,
    fields: input.fields,
    responderIds: input.responder_ids,
    ackerIds: input.acker_ids,
    snoozedAt: input.is_snoozed === undefined ? undefined : { now, snoozed: input.is_snoozed },
    everMuted: input.ever_muted,
    rare: input.is_rare,
    also: lookOf(input),
  };
}

/** The clock of a sender may be ahead of ours by as much, and that of a client be behind. */
const clockSkewMs = 300_000;

/** A list until now shows everything that is open now, though its time lies a little ahead. */
export function endOfWindow(end: number, now: number): number {
  return end >= now - clockSkewMs && end <= now ? now + clockSkewMs : end;
}

/** The words of a comma-separated list, each with a capital letter. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/** An id that no channel has: an empty list would restrict nothing. */
const noChannel = [-1];

/** Replaces teams by the channels that they look after; a caller's channels are also those that their teams manage. */
async function channelIds({ channels, members }: FilterServices, input: Input, callerId: number): Promise<number[]> {
  const asked = [input.team_ids.length > 0, input.is_my_team, input.is_my_channel];
  if (!asked.includes(true)) return input.channel_ids;
  const mine = new Set((await members.people()).teamIdsOf(callerId));
  const chosen = (await channels.directory()).list.filter(
    (channel) =>
      (input.channel_ids.length === 0 || input.channel_ids.includes(channel.channelId)) &&
      (input.team_ids.length === 0 || input.team_ids.includes(channel.teamId)) &&
      (!input.is_my_team || mine.has(channel.teamId)) &&
      (!input.is_my_channel || isOf(channel, mine)),
  );
  return chosen.length === 0 ? noChannel : chosen.map((channel) => channel.channelId);
}

function isOf(channel: ChannelDirectory['list'][number], teamIds: ReadonlySet<number>): boolean {
  return teamIds.has(channel.teamId) || channel.settings.managingTeamIds.some((id) => teamIds.has(id));
}

/** The check of those who have acknowledged, which SQL cannot express over both databases. */
function lookOf({ acker_ids: ackers }: Input): IncidentFilter['also'] {
  if (ackers.length === 0) return undefined;
  return ({ responders }) => responders.some((one) => one.acknowledgedAt !== 0 && ackers.includes(one.personId));
}
