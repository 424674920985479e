import { z } from 'zod';
import { healthStates } from '../../delivery/history/webhook-health.ts';
import { limitDefault, limitMax, orZero, pageFields } from '../routes/paging.ts';
import { description, listOf, notYet, numberId, numberIdOrNone, query } from './fields.ts';
import { timing } from './history.ts';
import { seconds, objectId } from './scalars.ts';

export const webhookNameMaxChars = 59;
export const webhookChannelsMax = 1000;
export const timeoutMinMs = 100;
export const timeoutMaxMs = 30_000;
export const maxInFlightMax = 64;
export const overlapDefaultSeconds = 86_400;
export const overlapMaxSeconds = 604_800;

export const attemptsMax = 100;
/** 14 days. */
export const maxAgeMaxSeconds = 1_209_600;
export const rateMax = 10_000;
export const unsentRetryMaxSeconds = 60;

const deliveryMode = z.enum(['at_most_once', 'at_least_once']);
const type = z.enum(['incident', 'alert', 'custom_action']);
const name = z.string().trim().min(1).max(webhookNameMaxChars).describe('Stands once among the webhooks.');
const endpoint = z
  .string()
  .meta({ pattern: String.raw`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]` })
  .describe('A sound http:// or https:// URL of a host that may be reached; called as it is, query included.');

/** Refused, because zod would drop such a key in silence, and pushes would lack the header. */
const headers = z.preprocess(
  (value, context) => {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
      context.addIssue({ code: 'custom', message: '"__proto__" cannot be the name of a header', input: value });
    }
    return value;
  },
  z.record(z.string(), z.string()),
);

const settings = {
  description: description.optional(),
  team_id: numberIdOrNone.optional().describe('Who looks after it; 0 = no team.'),
  tls_verify: z.boolean().optional().describe('true when left out; false accepts any certificate.'),
  headers: headers
    .optional()
    .describe('Name to value, each name once whatever its case. The values are never shown again.'),
  channel_ids: z.array(numberId).max(webhookChannelsMax).optional().describe('[] = all channels.'),
  event_types: z.array(z.string()).max(64).optional().describe('[] = all types of its kind.'),
  timeout_ms: z
    .int()
    .min(timeoutMinMs)
    .max(timeoutMaxMs)
    .optional()
    .describe('From the dial to the end of the response headers; 1000 when left out.'),
  delivery_mode: deliveryMode
    .optional()
    .describe(
      'at_most_once when left out: one attempt. at_least_once: repeated until it is taken, or retry says stop.',
    ),
  order_policy: z
    .enum(['every', 'latest'])
    .optional()
    .describe(
      'Under at_least_once: each event in order, or a newer snapshot in place of older ones not delivered yet.',
    ),
  retry: z
    .object({
      max_attempts: z.int().min(1).max(attemptsMax).optional().describe('In all; 20 when left out.'),
      max_age_seconds: z.int().min(60).max(maxAgeMaxSeconds).optional().describe('Three days when left out.'),
      on: z
        .enum(['any', 'network_faults'])
        .optional()
        .describe('any when left out; network_faults: only where no answer came, once more after a moment.'),
    })
    .optional(),
  unsent_retry_seconds: z
    .int()
    .min(0)
    .max(unsentRetryMaxSeconds)
    .optional()
    .describe(
      'Under at_most_once: how long a push of which nothing was sent (name, connection, TLS) is tried again; 0 = not at all, 10 when left out.',
    ),
  rate_limit_per_second: z.int().min(0).max(rateMax).optional().describe('Requests that may begin; 0 = no limit.'),
  max_in_flight: z.int().min(1).max(maxInFlightMax).optional().describe('Requests at the same time; 32 when left out.'),
  signing: z.boolean().optional().describe('true when left out.'),
  secret: z.string().optional().describe('whsec_ and the base64 of 24 to 64 bytes; one is made when it is left out.'),
  filter: notYet('filters are not supported yet: leave it out'),
  body_template: notYet('custom bodies are not supported yet: leave it out'),
  value_mapping: notYet('value mappings are not supported yet: leave it out'),
};

export const webhookCreateRequest = z.object({ type, name, endpoint, ...settings });
export const webhookCreateReply = z.object({
  integration_id: numberId,
  secret: z.string().describe('Shown this once.'),
});

export const webhookUpdateRequest = z.object({
  integration_id: numberId,
  name: name.optional(),
  endpoint: endpoint.optional(),
  ...settings,
});

export const webhookRequest = z.object({ integration_id: numberId });

