import type { Channel, ChannelDirectory } from '../channels/channel.ts';
import type { Member } from '../members/member.ts';
import type { People } from '../members/people.ts';
import { invalid, type Fault } from '../runtime/failure.ts';
import { isObject } from './formats/fields.ts';

/** The channels that a source offers to its users (contract 6.9). */
export interface PickableChannels {
  readonly items: readonly { channel_id: number; channel_name: string; status: string }[];
  readonly total: number;
}

/**
 * The channels that match the body: part of a name, ids, and a member whose teams look after them.
 * @throws Failure that names every field of a wrong type.
 */
export function pickableChannels(body: unknown, channels: ChannelDirectory, people: People): PickableChannels {
  const wanted = read(body);
  const query = (wanted.query ?? '').trim().toLowerCase();
  const teams = teamsOf(wanted, people);
  const found = channels.list.filter(
    (channel) =>
      channel.name.toLowerCase().includes(query) &&
      (wanted.channel_ids === undefined || wanted.channel_ids.includes(channel.channelId)) &&
      (teams === undefined || isLookedAfterBy(channel, teams)),
  );
  const items = found.map(({ channelId, name, status }) => ({ channel_id: channelId, channel_name: name, status }));
  return { items, total: items.length };
}

interface Wanted {
  query?: string;
  channel_ids?: readonly number[];
  member_id?: number;
  member_name?: string;
  email?: string;
  phone?: string;
  country_code?: string;
}

const texts = ['query', 'member_name', 'email', 'phone', 'country_code'] as const;

/** `null` and empty values count as absent. */
function read(body: unknown): Wanted {
  const fields = isObject(body) ? body : {};
  const faults: Fault[] = [];
  const wanted: Wanted = {};
  for (const name of texts) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string') faults.push({ field: name, message: 'must be a text' });
    else if (value !== '') wanted[name] = value;
  }
  const memberId = fields['member_id'] ?? 0;
  if (!isId(memberId)) faults.push({ field: 'member_id', message: 'must be a number' });
  else if (memberId !== 0) wanted.member_id = memberId;
  const ids = fields['channel_ids'] ?? [];
  if (!Array.isArray(ids) || !ids.every(isId))
    faults.push({ field: 'channel_ids', message: 'must be a list of numbers' });
  else if (ids.length > 0) wanted.channel_ids = ids;
  if (faults.length > 0) throw invalid(faults);
  return wanted;
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** `undefined` when the body names no member. */
function teamsOf(wanted: Wanted, people: People): ReadonlySet<number> | undefined {
  const { member_id, member_name, email, phone } = wanted;
  if (member_id === undefined && member_name === undefined && email === undefined && phone === undefined) {
    return undefined;
  }
  const member = people.members.find((one) => isMeant(one, wanted));
  return new Set(member === undefined ? [] : people.teamIdsOf(member.memberId));
}

function isMeant(member: Member, { member_id, member_name, email, phone, country_code }: Wanted): boolean {
  return (
    (member_id === undefined || member.memberId === member_id) &&
    (member_name === undefined || member.name === member_name) &&
    (email === undefined || member.email === email.toLowerCase()) &&
    (phone === undefined || member.phone === phone) &&
    (phone === undefined || country_code === undefined || member.countryCode === country_code)
  );
}

function isLookedAfterBy({ teamId, settings }: Channel, teams: ReadonlySet<number>): boolean {
  return teams.has(teamId) || settings.managingTeamIds.some((id) => teams.has(id));
}
