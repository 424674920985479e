import type { z } from 'zod';
import { roleIds, roleOf, type Member } from '../../members/member.ts';
import type { Identity, Invitation, MemberChange, MemberService } from '../../members/member-service.ts';
import { seconds } from '../../events/event.ts';
import { Failure, invalid, notFound } from '../../runtime/failure.ts';
import type { Role } from '../../access/role.ts';
import type { SessionService } from '../../access/session-service.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { mentions, numberedPageOf, ordered } from './in-memory-page.ts';
import { command, commandWithReply, query, type Call, type Route } from './route.ts';
import * as shape from '../schemas/member.ts';
import { nothing } from '../schemas/scalars.ts';

export interface MemberServices {
  readonly account: Account;
  readonly members: MemberService;
  readonly sessions: Pick<SessionService<Member>, 'lastSeen'>;
}

/** Everybody may read members; administrators manage them. */
export function memberRoutes(services: MemberServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings({ account, members, sessions }: MemberServices): Route[] {
  return [
    query(
      '/member/list',
      'Lists the members.',
      'viewer',
      { request: shape.memberListRequest, reply: shape.memberListReply },
      async (input) => {
        const people = await members.people();
        const found = people.members.filter(
          (member) =>
            (mentions(input.query, member.name, member.email) || member.phone === input.query) &&
            (input.role_id === undefined || roleIds[member.role] === input.role_id),
        );
        const time = (member: Member) => (input.orderby === 'created_at' ? member.createdAt : member.updatedAt);
        const page = numberedPageOf(ordered(found, time, input.asc), input);
        const seen = await sessions.lastSeen();
        const items = page.items.map((member) => ({
          ...memberObject(member, account),
          last_seen_at: seconds(seen.get(member.memberId) ?? 0),
        }));
        return { ...page, items };
      },
    ),
    query(
      '/member/info',
      'Shows the caller.',
      'viewer',
      { request: nothing, reply: shape.memberInfoReply },
      async (_input, call) => {
        const people = await members.people();
        const member = people.member(call.person.person_id);
        if (member === undefined) throw notFound('member', call.person.person_id);
        const owner = people.members.find((one) => one.role === 'admin');
        return {
          ...memberObject(member, account),
          account_name: account.accountName,
          account_email: owner?.email ?? '',
          account_locale: owner?.locale ?? '',
          account_time_zone: owner?.timeZone ?? '',
          domain: hostOf(account.consoleUrl),
        };
      },
    ),
    query(
      '/account/info',
      'Shows whose installation this is.',
      'viewer',
      { request: nothing, reply: shape.accountInfoReply },
      async () => {
        const owner = (await members.people()).members.find((member) => member.role === 'admin');
        return {
          account_id: account.accountId,
          account_name: account.accountName,
          domain: hostOf(account.consoleUrl),
          email: owner?.email ?? '',
          phone: maskPhone(owner?.phone ?? ''),
          locale: owner?.locale ?? '',
          time_zone: owner?.timeZone ?? '',
          created_at: seconds(owner?.createdAt ?? 0),
        };
      },
    ),
    query(
      '/person/infos',
      'Shows people by their ids; unknown ids are left out.',
      'viewer',
      { request: shape.personInfosRequest, reply: shape.personInfosReply },
      async (input) => {
        const people = await members.people();
        const found = [...new Set(input.person_ids)].flatMap((id) => people.member(id) ?? []);
        return { items: found.map((member) => personObject(member, account)) };
      },
    ),
  ];
}

function changes({ members }: MemberServices): Route[] {
  return [
    commandWithReply(
      '/member/invite',
      'Adds members; each can act once a key was made for them.',
      'admin',
      { request: shape.memberInviteRequest, reply: shape.memberInviteReply },
      async (input) => {
        const invited = await members.invite(input.members.map(invitationOf));
        return { items: invited.map((member) => ({ member_id: member.memberId, member_name: member.name })) };
      },
    ),
    command('/member/update', "Changes a member's role.", 'admin', shape.memberUpdateRequest, (input) =>
      members.changeRole(input.member_id, input.role),
    ),
    command(
      '/member/delete',
      'Deletes a member, with their keys, sessions and password.',
      'admin',
      shape.memberDeleteRequest,
      async (input) => members.remove((await members.identified(identityOf(input))).memberId),
    ),
    command(
      '/member/info/reset',
      'Changes the profile of the caller, or of the member that is named.',
      'viewer',
      shape.memberResetRequest,
      async (input, call) => {
        const { memberId, change } = await profileChange(members, input, call);
        refuseOthers(memberId, change, call);
        return members.changeProfile(memberId, change);
      },
    ),
  ];
}

type MemberResetInput = z.output<typeof shape.memberResetRequest>;

function identityOf(input: z.output<typeof shape.memberDeleteRequest>): Identity {
  const { member_id: memberId, member_name: name, email, phone, country_code: countryCode, ref_id: refId } = input;
  return { memberId, name, email, phone, countryCode, refId };
}

/** Beside `updates` the fields say whose profile it is; without, they are the change, as the vendor's command line has it. */
async function profileChange(
  members: MemberService,
  { updates, ...flat }: MemberResetInput,
  call: Call,
): Promise<{ memberId: number; change: MemberChange }> {
  if (updates !== undefined) {
    const { memberId } = await members.identified(identityOf(flat));
    return { memberId, change: changeOf(updates) };
  }
  const change = changeOf(shape.memberUpdates.parse(flat));
  if (Object.values(change).every((value) => value === undefined)) {
    throw invalid([
      { field: 'member_name', message: 'give what changes: a name, an email, a phone, a language or a time zone' },
    ]);
  }
  if (flat.member_id === undefined) return { memberId: call.person.person_id, change };
  const { memberId } = await members.identified({ memberId: flat.member_id });
  return { memberId, change };
}

function changeOf(updates: NonNullable<MemberResetInput['updates']>): MemberChange {
  const { member_name: name, email, phone, country_code: countryCode, locale, time_zone: timeZone } = updates;
  return { name, email, phone, countryCode, locale, timeZone, refId: updates.ref_id };
}

/** Everybody may change how they are called and reached; whom an address or a reference means is for administrators. */
function refuseOthers(memberId: number, change: MemberChange, call: Call): void {
  if (call.role === 'admin') return;
  if (memberId !== call.person.person_id) {
    throw new Failure('AccessDenied', 'only administrators change other members');
  }
  if (change.email !== undefined || change.refId !== undefined) {
    throw new Failure('AccessDenied', 'only administrators change an email or a ref_id');
  }
}

type InvitationInput = z.output<typeof shape.memberInviteRequest>['members'][number];

function invitationOf(input: InvitationInput): Invitation {
  return {
    name: input.member_name ?? nameFrom(input.email),
    email: input.email,
    countryCode: input.country_code,
    phone: input.phone,
    locale: input.locale,
    timeZone: input.time_zone,
    role: highestRole(input.role_ids),
    refId: input.ref_id,
  };
}

/** A name of one character is extended by the rest of the address. */
function nameFrom(email: string): string {
  const local = email.slice(0, email.indexOf('@'));
  return (local.length < shape.memberNameMinChars ? email : local).slice(0, shape.memberNameMaxChars);
}

/** The lowest id has the most rights. */
function highestRole(ids: readonly number[]): Role {
  return roleOf(Math.min(...ids)) ?? 'viewer';
}

function memberObject(member: Member, account: Account): z.input<typeof shape.member> {
  return {
    account_id: account.accountId,
    member_id: member.memberId,
    member_name: member.name,
    country_code: member.countryCode,
    phone: maskPhone(member.phone),
    email: member.email,
    locale: member.locale,
    time_zone: member.timeZone,
    phone_verified: false,
    email_verified: false,
    avatar: '',
    status: member.status,
    account_role_ids: [roleIds[member.role]],
    role: member.role,
    is_external: false,
    ref_id: member.refId,
    created_at: seconds(member.createdAt),
    updated_at: seconds(member.updatedAt),
  };
}

function personObject(member: Member, account: Account): z.input<typeof shape.personInfosReply>['items'][number] {
  return {
    account_id: account.accountId,
    person_id: member.memberId,
    person_name: member.name,
    avatar: '',
    locale: member.locale,
    time_zone: member.timeZone,
    email: member.email,
    phone: maskPhone(member.phone),
    phone_verified: false,
    email_verified: false,
    as: 'member',
    status: member.status,
  };
}

/** The country's code, the first three digits and the last four (contract 6.8). */
function maskPhone(phone: string): string {
  if (phone === '') return '';
  const [, code = '', number = ''] = /^(\+\d{1,3}(?=\d{7,})|\+?)(.*)$/.exec(phone.replaceAll(/[ -]/g, '')) ?? [];
  return number.length < 8 ? `${code}****${number.slice(-4)}` : `${code}${number.slice(0, 3)}****${number.slice(-4)}`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
