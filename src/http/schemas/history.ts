import { z } from 'zod';
import { objectId } from './scalars.ts';
import { stepsMax } from '../../delivery/history/stats.ts';
import { reasons } from '../../delivery/store/outcome.ts';
import { limitDefault, limitMax, orZero } from '../routes/paging.ts';

/** Unix milliseconds: the history's window uses them (contract 3.1), and what looks into it. */
export const milliseconds = z
  .int()
  .min(1_000_000_000_000, 'must be Unix milliseconds')
  .max(9_999_999_999_999, 'must be Unix milliseconds');

export const states = [
  'pending',
  'sending',
  'retry_wait',
  'delivered',
  'failed',
  'unknown',
  'expired',
  'cancelled',
  'superseded',
] as const;
const state = z.enum(states);
const webhookType = z.enum(['incident', 'alert', 'custom_action']);

/** Unix milliseconds; 0 = not yet. */
const moment = z.int();

export const listHistory = z
  .object({
    start_time: milliseconds,
    end_time: milliseconds.describe('Unix milliseconds; later than start_time.'),
    limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
    search_after_ctx: z.string().nullish(),
    asc: z.boolean().default(false),
    orderby: z.literal('event_time').default('event_time'),
    ref_id: z.string().max(128).default('').describe('The id of an alert or incident.'),
    integration_id: z.int().min(0).default(0).describe('The webhook; 0 = all.'),
    event_types: z.array(z.string()).max(100).default([]),
    status: z.enum(['success', 'failed']).optional(),
    states: z
      .array(state)
      .max(states.length)
      .default([])
      .describe('Also what waits; [] = all that has been tried or has ended.'),
    reasons: z.array(z.enum(reasons)).max(reasons.length).default([]).describe('[] = whatever the reason.'),
    replay_id: z.string().max(64).default('').describe("Those that a replay made; '' = all."),
    push_id: z
      .string()
      .max(128)
      .default('')
      .describe('Of a push, as it says it: its webhook-id or its tocsin-delivery-id.'),
    record_ids: z.array(z.string().min(1).max(64)).max(limitMax).default([]).describe('Only these records; [] = all.'),
    webhook_types: z.array(webhookType).max(3).default([]).describe('[] = of all kinds of webhooks.'),
  })
  .refine((input) => input.end_time > input.start_time, {
    path: ['end_time'],
    message: 'must be later than start_time',
  });

const item = z
  .object({
    integration_id: z.int(),
    event_id: z.string().describe('Of this record; the push has its own event_id.'),
    webhook_type: z.string(),
    event_type: z.string(),
    channel_id: z.int().optional(),
    ref_id: z.string().optional(),
    ref_title: z.string().describe("The present title of the alert or incident; '' = it was removed."),
    endpoint: z.string(),
    attempt: z.int(),
    duration: z.int().describe('Milliseconds.'),
    status: z.enum(['success', 'failed']),
    status_code: z.int().describe('0 = there was no answer.'),
    error_message: z.string().optional(),
    event_time: z.string().describe('RFC 3339 with microseconds.'),
    state,
    reason: z.string().describe("Why the last attempt ended as it did; '' before there was one."),
    sequence: z.int().describe('Of the event, in the order of its alert or incident.'),
    generation: z.int().describe('0 = the first sending, and one more with each resend.'),
    push_event_id: z.string().describe('The event_id in the push, and its webhook-id.'),
    mode: z.enum(['at_most_once', 'at_least_once']),
    created_at: moment.describe('Unix milliseconds.'),
    finished_at: moment.describe('Unix milliseconds; 0 = it has not ended.'),
    due_at: moment.describe('Of the next attempt, Unix milliseconds; 0 = none is planned.'),
    attempts_left: z
      .int()
      .nullable()
      .describe(
        'Attempts that may still follow, by the present settings of the webhook; null = as many as go into its unsent_retry_seconds.',
      ),
    superseded_by: z
      .int()
      .describe(
        'Of a superseded one: the sequence of the next event that was sent, or will be, in its place; 0 = none.',
      ),
    behind: z
      .int()
      .describe('Of a waiting one: the sequence of the delivery to the same webhook that goes first; 0 = none.'),
    replay_id: z.string().optional().describe('The replay that made it.'),
    delivered_later: z
      .object({ event_id: z.string(), replay_id: z.string().describe("'' = it was a resend.") })
      .optional()
      .describe('Of one that ended without arriving: the record of the first later sending of its event that arrived.'),
  })
  .meta({ id: 'InvocationSummary' });

