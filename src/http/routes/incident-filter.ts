import type { z } from 'zod';
import type { ChannelDirectory } from '../../channels/channel.ts';
import type { Channels } from '../../channels/channels.ts';
import { conditionFaults, type Conditions } from '../../filters/condition.ts';
import { compileConditions } from '../../filters/matcher.ts';
import type { Incident } from '../../incidents/incident.ts';
import type { IncidentFilter } from '../../incidents/incident-list-store.ts';
import type { Members } from '../../members/members.ts';
import { invalid } from '../../runtime/failure.ts';
import type * as shape from '../shapes/incident.ts';

export interface FilterServices {
  readonly channels: Channels;
  readonly members: Members;
}

type Input = z.output<typeof shape.listIncidents>;

/** Which incidents a list shows (contract 6.3). */
export async function incidentFilter(
  services: FilterServices,
  input: Input,
  callerId: number,
  now: number,
): Promise<IncidentFilter> {
  const title = titleFilter(input.title);
  return {
    startTime: input.start_time * 1000,
    endTime: input.end_time * 1000,
    progress: words(input.progress),
    severities: words(input.incident_severity),
    channelIds: await channelIds(services, input, callerId),
    incidentIds: input.incident_ids,
    nums: input.nums,
    creatorIds: input.creator_ids,
    closerIds: input.closer_ids,
    query: input.query,
    snoozedAt: input.is_snoozed === undefined ? undefined : { now, snoozed: input.is_snoozed },
    everMuted: input.ever_muted,
    also: needsLook(input) ? (incident) => fits(incident, input) && title(incident) : undefined,
  };
}

/** The words of a comma-separated list. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** What no channel has: an empty list would restrict nothing. */
const noChannel = [-1];

/** Teams stand for the channels that they look after; a caller's channels are also those that their teams manage. */
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

/** The title as the filter language has it (contract 7.1): whole and exact, an expression, or with wildcards. */
function titleFilter(title: string): (incident: Incident) => boolean {
  if (title === '') return () => true;
  const conditions: Conditions = [{ key: 'title', oper: 'IN', vals: [title] }];
  const faults = conditionFaults(conditions, { subject: 'incident' }, 'title');
  if (faults.length > 0) throw invalid(faults.map(({ message }) => ({ field: 'title', message })));
  return compileConditions(conditions);
}

function needsLook(input: Input): boolean {
  const { responder_ids: responders, acker_ids: ackers, labels, fields, title } = input;
  return title !== '' || responders.length > 0 || ackers.length > 0 || hasKeys(labels) || hasKeys(fields);
}

function fits(incident: Incident, input: Input): boolean {
  const { responder_ids: responders, acker_ids: ackers } = input;
  const acknowledged = incident.responders.filter((one) => one.acknowledgedAt !== 0);
  return (
    (responders.length === 0 || incident.responders.some((one) => responders.includes(one.personId))) &&
    (ackers.length === 0 || acknowledged.some((one) => ackers.includes(one.personId))) &&
    hasAll(incident.labels, input.labels) &&
    hasAll(incident.fields, input.fields)
  );
}

function hasAll(values: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(values, name) && JSON.stringify(values[name]) === JSON.stringify(value),
  );
}

function hasKeys(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length > 0;
}