export const webhook = z
  .object({
    integration_id: numberId,
    type,
    name: z.string(),
    endpoint: z.string(),
    description: z.string(),
    team_id: z.int(),
    status: z.enum(['enabled', 'paused', 'disabled', 'deleted']),
    tls_verify: z.boolean(),
    headers: z.record(z.string(), z.string()).describe('The values are masked.'),
    channel_ids: z.array(numberId),
    event_types: z.array(z.string()),
    timeout_ms: z.int(),
    delivery_mode: deliveryMode,
    order_policy: z.enum(['every', 'latest']),
    retry: z.object({ max_attempts: z.int(), max_age_seconds: z.int(), on: z.enum(['any', 'network_faults']) }),
    unsent_retry_seconds: z.int(),
    rate_limit_per_second: z.int(),
    max_in_flight: z.int(),
    signing: z.boolean(),
    secret: z.string().describe('Masked.'),
    secrets: z
      .array(z.object({ secret: z.string(), expires_at: seconds }))
      .describe('Masked, the newest first; several while a rotation overlaps. expires_at 0 = does not.'),
    paused_at: seconds.describe('Since when it is paused; 0 = it is not, or was before this was kept.'),
    paused_by: z.int().describe('The person who paused it; 0 as for paused_at.'),
    creator_id: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Webhook' });

export const webhookListRequest = z.object({
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  search_after_ctx: pageFields.search_after_ctx,
  type: type.optional(),
  status: z.enum(['enabled', 'paused', 'disabled']).optional(),
  channel_id: numberId.optional().describe('Those that get the events of this channel.'),
  query: query.optional().describe('Part of the name, the description or the endpoint.'),
  state: z.enum(healthStates).optional().describe('Those whose health is this.'),
  orderby: z
    .enum(['created_at', 'trouble'])
    .default('created_at')
    .describe('trouble: failing, slow, delivering, idle, paused, disabled, and then by name.'),
});

export const webhookHealth = z
  .object({
    state: z
      .enum(healthStates)
      .describe(
        'failing: under 95 % of at least five pushes that ended in the last hour (of the newest 2,000 that ended), or closed; slow: 95 of 100 take more than 70 % of the timeout; idle: nothing in 24 hours.',
      ),
    success_rate: z.number().nullable().describe('Of what ended in the last 24 hours, 0 to 1; null = nothing did.'),
    p95_ms: z
      .number()
      .nullable()
      .describe('95 of 100 of the newest attempts ended within this; null = there are none.'),
    spark: z
      .array(z.object({ delivered: z.int(), failed: z.int() }))
      .length(24)
      .describe(
        'The last 24 hours by the hour of the event, the oldest first; of a busy webhook its newest 2,000 pushes.',
      ),
    waiting: z.int().describe('Exact below 10,000.'),
    behind: z.object({ entities: z.int(), oldest_ms: z.int() }).describe('Alerts and incidents with pushes that wait.'),
    last_success_at: z.int().describe('Unix milliseconds; 0 = not in the last 24 hours.'),
    last_failure: z
      .object({ at: z.int(), reason: z.string(), message: z.string().describe('Not for the role viewer.') })
      .nullable(),
    closed_until: z.int().describe('Unix milliseconds until which nothing is sent, as this node sees it; 0 = open.'),
  })
  .meta({ id: 'WebhookHealth' });
export const webhookListReply = listOf(webhook.extend({ health: webhookHealth }));

export const retriedReply = z.object({
  released: z.int().min(0).describe('Deliveries that waited for their next attempt.'),
});

export const cancelledReply = z.object({ cancelled: z.int().min(0).describe('Deliveries that waited.') });

/** A stored webhook, a stored one with changes, or a draft. */
export const draftFields = {
  integration_id: numberId.optional(),
  type: type.optional().describe('Of a draft.'),
  name: name.optional(),
  endpoint: endpoint.optional(),
  ...settings,
};

/** In place of a sample. */
export const objectNow = {
  incident_id: objectId
    .optional()
    .describe('This incident as it is now, in place of a sample; not for an alert webhook.'),
  alert_id: objectId.optional().describe('This alert as it is now, in place of a sample; only for an alert webhook.'),
};

export const webhookTestRequest = z
  .object({
    ...draftFields,
    event_type: z.string().optional().describe('The first of its kind when left out.'),
    ...objectNow,
  })
  .refine((input) => input.integration_id !== undefined || (input.type !== undefined && input.endpoint !== undefined), {
    error: 'say which webhook by integration_id, or describe one by type and endpoint',
  });

export const webhookTestReply = z.object({
  request: z.object({
    endpoint: z.string(),
    headers: z.record(z.string(), z.string()).describe('The values of custom headers are masked.'),
    body: z.string(),
  }),
  response: z
    .object({ status_code: z.int(), headers: z.record(z.string(), z.string()), body: z.string() })
    .optional()
    .describe('Absent when there was none.'),
  outcome: z.enum(['delivered', 'failed', 'unknown']),
  reason: z.string(),
  error_message: z.string(),
  duration_ms: z.number(),
  timing: timing.optional(),
});

export const secretRotateRequest = z.object({
  integration_id: numberId,
  overlap_seconds: z
    .int()
    .min(0)
    .max(overlapMaxSeconds)
    .default(overlapDefaultSeconds)
    .describe('How long the old secret goes on signing beside the new one.'),
});
export const secretRotateReply = z.object({ secret: z.string().describe('Shown this once.') });

export const egressInfoReply = z.object({
  source_addresses: z.array(z.string()).describe('Where pushes come from, as published by the operator.'),
  user_agent: z.string(),
  guard: z.object({
    private_addresses: z.enum(['refused', 'allowed_where_listed']),
    allowed: z.array(z.string()).describe('Networks and hosts that the operator allows beyond public ones.'),
  }),
});
