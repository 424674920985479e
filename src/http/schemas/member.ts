import { z } from 'zod';
import { limitDefault, limitMax, orZero, pageFields } from '../routes/paging.ts';
import { numberedListOf, numberId, query, refId } from './fields.ts';
import { seconds } from './scalars.ts';

const timeZoneAdvice = 'must be a time zone name such as Europe/Berlin';

/** `account_role_ids` of contract 6.8: 1 = admin, 2 = responder, 3 = viewer. */
const roleId = z.int({ error: 'must be 1 (admin), 2 (responder) or 3 (viewer)' }).min(1).max(3);
export const role = z.enum(['admin', 'responder', 'viewer']);
const locale = z.string().regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en-US');
const timeZone = z
  .string()
  .regex(/^[A-Za-z0-9_+/-]{1,64}$/, timeZoneAdvice)
  .refine(isTimeZone, timeZoneAdvice)
  .describe('The name of a time zone, such as Europe/Berlin.');

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
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  search_after_ctx: pageFields.search_after_ctx,
  orderby: z.enum(['created_at', 'updated_at']).default('created_at'),
  asc: z.boolean().default(false),
  query: query.optional().describe('Part of the name or the email, or the exact phone.'),
  role_id: roleId.optional(),
});
export const memberListReply = numberedListOf(
  member
    .extend({
      last_seen_at: seconds.describe(
        'When the member last used the console, to within five minutes; 0 = is signed in nowhere.',
      ),
    })
    .meta({ id: 'ListedMember' }),
);

export const memberInfoReply = member.extend({
  account_name: z.string(),
  account_email: z.string(),
  account_locale: z.string(),
  account_time_zone: z.string(),
  domain: z.string(),
});

export const memberNameMinChars = 2;
export const memberNameMaxChars = 39;
export const invitationsMax = 20;

const memberName = z.string().trim().min(memberNameMinChars).max(memberNameMaxChars);
const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('must be an email address'))
  .meta({ pattern: z.regexes.email.source, description: 'Stands once among the members.' });
const phonePattern = /^[0-9 +-]{0,32}$/;
const phone = z.string().regex(phonePattern, 'must have digits only');
const countryPattern = /^(|[A-Z]{2})$/;
const countryCode = z.string().regex(countryPattern, 'must be two capital letters');

const sender = z.string().max(64).optional().describe('Taken for compatibility, without effect.');

const invitation = z.object({
  member_name: memberName.optional().describe('The email up to its @ when left out.'),
  email,
  phone: phone.default(''),
  country_code: countryCode.default(''),
  role_ids: z.array(roleId).max(3).default([3]).describe('The highest of them counts.'),
  locale: locale.default('en-US'),
  time_zone: timeZone.default('UTC'),
  ref_id: refId.default(''),
});

export const memberInviteRequest = z.object({
  members: z.array(invitation).min(1).max(invitationsMax),
  from: sender,
});
export const memberInviteReply = z.object({
  items: z.array(z.object({ member_id: numberId, member_name: z.string() })),
});

export const memberUpdateRequest = z.object({ member_id: numberId, role });

/** One member, by whatever of theirs the caller knows; everything that is given has to fit. */
const identity = {
  member_id: numberId.optional(),
  member_name: z.string().trim().max(memberNameMaxChars).optional(),
  email: z.string().trim().toLowerCase().max(254).optional(),
  phone: z.string().trim().max(32).optional(),
  country_code: z.string().trim().max(8).optional().describe('Of the phone.'),
  ref_id: refId.optional(),
};

export const memberDeleteRequest = z
  .object({
    ...identity,
    is_force: z.boolean().optional().describe('Without effect: nothing that names a member keeps them.'),
  })
  .meta({ anyOf: Object.keys(identity).map((name) => ({ required: [name] })) });

/** What changes of a profile; an empty text changes nothing. */
export const memberUpdates = z.object({
  member_name: unlessEmpty(memberName),
  email: unlessEmpty(email),
  phone: unlessEmpty(phone),
  country_code: unlessEmpty(countryCode),
  locale: unlessEmpty(locale),
  time_zone: unlessEmpty(timeZone),
  ref_id: unlessEmpty(refId),
});
const updatable = Object.keys(memberUpdates.shape);

export const memberResetRequest = z
  .object({
    ...identity,
    from: sender,
    member_id: numberId.optional().describe("Whose profile changes; the caller's own when nothing says whose."),
    member_name: identity.member_name.describe('Beside `updates`: whose member is meant. Without it: the new name.'),
    locale: locale.optional().describe('Without `updates`.'),
    time_zone: timeZone.optional().describe('Without `updates`.'),
    updates: memberUpdates.optional().describe('What changes; an empty text changes nothing.'),
  })
  .describe(
    'With `updates`, the other fields say whose profile changes. Without, `member_id` does, and the other fields are what changes.',
  )
  .superRefine((input, context) => {
    if (input.updates !== undefined) return;
    const changes = memberUpdates.safeParse(input);
    for (const { path, message } of changes.error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  })
  .meta({
    anyOf: [
      ...updatable.map((name) => ({ required: [name], properties: { [name]: { minLength: 1 } } })),
      { required: ['updates'] },
    ],
    if: { not: { required: ['updates'] } },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema.
    then: {
      properties: {
        member_name: { minLength: memberNameMinChars },
        email: { pattern: z.regexes.email.source },
        phone: { pattern: phonePattern.source },
        country_code: { pattern: countryPattern.source },
      },
    },
  });

/** Typed clients write every text, also those that nobody has set. */
function unlessEmpty<Schema extends z.ZodType>(schema: Schema) {
  return z
    .literal('')
    .transform(() => undefined)
    .or(schema)
    .optional();
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const accountInfoReply = z.object({
  account_id: numberId,
  account_name: z.string(),
  domain: z.string().describe('Where the service is reached.'),
  email: z.string().describe('Of the oldest administrator.'),
  phone: z.string(),
  created_at: seconds,
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
