import { z } from 'zod';
import { role } from './member.ts';
import { numberId } from './fields.ts';
import { objectId, person, seconds } from './scalars.ts';

/** Longer than any password: a longer text is refused like any wrong one. */
const passwordTriedMaxChars = 512;
const linkTokenMaxChars = 1024;

export const sessionCreateRequest = z.object({
  email: z.string().trim().toLowerCase().min(1).max(254),
  password: z.string().min(1).max(passwordTriedMaxChars),
});
export const linkRedeemRequest = z.object({ token: z.string().min(1).max(linkTokenMaxChars) });

/** The session itself is in the cookie that comes with the answer. */
export const signedInReply = z.object({
  person,
  role,
  must_set_password: z.boolean().describe('There is no password yet: the next sign-in would need another link.'),
});

export const sessionInfoReply = z.object({
  person,
  role,
  account_name: z.string(),
  locale: z.string(),
  time_zone: z.string(),
  version: z.string(),
  history_days: z.int().describe('How long deliveries can be looked up.'),
  features: z
    .object({ filters: z.boolean(), templates: z.boolean(), rehearse: z.boolean(), replay: z.boolean() })
    .describe('What this version can do for webhooks.'),
  setup: z
    .object({ channel: z.boolean(), source: z.boolean(), webhook: z.boolean(), pushed: z.boolean() })
    .describe('What exists already: a channel, a source of alerts, a webhook, a push that was delivered.'),
});

export const session = z
  .object({
    session_id: z.string(),
    created_at: seconds,
    seen_at: seconds.describe('Of the last use, to within five minutes.'),
    expires_at: seconds.describe('Seven days after the last use, and at most thirty after the sign-in.'),
    address: z.string().describe('Where the sign-in came from.'),
    agent: z.string().describe('What the browser called itself.'),
    is_current: z.boolean().describe('The one that this call came by.'),
  })
  .meta({ id: 'Session' });
export const sessionListReply = z.object({ items: z.array(session), total: z.int() });

export const sessionRevokeRequest = z
  .object({
    session_id: objectId.optional(),
    all_others: z.boolean().optional().describe('Ends all of the caller but the one that this call came by.'),
  })
  .refine((input) => (input.session_id !== undefined) !== (input.all_others === true), {
    error: 'give either session_id or all_others: true',
  });

export const linkCreateRequest = z.object({ member_id: numberId });
export const linkCreateReply = z.object({
  url: z.string().describe('Signs in who opens it, once. Hand it over yourself: no mail is sent.'),
  expires_at: seconds,
});

export const passwordSetRequest = z.object({
  current_password: z
    .string()
    .max(passwordTriedMaxChars)
    .default('')
    .describe('Not needed in a session that began with a sign-in link.'),
  new_password: z
    .string()
    .max(passwordTriedMaxChars)
    .describe('12 to 128 characters, without the email, and not one that guessers try first.'),
});