export const historyList = z.object({
  items: z.array(item),
  total: z.int(),
  search_after_ctx: z.string().describe('Empty when there is no further page.'),
});

export const historyRef = z.object({
  event_id: z.string().min(1).max(128).describe('Of the record, or of the event in the push.'),
  integration_id: z.int().min(1),
});

const ms = z.number().optional();
export const timing = z
  .object({
    dns: ms,
    connect: ms,
    tls: ms,
    wait: ms.describe('From the first byte of the request to the end of the response headers.'),
    body: ms,
    reused: z.boolean().describe('The connection was open already.'),
    address: z.string().describe("Of the receiver, or of the egress proxy; '' = there was no connection."),
  })
  .meta({ id: 'Timing' })
  .describe('Milliseconds of each phase that was reached; the last one may be cut.');

const attempt = z
  .object({
    attempt: z.int(),
    started_at: moment.describe('Unix milliseconds.'),
    duration_ms: z.int(),
    endpoint: z.string(),
    outcome: z.string(),
    reason: z.string(),
    maybe_sent: z.boolean().describe('The request left, at least in part: the receiver may have acted on it.'),
    status_code: z.int().describe('0 = there was no answer.'),
    error_message: z.string(),
    timing: timing.optional().describe('Not for the role viewer.'),
    request_headers: z.string(),
    request_body: z.string(),
    response_headers: z.string(),
    response_body: z.string(),
  })
  .meta({ id: 'Attempt' });

export const refIdsMax = 100;
export const pushSummaryRequest = z.object({
  ref_ids: z.array(objectId).min(1).max(refIdsMax).describe('Of alerts or incidents.'),
});
export const pushSummaryReply = z.object({
  items: z.array(
    z.object({
      ref_id: z.string(),
      delivered: z.int(),
      not_delivered: z.int().describe('Failed, unknown, expired or cancelled.'),
      waiting: z.int(),
    }),
  ),
});

export const historyDetail = item
  .extend({
    request_headers: z.string().optional(),
    request_body: z.string().optional(),
    response_headers: z.string().optional(),
    response_body: z.string().optional(),
    channel_name: z.string(),
    attempts: z.array(attempt).describe('Every request that was made for it, the first one first.'),
  })
  .meta({ id: 'Invocation' });

export const resent = z.object({ event_id: z.string().describe('Of the new record.') });

/** The longest span of one answer: 31 days. */
export const spanMaxMs = 31 * 86_400_000;
const count = z.int().min(0);
const counts = {
  delivered: count,
  failed: count,
  unknown: count,
  expired: count,
  cancelled: count,
  superseded: count,
};
const percentile = z.number().nullable();

export const statsRequest = z
  .object({
    integration_id: z.int().min(0).default(0).describe('The webhook; 0 = all.'),
    start_time: milliseconds,
    end_time: milliseconds.describe('Unix milliseconds; later than start_time, by 31 days at most.'),
    step_seconds: z
      .int()
      .min(1)
      .max(31 * 86_400)
      .optional()
      .describe(`At most ${stepsMax} steps; left out, the shortest that fits.`),
  })
  .superRefine((input, context) => {
    const spanMs = input.end_time - input.start_time;
    const fault = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (spanMs <= 0) return fault('end_time', 'must be later than start_time');
    if (spanMs > spanMaxMs) return fault('end_time', 'may be at most 31 days after start_time');
    const least = Math.ceil(spanMs / 1000 / stepsMax);
    if ((input.step_seconds ?? least) >= least) return;
    fault('step_seconds', `must be at least ${least} for this span: an answer has ${stepsMax} steps at most`);
  });

export const statsReply = z.object({
  buckets: z.array(
    z.object({
      t: z.int().describe('When it begins, Unix milliseconds; by the time of the events.'),
      ...counts,
      p50: percentile.describe('Milliseconds of the last attempts; null = nothing was tried.'),
      p95: percentile,
      p99: percentile,
    }),
  ),
  totals: z.object(counts),
  by_reason: z.array(z.object({ reason: z.string(), count })).describe('Of deliveries that did not arrive.'),
  waiting: count.describe('Now; exact below 10,000.'),
  behind: z.object({
    entities: count.describe('Alerts and incidents with pushes that wait.'),
    oldest_ms: count,
    by_severity: z.object({ Critical: count, Warning: count, Info: count }).describe('Of the pushes that wait.'),
  }),
});
