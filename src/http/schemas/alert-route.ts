import { z } from 'zod';
import { numberId } from './fields.ts';
import { condition, conditionsOf } from './filter.ts';
import { seconds } from './scalars.ts';

/** Limits that the contract does not name. */
export const routeCasesMax = 100;
/** Channels of one case, or of the default. */
export const routeChannelsMax = 50;
export const routeSectionsMax = 100;
export const routeIntegrationsMax = 100;
export const mappingLabelMaxChars = 135;

const channelIds = z.array(numberId).max(routeChannelsMax);
const section = z.object({
  name: z.string().max(100).default(''),
  position: z.int().min(0).max(routeCasesMax).default(0),
});

const routeCase = z
  .object({
    if: conditionsOf({ subject: 'event' }).nullish().describe('All must hold; none = every event.'),
    channel_ids: channelIds.nullish(),
    fallthrough: z.boolean().default(false).describe('The cases below are tried too, even after a hit.'),
    routing_mode: z.enum(['standard', 'name_mapping', '']).default('').describe('standard when left out.'),
    name_mapping_label: z
      .string()
      .max(mappingLabelMaxChars)
      .default('')
      .describe('The label whose value is the name of a channel, for routing_mode name_mapping.'),
  })
  .superRefine((one, context) => {
    if (one.routing_mode === 'name_mapping' && one.name_mapping_label.replace(/^labels\./, '') === '') {
      context.addIssue({ code: 'custom', path: ['name_mapping_label'], message: 'is required for name_mapping' });
    }
    if (one.routing_mode !== 'name_mapping' && (one.channel_ids ?? []).length === 0) {
      context.addIssue({ code: 'custom', path: ['channel_ids'], message: 'must name a channel' });
    }
  })
  .meta({
    anyOf: [
      {
        required: ['channel_ids'],
        properties: {
          channel_ids: { type: 'array', minItems: 1 },
          routing_mode: { enum: ['standard', ''] },
        },
      },
      {
        required: ['routing_mode', 'name_mapping_label'],
        properties: { routing_mode: { const: 'name_mapping' }, name_mapping_label: { minLength: 1 } },
      },
    ],
  });

export const routeUpsertRequest = z
  .object({
    integration_id: numberId,
    cases: z.array(routeCase).max(routeCasesMax).nullish().describe('Tried in order; the first hit ends the search.'),
    default: z.object({ channel_ids: channelIds.nullish() }).nullish().describe('Where goes what no case hits.'),
    sections: z.array(section).max(routeSectionsMax).nullish().describe('Kept as sent: how cases are shown in groups.'),
    version: z.int().min(0).optional().describe('The version that you have read; 0 = there was none.'),
  })
  .refine((route) => (route.cases ?? []).length > 0 || (route.default?.channel_ids ?? []).length > 0, {
    error: 'is required when there is no default with a channel',
    path: ['cases'],
  })
  .meta({
    anyOf: [
      { required: ['cases'], properties: { cases: { type: 'array', minItems: 1 } } },
      {
        required: ['default'],
        properties: {
          default: {
            type: 'object',
            required: ['channel_ids'],
            properties: { channel_ids: { type: 'array', minItems: 1 } },
          },
        },
      },
    ],
  });

export const routeRequest = z.object({ integration_id: numberId });
export const routeListRequest = z.object({ integration_ids: z.array(numberId).max(routeIntegrationsMax) });

export const route = z
  .object({
    integration_id: numberId,
    cases: z.array(
      z.object({
        if: z.array(condition),
        channel_ids: z.array(numberId),
        fallthrough: z.boolean(),
        routing_mode: z.enum(['standard', 'name_mapping', '']).describe('As it was sent.'),
        name_mapping_label: z.string(),
      }),
    ),
    default: z.object({ channel_ids: z.array(numberId) }).optional(),
    sections: z.array(z.object({ name: z.string(), position: z.int() })),
    status: z.literal('enabled'),
    version: z.int(),
    creator_id: z.int(),
    updated_by: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'AlertRoute' });
export const routeReply = route.describe('Without cases and with version 0 when the integration has no route.');
export const routeListReply = z.object({ items: z.array(route) });
