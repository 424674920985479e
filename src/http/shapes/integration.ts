import { z } from 'zod';
import { limitDefault, limitMax } from '../paging.ts';
import { description, listOf, numberId, numberIdOrNone, query, refId } from './fields.ts';
import { seconds } from './scalars.ts';

export const integrationNameMaxChars = 59;
export const integrationKeyMinChars = 16;
export const integrationKeyMaxChars = 128;

const name = z.string().trim().min(1).max(integrationNameMaxChars);
const type = z.enum(['standard', 'prometheus', 'grafana', 'n9e', 'pagerduty']);
const key = z
  .string()
  .min(integrationKeyMinChars)
  .max(integrationKeyMaxChars)
  .regex(/^[A-Za-z0-9_-]*$/, 'must have letters, digits, - and _ only')
  .describe('A key of your choice; a random one is made when it is left out.');

export const integrationCreateRequest = z.object({
  name,
  type,
  channel_id: numberIdOrNone.describe('Where its alerts go; 0 = a shared integration, without a channel of its own.'),
  description: description.optional(),
  team_id: numberIdOrNone.optional(),
  ref_id: refId.optional(),
  integration_key: key.optional(),
});
export const integrationCreateReply = z.object({
  integration_id: numberId,
  integration_key: z.string(),
  push_url: z.string(),
});

export const integration = z
  .object({
    integration_id: numberId,
    name: z.string(),
    type,
    description: z.string(),
    channel_id: z.int(),
    channel_name: z.string(),
    team_id: z.int(),
    status: z.enum(['enabled', 'disabled', 'deleted']),
    integration_key: z.string().describe('Masked for all but administrators.'),
    push_url: z.string().describe('Where its source posts to; the key in it is masked for all but administrators.'),
    ref_id: z.string(),
    last_event_at: seconds.describe('0 = never, or longer ago than history reaches.'),
    creator_id: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Integration' });

export const integrationListRequest = z.object({
  p: z.int().min(1).default(1),
  limit: z.int().min(1).max(limitMax).default(limitDefault),
  type: type.optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
  channel_id: numberIdOrNone.optional(),
  query: query.optional().describe('Part of the name or the description.'),
});
export const integrationListReply = listOf(integration);

export const integrationRequest = z.object({ integration_id: numberId });

export const integrationUpdateRequest = z.object({
  integration_id: numberId,
  name: name.optional(),
  description: description.optional(),
  channel_id: numberIdOrNone.optional(),
  team_id: numberIdOrNone.optional(),
  ref_id: refId.optional(),
  status: z.enum(['enabled', 'disabled']).optional().describe('A disabled integration takes nothing.'),
  integration_key: key.optional(),
});
