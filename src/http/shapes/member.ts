import { z } from 'zod';
import { limitDefault, limitMax } from '../paging.ts';
import { numberedListOf, numberId, query, refId } from './fields.ts';
import { seconds } from './scalars.ts';

/** `account_role_ids` of contract 6.8: 1 = admin, 2 = responder, 3 = viewer. */
const roleId = z.int({ error: 'must be 1 (admin), 2 (responder) or 3 (viewer)' }).min(1).max(3);
const role = z.enum(['admin', 'responder', 'viewer']);
const locale = z.string().regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en-US');
const timeZone = z.string().regex(/^[A-Za-z0-9_+/-]{1,64}$/, 'must be a time zone name such as Europe/Berlin');

export const member = z
  .object({
    account_id: numberId,
    member_id: numberId,
    member_name: z.string(),
    country_code: z.string(),
    phone: z.string().describe('Masked but for its last four digits.'),
    email: z.string(),
    locale: z.string(),
    time_zone: z.string(),
    phone_verified: z.boolean(),
    email_verified: z.boolean(),
    avatar: z.string(),
    status: z.enum(['enabled', 'pending', 'deleted']),
    account_role_ids: z.array(z.int()).describe('1 = admin, 2 = responder, 3 = viewer.'),
    role,
    is_external: z.boolean(),
    ref_id: z.string(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Member' });

export const memberListRequest = z.object({
  p: z.int().min(1).default(1),
  limit: z.int().min(1).max(limitMax).default(limitDefault),
  orderby: z.enum(['created_at', 'updated_at']).default('created_at'),
  asc: z.boolean().default(false),
  query: query.optional().describe('Part of the name or the email, or the exact phone.'),
  role_id: roleId.optional(),
});
export const memberListReply = numberedListOf(member);

export const memberInfoReply = member.extend({ account_name: z.string() });

export const memberNameMinChars = 2;
export const memberNameMaxChars = 39;
export const invitationsMax = 20;

const invitation = z.object({
  member_name: z
    .string()
    .trim()
    .min(memberNameMinChars)
    .max(memberNameMaxChars)
    .optional()
    .describe('The email up to its @ when left out.'),
  email: z.string().trim().toLowerCase().max(254).pipe(z.email('must be an email address')),
  phone: z
    .string()
    .regex(/^[0-9 +-]{0,32}$/, 'must have digits only')
    .default(''),
  country_code: z
    .string()
    .regex(/^(|[A-Z]{2})$/, 'must be two capital letters')
    .default(''),
  role_ids: z.array(roleId).max(3).default([3]).describe('The highest of them counts.'),
  locale: locale.default('en-US'),
  time_zone: timeZone.default('UTC'),
  ref_id: refId.default(''),
});

export const memberInviteRequest = z.object({
  members: z.array(invitation).min(1).max(invitationsMax),
  from: z.string().max(64).optional().describe('Taken for compatibility, without effect.'),
});
export const memberInviteReply = z.object({
  items: z.array(z.object({ member_id: numberId, member_name: z.string() })),
});

export const memberUpdateRequest = z.object({ member_id: numberId, role });
export const memberDeleteRequest = z.object({ member_id: numberId });

export const accountInfoReply = z.object({
  account_id: numberId,
  account_name: z.string(),
  email: z.string().describe('Of the oldest administrator.'),
  locale: z.string(),
  time_zone: z.string(),
});

export const personIdsMax = 1000;
export const personInfosRequest = z.object({ person_ids: z.array(z.int().min(0)).max(personIdsMax) });
export const personInfosReply = z.object({
  items: z.array(
    z.object({
      account_id: numberId,
      person_id: numberId,
      person_name: z.string(),
      avatar: z.string(),
      locale: z.string(),
      time_zone: z.string(),
      email: z.string(),
      phone: z.string(),
      phone_verified: z.boolean(),
      email_verified: z.boolean(),
      as: z.literal('member'),
      status: z.string(),
    }),
  ),
});
