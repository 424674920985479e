import type { z } from 'zod';
import { roleIds, roleOf, type Member } from '../../members/member.ts';
import type { Invitation, Members } from '../../members/members.ts';
import { seconds } from '../../events/event.ts';
import { notFound } from '../../runtime/failure.ts';
import type { Role } from '../../access/role.ts';
import type { Account } from '../../ingestion/directories.ts';
import { mentions, numberedPageOf, ordered } from '../held-list.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/member.ts';
import { nothing } from '../shapes/scalars.ts';

export interface MemberServices {
  readonly account: Account;
  readonly members: Members;
}

/** Who there is may be read by everybody; who may come in and what they may do is for administrators. */
export function memberRoutes(services: MemberServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings({ account, members }: MemberServices): Route[] {
  return [
    route({
      path: '/member/list',
      summary: 'Lists the members.',
      role: 'viewer',
      writes: false,
      request: shape.memberListRequest,
      reply: shape.memberListReply,
      handle: async (input) => {
        const people = await members.people();
        const found = people.members.filter(
          (member) =>
            (mentions(input.query, member.name, member.email) || member.phone === input.query) &&
            (input.role_id === undefined || roleIds[member.role] === input.role_id),
        );
        const time = (member: Member) => (input.orderby === 'created_at' ? member.createdAt : member.updatedAt);
        const page = numberedPageOf(ordered(found, time, input.asc), input);
        return { ...page, items: page.items.map((member) => memberObject(member, account)) };
      },
    }),
    route({
      path: '/member/info',
      summary: 'Shows the caller.',
      role: 'viewer',
      writes: false,
      request: nothing,
      reply: shape.memberInfoReply,
      handle: async (_input, call) => {
        const member = (await members.people()).member(call.person.person_id);
        if (member === undefined) throw notFound('member', call.person.person_id);
        return { ...memberObject(member, account), account_name: account.accountName };
      },
    }),
    route({
      path: '/account/info',
      summary: 'Shows whose installation this is.',
      role: 'viewer',
      writes: false,
      request: nothing,
      reply: shape.accountInfoReply,
      handle: async () => {
        const owner = (await members.people()).members.find((member) => member.role === 'admin');
        return {
          account_id: account.accountId,
          account_name: account.accountName,
          email: owner?.email ?? '',
          locale: owner?.locale ?? '',
          time_zone: owner?.timeZone ?? '',
        };
      },
    }),
    route({
      path: '/person/infos',
      summary: 'Shows people by their ids; unknown ids are left out.',
      role: 'viewer',
      writes: false,
      request: shape.personInfosRequest,
      reply: shape.personInfosReply,
      handle: async (input) => {
        const people = await members.people();
        const found = [...new Set(input.person_ids)].flatMap((id) => people.member(id) ?? []);
        return { items: found.map((member) => personObject(member, account)) };
      },
    }),
  ];
}

function changes({ members }: MemberServices): Route[] {
  return [
    route({
      path: '/member/invite',
      summary: 'Adds members; each can act once a key was made for them.',
      role: 'admin',
      writes: true,
      request: shape.memberInviteRequest,
      reply: shape.memberInviteReply,
      handle: async (input) => {
        const invited = await members.invite(input.members.map(invitationOf));
        return { items: invited.map((member) => ({ member_id: member.memberId, member_name: member.name })) };
      },
    }),
    route({
      path: '/member/update',
      summary: "Changes a member's role.",
      role: 'admin',
      writes: true,
      request: shape.memberUpdateRequest,
      reply: nothing,
      handle: async (input) => {
        await members.changeRole(input.member_id, input.role);
        return {};
      },
    }),
    route({
      path: '/member/delete',
      summary: 'Deletes a member and all keys of theirs.',
      role: 'admin',
      writes: true,
      request: shape.memberDeleteRequest,
      reply: nothing,
      handle: async (input) => {
        await members.remove(input.member_id);
        return {};
      },
    }),
  ];
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

/** A name of one character is made longer by the rest of the address. */
function nameFrom(email: string): string {
  const local = email.slice(0, email.indexOf('@'));
  return (local.length < shape.memberNameMinChars ? email : local).slice(0, shape.memberNameMaxChars);
}

/** The lowest id has the most rights; nobody gets more than what was asked for. */
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

function maskPhone(phone: string): string {
  return phone === '' ? '' : `****${phone.slice(-4)}`;
}
