import { z } from 'zod';
import { limitDefault, limitMax, orZero, pageFields } from '../routes/paging.ts';
import { description, numberId, numberIdOrNone, query } from './fields.ts';
import { seconds } from './scalars.ts';
import { webhookChannelsMax, webhookCreateRequest } from './webhook.ts';

/** The type of incident webhooks in the older interface (contract 2.2). */
export const incidentWebhookPlugin = 302;

const plugin = z.literal(incidentWebhookPlugin, {
  error: `must be ${incidentWebhookPlugin}, an incident webhook; other webhooks are made with /webhook/create`,
});
const { name, endpoint, headers } = webhookCreateRequest.shape;

export const datasourceUpsertRequest = z.object({
  integration_id: numberIdOrNone.optional().describe('0 or absent makes one.'),
  team_id: numberIdOrNone.optional().describe('0 = no team.'),
  name,
  plugin_id: plugin,
  description: description.optional(),
  settings: z.object({
    channel_ids: z.array(numberId).max(webhookChannelsMax).default([]).describe('[] = all channels.'),
    endpoint,
    event_types: z.array(z.string()).max(64).describe('[] = all types.'),
    headers: headers.default({}),
  }),
});
export const datasourceUpsertReply = z.object({
  integration_id: numberId,
  integration_key: z.string().describe('Always empty: nobody pushes to a webhook.'),
});

export const datasource = z
  .object({
    integration_id: numberId,
    team_id: z.int(),
    name: z.string(),
    status: z.enum(['enabled', 'disabled', 'deleted']).describe('A paused webhook is enabled here.'),
    plugin_id: plugin,
    plugin_type: z.string(),
    plugin_type_name: z.string(),
    description: z.string(),
    integration_key: z.string(),
    settings: z.object({
      channel_ids: z.array(numberId),
      endpoint: z.string(),
      event_types: z.array(z.string()),
      headers: z.record(z.string(), z.string()).describe('The values are masked.'),
    }),
    creator_id: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Datasource' });

export const datasourceListRequest = z.object({
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  orderby: z.enum(['created_at', 'updated_at', 'name']).default('created_at'),
  asc: z.boolean().default(false),
  category: z
    .enum(['', 'event.alert', 'im', 'webhook', 'event.change', 'other'])
    .default('')
    .describe('Incident webhooks are of the category webhook; the others are empty here.'),
  plugin_type: z.string().default(''),
  status: z.enum(['', 'enabled', 'disabled']).default(''),
  name: query.default('').describe('Part of the name.'),
  is_my_team: z.boolean().default(false),
  team_ids: z.array(z.int().min(0)).max(100).default([]),
});
export const datasourceListReply = z.array(datasource);

export const datasourceDescRequest = z.object({ integration_id: numberId });
